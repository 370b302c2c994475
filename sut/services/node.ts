/** What the Node services of a system have in common. */
import { fileURLToPath } from 'node:url';
import type { Program, ServiceContext } from '../../harness/stack/service.ts';

/** Node's own. */
export const INSPECTOR_PORT = 9229;

export const NODE_IMAGE = 'node:24.21.0-bookworm-slim';

/** The Node that runs us. */
export const node = (why: string): Program => ({
  command: process.execPath,
  why,
  packages: { apt: 'nodejs', dnf: 'nodejs', brew: 'node' },
});

/**
 * The arguments that start a file of ours, given as a path in the checkout. The inspector opens only when SIGUSR1 asks for
 * it, as in any Node process.
 */
export const nodeArgs =
  (file: string) =>
  ({ runtime, endpoint, ownPort }: ServiceContext): readonly string[] => [
    `--inspect-port=${endpoint.host}:${ownPort(INSPECTOR_PORT)}`,
    runtime === 'processes' ? inCheckout(file) : file,
  ];

/** Absolute. */
export const inCheckout = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
