/** The webhook that Alertmanager notifies: what was delivered, and when, is the last step of detection. */
import { createServer } from 'node:http';
import { z } from 'zod';
import type { EventOf } from './journal.ts';
import type { Endpoint } from './stack/service.ts';

const webhook = z.object({
  receiver: z.string(),
  alerts: z.array(
    z.object({
      status: z.enum(['firing', 'resolved']),
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()),
    }),
  ),
});

export interface Receiver extends AsyncDisposable {
  readonly endpoint: Endpoint;
}

/** Where production's Alertmanager posts to; anything else is nobody. */
const ALERTS_PATH = '/alerts';

/** Listens on a free port of an address, by default loopback. What is no Alertmanager webhook is answered 400, which Alertmanager logs. */
export async function startReceiver(
  onNotification: (event: EventOf<'notification'>) => void,
  listen = '127.0.0.1',
): Promise<Receiver> {
  const server = createServer(async (request, response) => {
    if (request.url !== ALERTS_PATH) return void response.writeHead(404).end();
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const { receiver, alerts } = webhook.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
      const at = Date.now();
      for (const { status, labels, annotations } of alerts) {
        const alert = labels.alertname ?? '';
        onNotification({ type: 'notification', at, alert, status, labels, annotations, receiver });
      }
      response.end();
    } catch {
      response.writeHead(400).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, listen, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  return {
    endpoint: { host: listen, port: address.port },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
