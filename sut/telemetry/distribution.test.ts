import fc from 'fast-check';
import { Counter, Histogram, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { Distribution, kept } from './distribution.ts';

const BUCKETS = [0.005, 0.1, 1, 2.5];
const HELP = 'Time it took';

/** The same observations in a distribution of ours and in the library's own metrics. */
async function exposed(observations: readonly (readonly [status: string, seconds: number])[]) {
  const [ours, theirs] = [new Registry(), new Registry()];
  const distribution = new Distribution({ name: 'took_seconds', help: HELP, buckets: BUCKETS, registry: ours });
  distribution.countAs('done_total', 'Things done');
  const histogram = new Histogram({
    name: 'took_seconds',
    help: HELP,
    labelNames: ['handler', 'status'],
    buckets: BUCKETS,
    registers: [theirs],
  });
  const counter = new Counter({
    name: 'done_total',
    help: 'Things done',
    labelNames: ['handler', 'status'],
    registers: [theirs],
  });
  const series = new Map<string, ReturnType<Distribution['add']>>();
  for (const [status, seconds] of [['200', undefined] as const, ...observations]) {
    const labels = { handler: 'a "quoted" one', status };
    const one = kept(series, status, () => distribution.add(labels));
    if (seconds === undefined) {
      histogram.zero(labels);
      counter.inc(labels, 0);
    } else {
      one.observe(seconds);
      histogram.observe(labels, seconds);
      counter.inc(labels);
    }
  }
  return { ours: await ours.metrics(), theirs: await theirs.metrics(), json: await ours.getMetricsAsJSON() };
}

const observation = fc.tuple(
  fc.constantFrom('200', '409', '500'),
  fc.oneof(fc.constantFrom(...BUCKETS), fc.double({ min: 0, max: 10, noNaN: true })),
);

it('is exposed to the letter as the client library exposes the same observations', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(observation, { maxLength: 30 }), async (observations) => {
      const { ours, theirs } = await exposed(observations);
      expect(ours).toBe(theirs);
    }),
  );
});

it('is there at 0 before anything is observed', async () => {
  const { ours } = await exposed([]);
  expect(ours).toContain('took_seconds_count{handler="a \\"quoted\\" one",status="200"} 0');
  expect(ours).toContain('done_total{handler="a \\"quoted\\" one",status="200"} 0');
});

it('gives its values as objects too', async () => {
  const { json } = await exposed([['200', 0.2]]);
  const count = json.find(({ name }) => name === 'done_total')?.values[0];
  expect(count).toMatchObject({ labels: { handler: 'a "quoted" one', status: '200' }, value: 1 });
});

it('puts an observation on a bound into the bucket below it, and one beyond them all into +Inf alone', async () => {
  const { ours } = await exposed([
    ['200', 0.1],
    ['200', 99],
  ]);
  const bucket = (le: string) => new RegExp(`took_seconds_bucket\\{le="${le}",.*\\} (\\d+)`).exec(ours)?.[1];
  expect(['0.005', '0.1', '2.5', '\\+Inf'].map(bucket)).toEqual(['0', '1', '1', '2']);
});
