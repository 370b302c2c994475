import { describe, expect, it } from 'vitest';
import { Gate } from './gate.ts';

/** A gate of a k6 with 10 VUs, and how k6's script asks it. */
async function opened() {
  const gate = new Gate(10);
  const address = await gate.open();
  const ask = async (control: number, active: number, initialized: number) =>
    (await fetch(`${address}?control=${control}&active=${active}&initialized=${initialized}`)).text();
  let drained = false;
  void gate.drained.then(() => {
    drained = true;
  });
  return { gate, ask, isDrained: () => drained };
}

describe('the gate', () => {
  it('is reached when control asks for the first time, and tells how many VUs are in use', async () => {
    const { gate, ask } = await opened();
    await using _ = gate;
    expect(await ask(1, 4, 10)).toBe('open');
    await gate.reached;
    expect(gate.inUse).toBe(3);
  });

  it('is drained when another VU of control shows that it has closed, and none of the load is active', async () => {
    const { gate, ask, isDrained } = await opened();
    await using _ = gate;
    gate.close();
    expect(await ask(1, 1, 10)).toBe('closed');
    // Nobody of the load can know yet.
    expect(await ask(1, 1, 10)).toBe('closed');
    expect(isDrained()).toBe(false);
    // Two of the load are still under way.
    expect(await ask(2, 4, 11)).toBe('closed');
    await ask(1, 4, 11);
    expect([isDrained(), gate.inUse]).toEqual([false, 2]);
    await ask(2, 2, 11);
    expect(isDrained()).toBe(true);
    gate.end();
    expect(await ask(1, 2, 11)).toBe('end');
  });

  it('takes no VU for a sign that an open gate was asked with, by whomever', async () => {
    const { gate, ask, isDrained } = await opened();
    await using _ = gate;
    // An answer was late, k6 made a VU for it, and a VU of the load has asked about that.
    expect(await ask(0, 3, 11)).toBe('open');
    gate.close();
    await ask(1, 1, 11);
    await ask(1, 1, 11);
    expect(isDrained()).toBe(false);
    await ask(2, 2, 12);
    await ask(2, 2, 12);
    expect(isDrained()).toBe(true);
  });
});
