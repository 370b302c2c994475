import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  createClock,
  prometheusFlags,
  scaleAlertmanagerConfig,
  scalePrometheusConfig,
  scalePromql,
  scaleRuleFile,
} from './clock.ts';
import { inspectPromql } from './promql.ts';
import { duration } from './units.ts';

const at60 = createClock(60);
const at1 = createClock(1);

describe('a clock', () => {
  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 301])('refuses speed %s as an option', (speed) => {
    expect(() => createClock(speed)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
  });

  it('takes scenario time to real time and back', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 300, noNaN: true }), fc.nat(), (speed, ms) => {
        const clock = createClock(speed);
        expect(clock.scenario(clock.real(ms))).toBeCloseTo(ms, 3);
      }),
    );
  });

  it('never scrapes or evaluates closer than 200 ms, and leaves production intervals alone at speed 1', () => {
    expect([at60.scrape(5_000), at60.scrape(60_000), at60.evaluation(15_000)]).toEqual([200, 1_000, 250]);
    expect([at1.scrape(50), at1.evaluation(15_000)]).toEqual([50, 15_000]);
  });

  it('scales what Prometheus itself waits for, with a lookback of four scrapes at the least', () => {
    expect(prometheusFlags(at60)).toEqual([
      '--query.lookback-delta=5s',
      '--rules.alert.resend-delay=1s',
      '--rules.alert.for-grace-period=10s',
      '--rules.alert.for-outage-tolerance=1m',
    ]);
    expect(prometheusFlags(createClock(300))[0]).toBe('--query.lookback-delta=1s');
    expect(prometheusFlags(at1)).toEqual([]);
  });
});

describe('PromQL at speed 60', () => {
  it.each([
    ['a rate', 'sum(rate(x{a="5m"}[5m]))', 'sum(rate(x{a="5m"}[5s]))'],
    ['a range in several units', 'rate(x[1h30m])', 'rate(x[1m30s])'],
    ['a range in bare seconds', 'rate(x[300])', 'rate(x[5s])'],
    ['offsets of both signs', 'x offset 1m / y offset -2m', 'x offset 1s / y offset -2s'],
    ['an offset of nothing', 'x offset 0s', 'x offset 0s'],
    ['a subquery and its step', 'max_over_time(rate(x[1m])[1h:2m])', 'max_over_time(rate(x[1s])[1m:2s])'],
    ['a subquery with the default step', 'max_over_time(x[1h:])', 'max_over_time(x[1m:])'],
    ['an increase, multiplied back', 'increase(x[5m]) > 3', '(increase(x[5s]) * 60) > 3'],
    [
      'an increase inside a subquery',
      'max_over_time(increase(x[5m])[1h:1m])',
      'max_over_time((increase(x[5s]) * 60)[1m:1s])',
    ],
    ['a horizon', 'predict_linear(x[1h], 4 * 3600) < 0', 'predict_linear(x[1m], ((4 * 3600) / 60)) < 0'],
    [
      'an age',
      'time() - job_last_success_timestamp_seconds > 300',
      '((time() - job_last_success_timestamp_seconds) * 60) > 300',
    ],
    ['an age by timestamp()', 'time() - max(timestamp(x)) > 300', '((time() - max(timestamp(x))) * 60) > 300'],
    [
      'an age of the newest of several',
      'time() - max by (job) (last_over_time(a_timestamp_seconds[5m]))',
      '((time() - max by (job) (last_over_time(a_timestamp_seconds[5s]))) * 60)',
    ],
    ['changes compared with nothing', 'sum(changes(x[15m])) > 0', 'sum(changes(x[15s])) > 0'],
    ['nothing compared with resets', '0 < resets(x[15m])', '0 < resets(x[15s])'],
    ['a count of steps', 'count_over_time((x > 1)[1h:1m])', 'count_over_time((x > 1)[1m:1s])'],
    ['a comparison of rates over time', 'rate(x[5m]) - rate(x[5m] offset 1h)', 'rate(x[5s]) - rate(x[5s] offset 1m)'],
    ['thresholds and comments', 'x > 300 # [5m]', 'x > 300 # [5m]'],
    ['several lines', 'rate(x[5m])\n  / on (job)\nrate(y[5m])\n', 'rate(x[5s])\n  / on (job)\nrate(y[5s])\n'],
  ])('carries over %s', (_, production, scaled) => {
    expect(scalePromql(production, 60, 'r.yml:1')).toBe(scaled);
  });

  it.each([
    ['count_over_time(x[5m]) > 3', /count_over_time\(\) counts samples/],
    ['sum_over_time(x[5m])', /sum_over_time\(\) counts samples/],
    ['changes(x[5m]) > 2', /changes\(\)/],
    ['resets(x[5m:])', /resets\(\)/],
    ['delta(x[5m]) > 100', /delta\(\) measures a movement/],
    ['idelta(x[5m])', /idelta\(\)/],
    ['x - x offset 5m > 3', /difference to an earlier value/],
    ['sum(x) - sum(x offset 5m) > 3', /difference to an earlier value/],
    ['time() - a_timestamp_seconds offset 5m', /an age with an offset/],
    ['time() > 5', /time\(\) gives a moment/],
    ['time() - uptime', /time\(\) gives a moment/],
    ['timestamp(x) > 5', /timestamp\(\) gives a moment/],
    ['hour() > 8', /hour\(\) reads the calendar/],
    ['day_of_week(x) == 0', /day_of_week\(\) reads the calendar/],
    ['x @ 1700000000', /the @ modifier/],
    ['x @ end()', /the @ modifier/],
    ['rate(x[5m * 2])', /a computed duration/],
    ['predict_linear(x[1h], y)', /horizon that is no constant/],
  ])('refuses %s by name, with the highest sound speed', (expr, construct) => {
    const scale = () => scalePromql(expr, 60, 'rules/a.yml:7');
    expect(scale).toThrow(expect.objectContaining({ code: 'CLOCK_UNSOUND' }));
    expect(scale).toThrow(construct);
    expect(scale).toThrow(/^rules\/a\.yml:7: .*highest sound speed is 1\.$/);
    expect(scalePromql(expr, 1, 'rules/a.yml:7')).toBe(expr);
  });

  it('knows the speed up to which a short range still is one', () => {
    expect(() => scalePromql('rate(x[30ms])', 60, 'r.yml:1')).toThrow(/highest sound speed is 30\.$/);
    expect(scalePromql('rate(x[30ms])', 30, 'r.yml:1')).toBe('rate(x[1ms])');
  });
});

/** Random expressions made only of what a faster clock carries over. */
const minutes = fc.integer({ min: 1, max: 600 }).map((n) => duration(n * 60_000));
const selector = fc.constantFrom('up', 'http_requests_total{code=~"5..|[2m]"}', '{__name__="a:b:rate5m"}');
const expressions = fc.letrec<{ vector: string }>((tie) => ({
  vector: fc.oneof(
    { maxDepth: 4 },
    selector,
    fc
      .tuple(fc.constantFrom('rate', 'increase', 'avg_over_time', 'last_over_time', 'deriv'), selector, minutes)
      .map(([f, s, d]) => `${f}(${s}[${d}])`),
    fc.tuple(selector, minutes).map(([s, d]) => `(${s} offset ${d})`),
    fc.tuple(tie('vector'), minutes, minutes).map(([v, d, s]) => `max_over_time((${v})[${d}:${s}])`),
    fc
      .tuple(tie('vector'), fc.constantFrom('+', '/', '>', 'and', 'or'), tie('vector'))
      .map(([a, o, b]) => `(${a}) ${o} (${b})`),
    tie('vector').map((v) => `sum by (job) (${v})`),
  ),
})).vector;

describe('any sound expression', () => {
  it('is unchanged at speed 1, byte for byte', () => {
    fc.assert(
      fc.property(expressions, (expr) => {
        expect(scalePromql(expr, 1, 'x')).toBe(expr);
      }),
    );
  });

  it('selects the same series at any speed, over ranges that are shorter by the speed', () => {
    fc.assert(
      fc.property(expressions, fc.integer({ min: 2, max: 300 }), (expr, speed) => {
        const production = inspectPromql(expr, 'x');
        const scaled = inspectPromql(scalePromql(expr, speed, 'x'), 'x');
        expect(scaled.selectors).toEqual(production.selectors);
        expect(scaled.ranges.map(({ fn }) => fn)).toEqual(production.ranges.map(({ fn }) => fn));
        for (const [i, range] of scaled.ranges.entries()) {
          expect(Math.abs(range.ms - (production.ranges[i]?.ms ?? 0) / speed)).toBeLessThanOrEqual(0.5);
        }
      }),
    );
  });

  it('comes out the same in one step as in two', () => {
    fc.assert(
      fc.property(expressions, (expr) => {
        const factors = (text: string): string => text.replace(/\(\((increase\([^)]*\)) \* 12\) \* 5\)/g, '($1 * 60)');
        expect(factors(scalePromql(scalePromql(expr, 5, 'x'), 12, 'x'))).toBe(factors(scalePromql(expr, 60, 'x')));
      }),
    );
  });
});

const RULES = `
groups:
  - name: a
    interval: 15s
    rules:
      - record: job:x:rate1m
        expr: rate(x[1m])
      - alert: Down
        expr: |
          # a comment
          max_over_time(up[2m]) == 0
        for: 5m
        keep_firing_for: 10m
        labels: { severity: "yes" }
        annotations: { summary: 'down for 5m' }
`;

describe('a rule file', () => {
  it('is scaled in every duration and in nothing else', () => {
    expect(parse(scaleRuleFile(RULES, at60, 'r.yml'))).toEqual({
      groups: [
        {
          name: 'a',
          interval: '250ms',
          rules: [
            { record: 'job:x:rate1m', expr: 'rate(x[1s])' },
            {
              alert: 'Down',
              expr: '# a comment\nmax_over_time(up[2s]) == 0\n',
              for: '5s',
              keep_firing_for: '10s',
              labels: { severity: 'yes' },
              annotations: { summary: 'down for 5m' },
            },
          ],
        },
      ],
    });
    expect(scaleRuleFile(RULES, at60, 'r.yml')).toContain('severity: "yes"');
  });

  it('is untouched at speed 1', () => expect(scaleRuleFile(RULES, at1, 'r.yml')).toBe(RULES));

  it('may share durations by anchors: each is scaled once', () => {
    const shared = 'groups: [{name: a, rules: [{alert: A, expr: up, for: &d 5m}, {alert: B, expr: up, for: *d}]}]';
    expect(scaleRuleFile(shared, at60, 'r.yml').match(/for: 5s/g)).toHaveLength(2);
  });

  it.each([
    ['broken YAML', 'groups:\n  - name: a\n   rules: [', /^r\.yml:[23]: expected YAML/],
    ['no groups', 'rules: []', /^r\.yml:1: groups: expected a list of rule groups/],
    ['nothing at all', '', /^r\.yml:1: the file: expected a rule file/],
    [
      'a malformed duration',
      RULES.replace('for: 5m', 'for: 5 min'),
      /^r\.yml:12: groups\.0\.rules\.1\.for: expected a duration .*got '5 min'/,
    ],
    ['a fraction', RULES.replace('for: 5m', 'for: 1.5h'), /^r\.yml:12: .*got '1\.5h'/],
    ['units out of order', RULES.replace('for: 5m', 'for: 5m1h'), /^r\.yml:12: /],
    ['an interval of nothing', RULES.replace('15s', '0s'), /^r\.yml:4: .*longer than nothing/],
    ['a rule without a name', 'groups: [{name: a, rules: [{expr: up}]}]', /^r\.yml:1: .*either 'alert' or 'record'/],
    ['a rule without an expression', 'groups:\n- name: a\n  rules:\n  - alert: A', /^r\.yml:4: .*PromQL expression/],
    [
      'broken PromQL',
      RULES.replace('up[2m]) ==', 'up[2m] =='),
      /^r\.yml:9, alert Down: expected ',' or '\)', found .* at line 2, column \d+ of/,
    ],
    [
      'a range left open',
      RULES.replace('[1m]', '[1m'),
      /^r\.yml:7, record job:x:rate1m: expected a duration such as 5m and '\]'/,
    ],
    [
      'an unknown function',
      RULES.replace('rate(x', 'rat(x'),
      /expected an operator after rat, which is no known function/,
    ],
    ['a rate of no range', RULES.replace('x[1m]', 'x'), /expected a range such as \[5m\] inside rate\(\)/],
    [
      'a range without a function',
      RULES.replace('rate(x[1m])', 'x[1m]'),
      /expected a single value per series, found a range/,
    ],
    ['an unclosed string', RULES.replace('up[2m]', 'up{a="b}[2m]'), /closing quote/],
  ])('with %s is refused with file and line', (_, text, message) => {
    for (const clock of [at1, at60]) {
      expect(() => scaleRuleFile(text, clock, 'r.yml')).toThrow(expect.objectContaining({ code: 'RULES_UNREADABLE' }));
      expect(() => scaleRuleFile(text, clock, 'r.yml')).toThrow(message);
    }
  });

  it('with a query inside a template is refused above speed 1', () => {
    const text = RULES.replace('down for 5m', '{{ with query "rate(x[5m])" }}{{ end }}');
    expect(() => scaleRuleFile(text, at60, 'r.yml')).toThrow(expect.objectContaining({ code: 'CLOCK_UNSOUND' }));
    expect(scaleRuleFile(text, at1, 'r.yml')).toBe(text);
  });
});

describe('prometheus.yml', () => {
  it('is scaled per job, its defaults written out, timeouts kept within their interval', () => {
    const text =
      'global: {evaluation_interval: 15s}\nscrape_configs:\n- job_name: a\n  scrape_interval: 5s\n  scrape_timeout: 4s\n- job_name: b\n';
    expect(parse(scalePrometheusConfig(text, at60, 'p.yml'))).toEqual({
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '250ms' },
      scrape_configs: [
        { job_name: 'a', scrape_interval: '200ms', scrape_timeout: '200ms' },
        { job_name: 'b', scrape_interval: '1s', scrape_timeout: '1s' },
      ],
    });
    expect(scalePrometheusConfig(text, at1, 'p.yml')).toBe(text);
  });

  it('with a malformed interval is refused with file and line', () => {
    const text = 'scrape_configs:\n- job_name: a\n  scrape_interval: often\n';
    expect(() => scalePrometheusConfig(text, at60, 'p.yml')).toThrow(
      /^p\.yml:3: scrape_configs\.0\.scrape_interval: .*often/,
    );
  });
});

describe('alertmanager.yml', () => {
  it('is scaled in every nested route, its defaults written out', () => {
    const text =
      'route:\n  receiver: r\n  routes:\n  - group_wait: 10s\n    routes:\n    - repeat_interval: 3h\nreceivers: [{name: r}]\n';
    expect(parse(scaleAlertmanagerConfig(text, at60, 'a.yml'))).toEqual({
      global: { resolve_timeout: '5s' },
      route: {
        receiver: 'r',
        group_wait: '500ms',
        group_interval: '5s',
        repeat_interval: '4m',
        routes: [{ group_wait: '167ms', routes: [{ repeat_interval: '3m' }] }],
      },
      receivers: [{ name: 'r' }],
    });
    expect(scaleAlertmanagerConfig(text, at1, 'a.yml')).toBe(text);
  });

  it('that mutes by the time of day is refused with its line', () => {
    const text = 'route:\n  routes:\n  - mute_time_intervals: [nights]\n';
    expect(() => scaleAlertmanagerConfig(text, at60, 'a.yml')).toThrow(
      /^a\.yml:3: mute_time_intervals follows the time of day/,
    );
  });
});
