import { describe, expect, it } from 'vitest';
import type { Fault, Proof } from './fault.ts';
import { PhaseFaults } from './faults.ts';
import type { EventOf, JournalEvent } from './journal.ts';
import type { Journal } from './journal-file.ts';
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

function phaseOf() {
  const events: JournalEvent[] = [];
  const journal: Journal = {
    path: '',
    failure: undefined,
    append: (event) => events.push(event),
    [Symbol.dispose]: () => {},
  };
  const noted = () => events.map((event) => event as EventOf<'fault'>);
  return {
    faults: new PhaseFaults(1, journal),
    states: () => noted().map(({ name, state }) => `${name} ${state}`),
    detail: (wanted: string) => noted().find(({ state }) => state === wanted)?.detail,
  };
}
interface Ways {
  readonly inject?: () => Promise<void>;
  readonly proof?: () => Promise<Proof>;
  readonly heal?: () => Promise<void>;
}
const fault = (name: string, { inject, proof, heal }: Ways = {}): Fault => ({
  name,
  description: `${name} is broken`,
  targets: [],
  inject: async () => {
    await inject?.();
    return { proof: proof ?? (() => Promise.resolve(seen(true))), heal: heal ?? (() => Promise.resolve()) };
  },
});
const seen = (held: boolean): Proof => ({ held, seen: '10 sessions wait', source: 'pg_stat_activity' });
const signal = new AbortController().signal;
const fails = (message: string) => () => Promise.reject(new Error(message));

describe('the faults of a phase', () => {
  it('are injected in order, proven, and healed in the reverse order', async () => {
    const { faults, states, detail } = phaseOf();
    await faults.inject([fault('a'), fault('b')], noStack, signal);
    expect(faults.proven).toBe(false);
    await faults.prove();
    expect(faults.proven).toBe(true);
    await faults.heal();
    expect(states()).toEqual([
      'a injecting',
      'a injected',
      'b injecting',
      'b injected',
      'a proven',
      'b proven',
      'b healing',
      'b healed',
      'a healing',
      'a healed',
    ]);
    expect(detail('proven')).toBe('10 sessions wait (pg_stat_activity)');
  });

  it('are asked for their proof until there is one, and not again', async () => {
    let asked = 0;
    const slow = fault('a', { proof: () => Promise.resolve(seen(++asked === 3)) });
    const { faults } = phaseOf();
    await faults.inject([slow], noStack, signal);
    for (let n = 0; n < 5; n++) await faults.prove();
    expect([asked, faults.proven]).toEqual([3, true]);
  });

  it('are unproven with what was last seen, when the proof never held or could not be had', async () => {
    for (const [proof, detail] of [
      [() => Promise.resolve(seen(false)), '10 sessions wait (pg_stat_activity)'],
      [fails('connection refused'), 'connection refused (the proof itself)'],
    ] as const) {
      const phase = phaseOf();
      await phase.faults.inject([fault('a', { proof })], noStack, signal);
      await phase.faults.prove();
      await phase.faults.heal();
      expect(phase.detail('unproven')).toBe(detail);
      expect(phase.states()).toContain('a healed');
    }
  });

  it('say what each saw itself, not what another did', async () => {
    const blind = fault('a', { proof: () => Promise.resolve({ held: false, seen: 'nothing', source: 'ps' }) });
    const phase = phaseOf();
    await phase.faults.inject([blind, fault('b')], noStack, signal);
    await phase.faults.prove();
    await phase.faults.heal();
    expect(phase.detail('unproven')).toBe('nothing (ps)');
  });

  it('that could not be injected name themselves; those before are healed all the same', async () => {
    const { faults, states } = phaseOf();
    const injecting = faults.inject(
      [fault('a'), fault('b', { inject: fails('no such table') }), fault('c')],
      noStack,
      signal,
    );
    await expect(injecting).rejects.toMatchObject({
      code: 'FAULT_FAILED',
      message: 'b could not be injected: no such table',
    });
    await faults.heal();
    expect(states().slice(-3)).toEqual(['a unproven', 'a healing', 'a healed']);
    expect(states()).not.toContain('c injecting');
  });

  it('are all healed although one cannot be, and healed only once', async () => {
    const { faults, states } = phaseOf();
    await faults.inject([fault('a'), fault('b', { heal: fails('it is gone') })], noStack, signal);
    await expect(faults.heal()).rejects.toMatchObject({
      code: 'FAULT_FAILED',
      message: expect.stringMatching(/could not be put back .*: b: it is gone$/),
    });
    expect(states()).toContain('b heal-failed');
    expect(states()).toContain('a healed');
    const before = states().length;
    await faults.heal();
    expect(states()).toHaveLength(before);
  });

  it('are proven where there are none', () => {
    expect(phaseOf().faults.proven).toBe(true);
  });
});
