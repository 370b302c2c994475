import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventOf } from './journal.ts';
import { type Receiver, startReceiver } from './receiver.ts';

let receiver: Receiver;
let received: EventOf<'notification'>[];
beforeEach(async () => {
  received = [];
  receiver = await startReceiver((event) => received.push(event));
});
afterEach(() => receiver[Symbol.asyncDispose]());

const post = (body: string, to = receiver) =>
  fetch(`http://${to.endpoint.host}:${to.endpoint.port}/alerts`, { method: 'POST', body });
const group = (...alerts: { status: string; labels: Record<string, string> }[]) =>
  JSON.stringify({
    version: '4',
    receiver: 'on-call',
    status: 'firing',
    alerts: alerts.map((alert) => ({ ...alert, annotations: { summary: 'é slow' }, startsAt: '2026-01-01T00:00:00Z' })),
  });

describe('the receiver', () => {
  it('notes every alert of a group, with when it came', async () => {
    const before = Date.now();
    const response = await post(
      group(
        { status: 'firing', labels: { alertname: 'Slow', severity: 'warning' } },
        { status: 'resolved', labels: { alertname: 'Down' } },
      ),
    );
    expect(response.status).toBe(200);
    expect(received).toMatchObject([
      {
        type: 'notification',
        alert: 'Slow',
        status: 'firing',
        labels: { alertname: 'Slow', severity: 'warning' },
        annotations: { summary: 'é slow' },
        receiver: 'on-call',
      },
      { alert: 'Down', status: 'resolved' },
    ]);
    for (const { at } of received) {
      expect(at).toBeGreaterThanOrEqual(before);
      expect(at).toBeLessThanOrEqual(Date.now());
    }
  });

  it.each(['', 'not json', '{}', '{"receiver":"on-call"}', group({ status: 'suppressed', labels: {} })])(
    'refuses %j, which is no Alertmanager webhook, and goes on',
    async (body) => {
      expect((await post(body)).status).toBe(400);
      expect(received).toEqual([]);
      expect((await post(group({ status: 'firing', labels: { alertname: 'Slow' } }))).status).toBe(200);
      expect(received).toHaveLength(1);
    },
  );

  it('listens on loopback, on a port of its own', async () => {
    await using other = await startReceiver(() => {});
    expect(receiver.endpoint.host).toBe('127.0.0.1');
    expect(other.endpoint.port).not.toBe(receiver.endpoint.port);
  });

  it('listens no longer once it is disposed, although a connection was kept alive', async () => {
    const other = await startReceiver(() => {});
    await post(group(), other);
    await other[Symbol.asyncDispose]();
    await expect(post(group(), other)).rejects.toThrow();
  });
});
