import { describe, expect, it } from 'vitest';
import { constantRate, rampingRate } from '../schedule.ts';
import { explainExit } from './exit.ts';
import { droppedAt, parseStep } from './lines.ts';
import { lookedAt, optionsFor, ownMetric, statisticOf } from './options.ts';
import { MARK } from './orders.ts';
import { lossOf } from './outcome.ts';
import { reportOf } from './summary.ts';

describe('what k6 writes', () => {
  it('is a step or a defect after the mark, and nothing of ours without it', () => {
    expect(parseStep(`${MARK}[3,12,1,[],null,[]]`)).toEqual([3, 12, 1, [], null, []]);
    expect(parseStep(`${MARK}{"defect":"x","stack":""}`)).toEqual({ defect: 'x', stack: '' });
    expect(parseStep('Request Failed')).toBeUndefined();
  });

  it.each([
    ['dropped_iterations,1795577664037,1.000000,,,,,load,,,', 1_795_577_664_037],
    ['dropped_iterations,1795577664037,1.000000,,,,,control,,,', undefined],
    ['iterations,1795577664037,1.000000,,,,,load,,,', undefined],
    ['metric_name,timestamp,metric_value', undefined],
  ])('says in the row %s whether the load dropped an iteration', (row, at) => {
    expect(droppedAt(row)).toBe(at);
  });
});

describe('a request without a whole answer', () => {
  it.each([
    [200, 0, '', undefined],
    [404, 1404, '', undefined],
    [503, 1503, '', undefined],
    [0, 1212, 'dial: connection refused', 'ECONNREFUSED'],
    [0, 1220, 'read: connection reset by peer', 'ECONNRESET'],
    [0, 1000, 'EOF', 'ECONNRESET'],
    [200, 1000, 'unexpected EOF', 'ECONNRESET'],
    [0, 1050, 'request timeout', 'TIMEOUT'],
    [0, 1311, 'x509', 'K6_1311'],
  ])('of status %d and code %d is lost as %s %s', (status, code, error, loss) => {
    expect(lossOf(status, code, error)).toBe(loss);
  });
});

describe('k6’s options', () => {
  const load = (rate: ReturnType<typeof constantRate>) =>
    (optionsFor({ rate, capacity: 7, thresholds: {} }, 60) as { scenarios: { load: Record<string, unknown> } })
      .scenarios.load;

  it.each([
    ['80/s', 80, '1s'],
    ['0.5/s', 5, '10s'],
    ['90/m', 15, '10s'],
    ['10/m', 16_667, '100000s'],
  ] as const)('send %s as %d in %s, all VUs there from the beginning', (rate, whole, timeUnit) => {
    expect(load(constantRate(rate))).toMatchObject({
      executor: 'constant-arrival-rate',
      rate: whole,
      timeUnit,
      preAllocatedVUs: 7,
      maxVUs: 7,
    });
  });

  it('ramp in stages as long as the speed makes them, and keep the last rate', () => {
    expect(
      load(
        rampingRate(
          [
            { to: '40/s', over: '2m' },
            { to: '2.5/s', over: '0s' },
          ],
          '10/s',
        ),
      ),
    ).toMatchObject({
      executor: 'ramping-arrival-rate',
      startRate: 100,
      timeUnit: '10s',
      stages: [
        { target: 400, duration: '2000ms' },
        { target: 25, duration: '0ms' },
        { target: 25, duration: '24h' },
      ],
    });
  });

  it.each([
    ['http_req_duration', 'http_req_duration{firedrill:load}'],
    ['http_req_duration{handler:sale}', 'http_req_duration{handler:sale,firedrill:load}'],
    ['dropped_iterations', 'dropped_iterations{scenario:load}'],
    ['vus', 'vus'],
  ])('look at %s of the load alone: %s', (name, own) => {
    expect(ownMetric(name)).toBe(own);
  });

  it.each([
    ['p(99.9)<500', 'p(99.9)', ['p(99.9)']],
    ['rate<=0.01', 'rate', []],
    ['fast', '', []],
  ])('know what the limit %s looks at', (limit, name, statistics) => {
    expect(lookedAt(limit)).toBe(name);
    expect(statisticOf(limit)).toEqual(statistics);
  });
});

it('k6 that came to no summary leaves its thresholds undecided', () => {
  const thresholds = { http_req_duration: ['p(95)<500'] };
  expect(reportOf('k6 2.2.0', { thresholds, vusInUse: 3 }, undefined)).toEqual({
    program: 'k6 2.2.0',
    figures: [{ name: 'VUs in use, at most', value: 3, unit: '' }],
    thresholds: [{ metric: 'http_req_duration', limit: 'p(95)<500', value: null, held: null }],
  });
});

it.each([
  [107, ['boom'], /^k6 ended by itself \(exit code 107: the script threw\)\. Its last words:\n {2}\| boom$/],
  [104, [], /^k6 ended by itself \(exit code 104: its options are not valid\)$/],
  ['SIGKILL', [], /\(SIGKILL\)$/],
  [3, [], /\(exit code 3\)$/],
])('an end with %s is explained', (how, words, text) => {
  expect(explainExit(how, words)).toMatch(text);
});
