/** Whether anything accepts connections there, asked of the network and not of the service. */
import { connect } from 'node:net';
import type { Endpoint } from '../harness/stack/service.ts';

const ANSWER_WITHIN_MS = 2_000;

/** 'open', or the error code of the attempt: 'ECONNREFUSED', 'ETIMEDOUT'. */
export function knock({ host, port }: Endpoint): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (result: string): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(ANSWER_WITHIN_MS, () => end('ETIMEDOUT'));
    socket.once('connect', () => end('open'));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}
