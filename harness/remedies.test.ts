import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { EventOf, JournalEvent } from './journal.ts';
import type { Journal } from './journal-file.ts';
import { applyRemedies } from './remedies.ts';
import type { Remedy } from './remedy.ts';
import type { Stack } from './stack/service.ts';

const noStack: Stack = {
  runtime: 'processes',
  services: [],
  service: () => {
    throw new Error('no services');
  },
  interceptor: () => {
    throw new Error('no links');
  },
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
const remedy = (name: string, apply: Remedy['apply']): Remedy => ({
  name,
  description: `${name}s`,
  targets: [],
  apply,
});
const good = (name: string, held = true) =>
  remedy(name, () => Promise.resolve({ held, seen: 'timeout is 300', source: 'GET /settings' }));

function applying(remedies: readonly Remedy[], signal = new AbortController().signal, withinMs = 5_000) {
  const events: EventOf<'remedy'>[] = [];
  const journal: Journal = {
    path: '',
    failure: undefined,
    append: (event: JournalEvent) => events.push(event as EventOf<'remedy'>),
    [Symbol.dispose]: () => {},
  };
  return { events, done: applyRemedies(remedies, { phase: 3, journal, stack: noStack, signal, withinMs }) };
}

describe('the remedies of a phase', () => {
  it('are applied in order, each with its evidence', async () => {
    const order: string[] = [];
    const slow = remedy('a', async () => {
      order.push('a begins');
      await sleep(20);
      order.push('a done');
      return { held: true, seen: 'timeout is 300', source: 'GET /settings' };
    });
    const next = remedy('b', async () => {
      order.push('b begins');
      return { held: true, seen: 'seen', source: 'there' };
    });
    const { events, done } = applying([slow, next]);
    await done;
    expect(order).toEqual(['a begins', 'a done', 'b begins']);
    expect(events.map(({ name, state }) => `${name} ${state}`)).toEqual(['a applied', 'b applied']);
    expect(events[0]).toMatchObject({
      ...{ type: 'remedy', phase: 3, name: 'a', description: 'as', state: 'applied' },
      ...{ seen: 'timeout is 300', source: 'GET /settings', ms: expect.any(Number) },
    });
  });

  it.each<[string, Remedy, string]>([
    ['rejects', remedy('a', () => Promise.reject(new Error('401'))), 'a could not be applied: 401'],
    [
      'throws at once',
      remedy('a', (stack) => Promise.reject(new Error(stack.service('app').name))),
      'a could not be applied: no services',
    ],
    [
      'does not take hold',
      good('a', false),
      'a could not be applied: it did not take hold: timeout is 300 (GET /settings)',
    ],
    ['never ends', remedy('a', () => new Promise(() => {})), 'a could not be applied: not done after 0.05 s'],
  ])('are in trouble where one %s, and those after it are not tried', async (_, bad, message) => {
    const { events, done } = applying([bad, good('b')], undefined, 50);
    await expect(done).rejects.toMatchObject({ code: 'REMEDY_FAILED', message });
    expect(events.map(({ name, state }) => `${name} ${state}`)).toEqual(['a failed']);
  });

  it('end quietly when the run is interrupted, before one or in the middle of it', async () => {
    const stop = new AbortController();
    const asked: string[] = [];
    const hanging = remedy('a', (_, signal) => {
      asked.push('a');
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    const deaf = remedy('a', () => new Promise(() => {}));
    for (const one of [hanging, deaf]) {
      const stopping = new AbortController();
      const { events, done } = applying([one, good('b')], stopping.signal);
      stopping.abort();
      await done;
      expect(events).toEqual([]);
    }
    stop.abort();
    const before = applying([hanging], stop.signal);
    await before.done;
    expect([before.events, asked]).toEqual([[], ['a']]);
  });
});
