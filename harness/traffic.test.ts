import { describe, expect, it } from 'vitest';
import type { JournalEvent } from './journal.ts';
import type { Load } from './load.ts';
import { totals } from './testing.ts';
import { Traffic } from './traffic.ts';

/** Loads that note what happens to them, in order, and the journal they wrote. */
function stage() {
  const notes: string[] = [];
  const events: JournalEvent[] = [];
  const load = (description: string, stop: () => Promise<void> = async () => {}): Load => ({
    driver: 'test',
    model: 'open',
    description,
    async start(_target, onTick) {
      notes.push(`${description} starts`);
      onTick({ ...NOTHING, at: 1 });
      return {
        brokeDown: new Promise(() => {}),
        async stop() {
          await stop();
          notes.push(`${description} drained`);
          return totals({ started: 1 });
        },
        async abandon() {
          notes.push(`${description} abandoned`);
        },
      };
    },
  });
  const journal = {
    path: '',
    failure: undefined,
    append: (event: JournalEvent) => events.push(event),
    [Symbol.dispose]: () => {},
  };
  const broken: unknown[] = [];
  const traffic = new Traffic({ url: '', seed: 1, speed: 1 }, journal, (error) => broken.push(error));
  return { notes, events, broken, load, traffic };
}
const NOTHING = {
  ...{ tickMs: 250, scheduled: 0, started: 0, dropped: 0, answered: 0, serverErrors: 0, unanswered: 0 },
  ...{ p50: null, p95: null, max: null },
};

describe('traffic', () => {
  it('lets a load that stays go on undisturbed, and drains one that goes before another begins', async () => {
    const { notes, load, traffic } = stage();
    const [buyers, shoppers, rush] = [load('buyers'), load('shoppers'), load('rush')];
    await traffic.use([buyers, shoppers]);
    await traffic.use([rush, buyers]);
    await traffic.use([rush, buyers]);
    expect(notes).toEqual(['buyers starts', 'shoppers starts', 'shoppers drained', 'rush starts']);
    await traffic.stop();
    expect(notes.slice(4).sort()).toEqual(['buyers drained', 'rush drained']);
    expect(traffic.totals).toHaveLength(3);
  });

  it('runs a load that is given twice once', async () => {
    const { notes, load, traffic } = stage();
    const buyers = load('buyers');
    await traffic.use([buyers, buyers]);
    expect(notes).toEqual(['buyers starts']);
  });

  it('says of every tick and every total whose it is', async () => {
    const { events, load, traffic } = stage();
    await traffic.use([load('buyers'), load('shoppers')]);
    await traffic.stop();
    const named = events.map((event) => ('description' in event ? `${event.type} ${event.description}` : event.type));
    expect(named.sort()).toEqual(['load buyers', 'load shoppers', 'load-total buyers', 'load-total shoppers']);
  });

  it('stops the others when one breaks down, keeps what they counted, and says so once', async () => {
    const { load, traffic, broken } = stage();
    await traffic.use([load('lost', () => Promise.reject(new Error('it broke'))), load('buyers')]);
    await traffic.stop();
    expect(broken).toEqual([new Error('it broke')]);
    expect(traffic.totals).toHaveLength(1);
  });

  it('stops a load that was still coming up when the end came', async () => {
    const { notes, load, traffic } = stage();
    const using = traffic.use([load('buyers')]);
    await traffic.stop();
    await using;
    expect(notes).toEqual(['buyers starts', 'buyers drained']);
  });

  it('abandons what takes longer than it is given', async () => {
    const { notes, load, traffic } = stage();
    await traffic.use([load('stuck', () => new Promise(() => {})), load('buyers')]);
    await traffic.stop(20);
    expect(notes.slice(2).sort()).toEqual(['buyers drained', 'stuck abandoned']);
    expect(traffic.totals).toHaveLength(1);
  });
});
