/** --keep: the stack stays up after the verdict, until Ctrl-C. */
import { once } from 'node:events';
import type { Stack } from '../harness/stack/service.ts';
import type { System } from '../harness/system.ts';

export async function keepUp(
  stack: Stack,
  system: System,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  if (signal.aborted) return;
  say('The stack stays up until Ctrl-C:');
  for (const { name, endpoint } of stack.services) {
    const url = system.services.find((service) => service.name === name)?.url?.(endpoint);
    say(`  ${name.padEnd(14)} ${url ?? `${endpoint.host}:${endpoint.port}`}`);
  }
  // A pending promise alone does not keep Node alive.
  const alive = setInterval(() => undefined, 60_000);
  await once(signal, 'abort');
  clearInterval(alive);
}
