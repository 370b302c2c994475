/** How a service of ours lives: it waits for what it needs, listens, and ends after the requests under way. */
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from './logger.ts';

const BOOT_RETRY_MS = 500;

/** Aborts at the first SIGTERM or SIGINT, with the signal as its reason. SIGUSR1 stays Node's own. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => controller.abort(signal));
  }
  return controller.signal;
}

/** Tries until it succeeds (true) or the signal aborts (false). */
export async function retryUntil(signal: AbortSignal, logger: Logger, attempt: () => Promise<void>): Promise<boolean> {
  while (!signal.aborted) {
    try {
      await attempt();
      return true;
    } catch (error) {
      logger.error({ err: error }, 'cannot start yet, trying again');
      await sleep(BOOT_RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }
  return false;
}

/** Resolves once the server listens; rejects where it cannot. */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 4096 }, resolve);
  });
}

/** Resolves with the reason once the signal aborts. */
export function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });
}

/** Takes no more connections and waits for the requests under way; after `timeoutMs` they are cut off. */
export async function drain(server: Server, timeoutMs: number, logger: Logger): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  // Kept-alive connections become idle one by one as their answers go out.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const deadline = setTimeout(() => {
    logger.warn('requests did not finish in time and are cut off');
    server.closeAllConnections();
  }, timeoutMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(deadline);
}
