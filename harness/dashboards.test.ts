import { describe, expect, it } from 'vitest';
import { fillVariables, readDashboard } from './dashboards.ts';

const graph = (title: string, ...expr: string[]) => ({
  type: 'timeseries',
  title,
  targets: expr.map((one) => ({ expr: one, legendFormat: '{{code}}' })),
  fieldConfig: { defaults: { unit: 'reqps' } },
});
const read = (panels: unknown, templating?: unknown) =>
  readDashboard(JSON.stringify({ title: 'Shop', panels, templating }), 'shop.json');

describe('a dashboard', () => {
  it('has the panels of open and of collapsed rows, each with its row', () => {
    const panels = read([
      graph('Above', 'up'),
      { type: 'row', title: 'Traffic', panels: [] },
      graph('Requests', 'rate(x[1m])', 'rate(y[1m])'),
      { type: 'row', title: 'Pool', collapsed: true, panels: [graph('Connections', 'z')] },
    ]);
    expect(panels.map(({ row, panel }) => [row, panel])).toEqual([
      ['', 'Above'],
      ['Traffic', 'Requests'],
      ['Pool', 'Connections'],
    ]);
    expect(panels[1]).toMatchObject({
      dashboard: 'Shop',
      unit: 'reqps',
      queries: [
        { expr: 'rate(x[1m])', legend: '{{code}}' },
        { expr: 'rate(y[1m])', legend: '{{code}}' },
      ],
    });
  });

  it('leaves out panels that draw nothing, and queries without an expression', () => {
    expect(read([{ type: 'text', title: 'Read me' }])).toEqual([]);
    expect(read([{ type: 'stat', targets: [{ refId: 'A' }, { expr: '' }, { expr: 'up' }] }])).toMatchObject([
      { panel: '', unit: '', queries: [{ expr: 'up', legend: '' }] },
    ]);
  });

  it.each<[string, unknown, string]>([
    ['its saved value', { name: 'job', current: { value: 'app' } }, 'app'],
    ['several saved values', { name: 'job', current: { value: ['app', 'worker'] } }, 'app|worker'],
    ['everything, where nothing was saved', { name: 'job' }, '.*'],
    ['everything, where All was saved', { name: 'job', includeAll: true, current: { value: ['$__all'] } }, '.*'],
  ])('opens with each variable at %s', (_, variable, value) => {
    expect(read([graph('Requests', 'x')], { list: [variable] })[0]?.variables).toEqual({ job: value });
  });

  it.each([
    ['{', /^shop\.json is no Grafana dashboard: .*JSON/],
    ['{"title": "Shop"}', /^shop\.json is no Grafana dashboard: .*panels/s],
    ['[]', /^shop\.json is no Grafana dashboard/],
  ])('is refused as %s, with the file', (text, message) => {
    expect(() => readDashboard(text, 'shop.json')).toThrow(
      expect.objectContaining({ code: 'RULES_UNREADABLE', message: expect.stringMatching(message) }),
    );
  });
});

describe('the variables of a query', () => {
  it.each([
    ['rate(x[$__rate_interval])', 'rate(x[20s])'],
    [`rate(x[${'$'}{__rate_interval}])`, 'rate(x[20s])'],
    ['max_over_time(x[$__interval])', 'max_over_time(x[5s])'],
    ['increase(x[$__range])', 'increase(x[1h])'],
    ['x{job=~"$job"}', 'x{job=~"app"}'],
    [`x{job=~"${'$'}{job:regex}"}`, 'x{job=~"app"}'],
    ['label_replace(x, "a", "$1", "b", "(.*)")', 'label_replace(x, "a", "$1", "b", "(.*)")'],
    ['x{job="$unknown"}', 'x{job="$unknown"}'],
  ])('are filled in: %s', (expr, filled) => {
    expect(fillVariables(expr, { scrape: '5s', rate: '20s' }, { job: 'app' })).toBe(filled);
  });
});
