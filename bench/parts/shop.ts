/**
 * The flash sale as in production, with its telemetry, without it, or with it and every recording timed (TELEMETRY=on,
 * off or timed); nothing else differs.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from 'pg';
import { createApp } from '../../sut/flash-sale/app.ts';
import { readConfig } from '../../sut/flash-sale/config.ts';
import { ensureSchema } from '../../sut/flash-sale/schema.ts';
import { createTelemetry, noTelemetry } from '../../sut/flash-sale/telemetry.ts';
import { createLogger } from '../../sut/telemetry/logger.ts';
import { answer, cpuMs } from '../part.ts';
import { type RecordingTimes, timed } from './timed.ts';

export interface ShopState {
  readonly url: string;
  /** Processor time so far, all threads. */
  readonly cpuMs: number;
  /** Where they are timed. */
  readonly recordings: RecordingTimes | undefined;
}

const config = readConfig(process.env);
const mode = process.env.TELEMETRY;
const own = mode === 'off' ? noTelemetry() : createTelemetry({ memoryLimitBytes: config.MEMORY_LIMIT_BYTES });
const times = mode === 'timed' ? timed(own) : undefined;
const telemetry = times?.telemetry ?? own;
// Both log alike: a log line a request is the app's business, and no metric.
const app = createApp({ config, telemetry, logger: createLogger({ service: 'flash-sale', level: 'info' }) });

const client = new Client({ connectionString: config.DATABASE_URL });
await client.connect();
await ensureSchema(client);
await client.end();
await app.start();
const server = createServer(app.handler);
server.keepAliveTimeout = 65_000;
await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 }, resolve));
const { port } = server.address() as AddressInfo;

answer<'state', ShopState>(() => ({ url: `http://127.0.0.1:${port}`, cpuMs: cpuMs(), recordings: times?.spent() }));
