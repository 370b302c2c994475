/** The load's own thread: loads the journey, runs the driver, reports ticks, and at the end the totals. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Driver } from './driver.ts';
import type { JourneyFunction, JourneyReference } from './journey.ts';
import { Tally } from './tally.ts';
import type { Assignment, Report } from './thread.ts';

const TICK_MS = 250;

const { plan, journey: reference, target } = workerData as Assignment;
const report = (message: Report): void => parentPort?.postMessage(message);

const tally = new Tally();
const driverTarget = { ...target, failed: (error: unknown) => report({ type: 'failed', error }) };
const driver = await drive();
tally.begins();
const ticking = setInterval(() => report({ type: 'tick', tick: tally.tick() }), TICK_MS);
report({ type: 'started' });

parentPort?.once('message', async () => {
  await driver.stop();
  clearInterval(ticking);
  report({ type: 'tick', tick: tally.tick() });
  report({ type: 'totals', totals: tally.totals() });
});

/** A driver's libraries are loaded where it drives: no load waits for another's. */
async function drive(): Promise<Driver> {
  switch (plan.driver) {
    case 'arrivals':
      return (await import('./arrivals.ts')).arrivals(plan, await load(reference), driverTarget, tally);
    case 'autocannon':
      return (await import('./autocannon.ts')).saturation(plan, await load(reference), driverTarget, tally);
    case 'k6':
      // The journey runs inside k6, which loads it itself.
      return (await import('./k6.ts')).k6(plan, reference, driverTarget, tally);
  }
}

async function load({ module, name }: JourneyReference): Promise<JourneyFunction> {
  const found: unknown = Reflect.get(await import(module), name);
  if (typeof found !== 'function') throw new Error(`${module} exports no journey called ${name}`);
  return found as JourneyFunction;
}
