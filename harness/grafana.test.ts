/** Against a server that speaks Grafana's documented format: the real one is asked in runs with --with grafana. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { differenceOf, grafanaAt, judgeGrafana } from './grafana.ts';
import type { Point, Series } from './journal.ts';

const series = (labels: Record<string, string>, ...points: Point[]): Series => ({ labels, points });
const POINTS: Point[] = [
  [1_000, 1],
  [2_000, 2.5],
];
const checkout = series({ handler: 'checkout' }, ...POINTS);

describe('what Grafana draws', () => {
  let server: Server;
  let asked: { queries: { expr: string; intervalMs: number }[]; from: string; to: string };
  let answer: unknown;
  beforeEach(async () => {
    server = createServer(async (request, response) => {
      asked = JSON.parse(await text(request));
      response.writeHead(request.url === '/api/ds/query' ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => server.close());
  const grafana = () => grafanaAt({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });

  it('is read from its data frames, without the gaps', async () => {
    const fields = [
      { name: 'Time', type: 'time' },
      { name: 'Value', labels: { handler: 'checkout' }, type: 'number' },
    ];
    answer = {
      results: {
        A: {
          status: 200,
          frames: [
            {
              schema: { fields },
              data: {
                values: [
                  [1_000, 2_000, 3_000],
                  [1, 2.5, null],
                ],
              },
            },
          ],
        },
      },
    };
    expect(await grafana().range('up', 1_000, 3_000, 1_000)).toEqual([checkout]);
    expect(asked).toMatchObject({ from: '1000', to: '3000', queries: [{ expr: 'up', intervalMs: 1_000 }] });
  });

  it.each<[string, unknown]>([
    ['refuses the query', { results: { A: { error: 'parse error', status: 400 } } }],
    ['answers something else', { message: 'Unauthorized' }],
    ['answers nothing', { results: {} }],
  ])('is an error where it %s', async (_, what) => {
    answer = what;
    await expect(grafana().range('up{', 0, 1_000, 1_000)).rejects.toMatchObject({ code: 'PROMETHEUS_UNREACHABLE' });
  });
});

it.each<[string, readonly Series[], readonly Series[], string | undefined]>([
  ['the same', [checkout], [checkout], undefined],
  ['the same but for __name__', [checkout], [series({ __name__: 'x', handler: 'checkout' }, ...POINTS)], undefined],
  ['nothing at all', [], [], undefined],
  ['series without a point', [series({ handler: 'sale' })], [], undefined],
  [
    'an infinite value, which no frame can hold',
    [series({}, [1, 2])],
    [series({}, [1, 2], [2, Number.MAX_VALUE])],
    undefined,
  ],
  ['a rounding', [series({}, [1, 0.1 + 0.2])], [series({}, [1, 0.3])], undefined],
  ['a series less', [], [checkout], 'Grafana draws 0 series, Prometheus has 1'],
  ['other labels', [series({ handler: 'sale' }, ...POINTS)], [checkout], 'Grafana does not draw {handler="checkout"}'],
  [
    'a point less',
    [series({ handler: 'checkout' }, [1_000, 1])],
    [checkout],
    '{handler="checkout"} has 1 points in Grafana, 2 in Prometheus',
  ],
  [
    'another value',
    [series({ handler: 'checkout' }, [1_000, 1], [2_000, 3])],
    [checkout],
    '{handler="checkout"} is 3 in Grafana, 2.5 in Prometheus',
  ],
  ['another time', [series({}, [1_000, 1])], [series({}, [2_000, 1])], '{} is 1 in Grafana, 1 in Prometheus'],
])('%s', (_, theirs, ours, difference) => {
  expect(differenceOf(theirs, ours)).toBe(difference);
});

it.each<[string, Record<string, unknown> | undefined, string | undefined, string?]>([
  ['was not asked', undefined, undefined],
  ['agrees', { asked: 42, differences: [] }, 'held', '42 queries, all the same'],
  ['differs', { asked: 42, differences: ['a', 'b', 'c', 'd', 'e'] }, 'broken', 'a; b; c; and 2 more'],
  ['could not be asked', { failure: 'ECONNREFUSED' }, 'unknown', 'it could not be asked: ECONNREFUSED'],
  ['has no panels to ask about', { asked: 0, differences: [] }, 'unknown', 'it could not be asked: no queries'],
])('where Grafana %s', (_, facts, verdict, received) => {
  const [judgement] = judgeGrafana(facts);
  expect([judgement?.verdict, judgement?.received]).toEqual([verdict, received]);
});
