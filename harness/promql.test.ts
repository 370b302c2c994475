import { describe, expect, it } from 'vitest';
import { inspectPromql, readRules } from './promql.ts';

describe('the facts of an expression', () => {
  it('name what is selected and over which ranges', () => {
    expect(
      inspectPromql('sum(rate(a{b="c"}[5m])) / max_over_time(d:e[1h:1m]) + {__name__="f"} + {g=~".+"}', 'x'),
    ).toEqual({
      metrics: ['a', 'd:e', 'f'],
      selectors: [
        { metric: 'a', text: 'a{b="c"}' },
        { metric: 'd:e', text: 'd:e' },
        { metric: 'f', text: '{__name__="f"}' },
        { metric: '', text: '{g=~".+"}' },
      ],
      ranges: [
        { fn: 'rate', ms: 300_000, selector: 'a{b="c"}' },
        { fn: 'max_over_time', ms: 3_600_000, selector: 'd:e' },
      ],
      reactionRangeMs: 3_600_000,
    });
  });

  it.each([
    ['up', 0],
    ['last_over_time(x[5m]) > 1', 0],
    ['irate(x[5m]) > 1', 0],
    ['rate(x[2m]) / rate(y[5m])', 300_000],
    ['max_over_time(x[1m]) == 0', 60_000],
    ['max_over_time(x[1m]) > 3', 0],
    ['3 < max(max_over_time(x[1m]))', 0],
    ['min_over_time(x[1m]) > 3', 60_000],
    ['min_over_time(x[1m]) < 3', 0],
    ['avg_over_time(rate(x[2m])[10m:1m])', 720_000],
    ['last_over_time(rate(x[2m])[10m:1m])', 120_000],
    ['rate(x[5m] offset 1h)', 300_000],
  ])('%s reacts within %i ms of its inputs', (expr, ms) => {
    expect(inspectPromql(expr, 'x').reactionRangeMs).toBe(ms);
  });

  it('cannot be had of broken PromQL', () => {
    expect(() => inspectPromql('sum(', 'a.yml:3')).toThrow(/^a\.yml:3: /);
    expect(() => inspectPromql('', 'a.yml:3')).toThrow(/expected an expression, found nothing/);
  });
});

describe('reading rules', () => {
  it('gives alerts and recorded metrics with their waits and places', () => {
    const text = `groups:
- name: fast
  interval: 5s
  rules:
  - record: a:b:c
    expr: rate(x[1m])
- name: slow
  rules:
  - alert: A
    expr: a:b:c > 1
    for: 2m
    labels: { severity: page }
    annotations: { summary: it is high }
`;
    expect(readRules([{ path: 'r.yml', text }], 15_000)).toEqual({
      recordings: [
        {
          record: 'a:b:c',
          expr: 'rate(x[1m])',
          labels: {},
          group: 'fast',
          evaluationMs: 5_000,
          file: 'r.yml',
          line: 5,
        },
      ],
      alerts: [
        {
          name: 'A',
          expr: 'a:b:c > 1',
          forMs: 120_000,
          keepFiringForMs: 0,
          severity: 'page',
          summary: 'it is high',
          labels: { severity: 'page' },
          annotations: { summary: 'it is high' },
          group: 'slow',
          evaluationMs: 15_000,
          file: 'r.yml',
          line: 9,
        },
      ],
    });
  });

  it('refuses a broken expression with file and line', () => {
    const text = 'groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up ==\n';
    expect(() => readRules([{ path: 'r.yml', text }], 1)).toThrow(/^r\.yml:5, alert A: expected/);
  });
});
