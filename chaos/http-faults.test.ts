import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Agent, createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openContainers } from '../harness/stack/containers.ts';
import type { Endpoint, ServiceDescription, Stack } from '../harness/stack/service.ts';
import { engineHere, IMAGES, NODE_IMAGE } from '../harness/stack/testing-containers.ts';
import { HttpRelay } from './http-relay.ts';
import { httpErrors, httpHangs } from './index.ts';
import { app, inject, testStack } from './testing.ts';

const MiB = 1024 ** 2;
const engine = await engineHere();

/** A service as its clients know it, and what it did. */
let server: Server;
let service: Endpoint;
let relay: HttpRelay;
let handle: Parameters<typeof createServer>[1];
let agent: Agent;

beforeEach(async () => {
  handle = (request, response) => void request.resume().once('end', () => response.end('hello'));
  server = createServer((request, response) => handle?.(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  service = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  relay = await HttpRelay.open(service, '127.0.0.1');
  agent = new Agent({ keepAlive: true });
});
afterEach(async () => {
  agent.destroy();
  await relay.close();
  server.closeAllConnections();
  server.close();
});

/** The answer to a request by the relay, with its body. */
async function ask(
  endpoint: Endpoint,
  {
    method = 'GET',
    path = '/',
    headers = {},
    body = '',
  }: Partial<Record<'method' | 'path' | 'body', string>> & {
    headers?: Record<string, string> | string[];
  } = {},
): Promise<IncomingMessage & { body: string }> {
  const request = httpRequest({ ...endpoint, agent, method, path, headers });
  request.end(body);
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return Object.assign(answer, { body: await text(answer) });
}

/** Sends bytes as they are, and resolves with what comes back until the connection ends. */
async function say(endpoint: Endpoint, bytes: string): Promise<string> {
  const socket = connect(endpoint);
  socket.write(bytes);
  const answer = await text(socket).catch((error: NodeJS.ErrnoException) => `${error.code}`);
  socket.destroy();
  return answer;
}

describe('the HTTP relay', () => {
  test('passes every header as it came, in its order and spelling, and adds none', async () => {
    const seen: string[][] = [];
    handle = (request, response) => {
      seen.push(request.rawHeaders);
      response.sendDate = false;
      const headers = ['X-One', '1', 'set-Cookie', 'a=1', 'set-Cookie', 'b=2', 'Content-Length', '2'];
      response.writeHead(201, 'Made Up', headers).end('ok');
    };
    const headers = ['Host', 'elsewhere:1', 'X-UPPER', 'ä', 'x-twice', '1', 'x-twice', '2', 'aCCept', '*/*'];
    const [, through] = [await ask(service, { headers }), await ask(relay.endpoint, { headers })];
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[1]?.slice(0, headers.length)).toEqual(headers);
    expect([through.statusCode, through.statusMessage, through.body]).toEqual([201, 'Made Up', 'ok']);
    expect(through.rawHeaders.slice(0, 8)).toEqual([
      'X-One',
      '1',
      'set-Cookie',
      'a=1',
      'set-Cookie',
      'b=2',
      'Content-Length',
      '2',
    ]);
    expect(through.headers.date).toBeUndefined();
  });

  test('passes bodies of any framing, and the lack of one', async () => {
    handle = async (request, response) => {
      if (request.url === '/empty') return response.writeHead(204).end();
      response.end(`${request.method} ${await text(request)}`);
    };
    expect((await ask(relay.endpoint, { method: 'POST', body: 'x'.repeat(100_000) })).body).toHaveLength(100_005);
    const chunked = { 'transfer-encoding': 'chunked' };
    expect((await ask(relay.endpoint, { method: 'PUT', body: 'chunked', headers: chunked })).body).toBe('PUT chunked');
    expect((await ask(relay.endpoint, { path: '/empty' })).statusCode).toBe(204);
    const head = await ask(relay.endpoint, { method: 'HEAD' });
    expect([head.statusCode, head.body]).toEqual([200, '']);
    expect(relay.counters).toEqual({ requests: 4, passed: 4 });
  });

  test('lets the service say whether a client that asks first is to send its body', async () => {
    const expecting =
      'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n';
    server.on('checkContinue', (_, response) => response.writeHead(413).end('too large'));
    expect(await say(relay.endpoint, expecting)).toMatch(/^HTTP\/1.1 413 .*too large/s);
    server.removeAllListeners('checkContinue');
    expect(await say(relay.endpoint, `${expecting}body`)).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
  });

  test('holds the sender back while the service does not read', async () => {
    handle = () => {};
    const request = httpRequest({ ...relay.endpoint, agent, method: 'POST', headers: { 'content-length': 128 * MiB } });
    request.on('error', () => {});
    const chunk = Buffer.alloc(MiB);
    let sent = 0;
    for (; sent < 128; sent++) {
      const flushed = new Promise<boolean>((resolve) => request.write(chunk, () => resolve(true)));
      // What the system's own buffers do not take within a second, they do not take.
      if (!(await Promise.race([flushed, sleep(1_000, false)]))) break;
    }
    expect(sent).toBeLessThan(64);
    request.destroy();
  });

  test('its memory does not grow with what passes', async () => {
    // In a process of its own: in this one, the client's and the service's memory would be measured, too.
    const code = `
      import { HttpRelay } from '${new URL('http-relay.ts', import.meta.url).href}';
      const relay = await HttpRelay.open(${JSON.stringify(service)}, '127.0.0.1');
      console.log(relay.endpoint.port);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line] = await once(child.stdout, 'data');
      const endpoint = { host: '127.0.0.1', port: Number(String(line)) };
      const chunk = Buffer.alloc(MiB);
      const send = async (mebibytes: number): Promise<void> => {
        const request = httpRequest({ ...endpoint, agent, method: 'POST' });
        const answered = once(request, 'response');
        for (let index = 0; index < mebibytes; index++) {
          if (!request.write(chunk)) await once(request, 'drain');
        }
        request.end();
        const [answer] = (await answered) as [IncomingMessage];
        expect(await text(answer)).toBe('hello');
      };
      const peak = async (): Promise<number> =>
        Number(/VmHWM:\s*(\d+)/.exec(await readFile(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024;
      // Chunks that have passed lie about until they are collected; after so many their number stays the same.
      await send(400);
      const before = await peak();
      await send(400);
      expect((await peak()) - before).toBeLessThan(64);
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('a client that goes away is gone for the service, and the other way round', async () => {
    let gone = 0;
    handle = (request, response) => {
      request.resume();
      if (request.url === '/dies') return response.socket?.resetAndDestroy();
      response.once('close', () => {
        gone += 1;
      });
      return response.write('half');
    };
    const request = httpRequest({ ...relay.endpoint, agent });
    request.end();
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    answer.on('error', () => {});
    request.destroy();
    await expect.poll(() => gone).toBe(1);
    await expect(ask(relay.endpoint, { path: '/dies' })).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(relay.counters).toEqual({ requests: 2, passed: 0 });
  });

  test('closes an idle connection when the service does', async () => {
    server.keepAliveTimeout = 100;
    const socket = connect(relay.endpoint);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'data');
    socket.resume();
    await once(socket, 'end');
    socket.destroy();
  });

  test('resets the client where the service is down', async () => {
    server.close();
    await expect(ask(relay.endpoint)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('closes with everything that is open', async () => {
    handle = () => {};
    const waiting = ask(relay.endpoint).catch((error: NodeJS.ErrnoException) => error.code);
    await expect.poll(() => relay.counters.requests).toBe(1);
    await relay.close();
    expect(await waiting).toBe('ECONNRESET');
    await expect.poll(() => new Promise((resolve) => server.getConnections((_, count) => resolve(count)))).toBe(0);
  });
});

describe('faults on the link to an outside service', () => {
  const throughRelay = async (stack: Stack, fault: ReturnType<typeof httpErrors>): Promise<Endpoint> => {
    if (!fault.interception) throw new Error('an HTTP fault without an interception');
    return stack.interceptor(fault.interception).endpoint;
  };

  test('httpErrors answers in JSON what it picks, proves it, and heals', async () => {
    const fault = httpErrors('app', { status: 503, method: 'POST', path: /^\/search/, body: { error: 'no shards' } });
    await using stack = await testStack([app], [fault]);
    const endpoint = await throughRelay(stack, fault);
    const injection = await inject(fault, stack);
    expect((await ask(endpoint, { path: '/search' })).statusCode).toBe(200);
    expect((await ask(endpoint, { path: '/other', method: 'POST' })).statusCode).toBe(200);
    expect(await injection.proof()).toEqual({
      held: false,
      seen: '0 requests answered 503',
      source: 'the HTTP relay towards app',
    });
    const failed = await ask(endpoint, { path: '/search?q=a', method: 'POST', body: 'x'.repeat(100_000) });
    expect([failed.statusCode, failed.headers['content-type']]).toEqual([503, 'application/json']);
    expect(JSON.parse(failed.body)).toEqual({ error: 'no shards' });
    expect(await injection.proof()).toMatchObject({ held: true });
    await injection.heal();
    expect((await ask(endpoint, { path: '/search', method: 'POST' })).body).toBe('hello');
  });

  test('httpHangs never answers, proves it, and resets what hangs when healed', async () => {
    const fault = httpHangs('app');
    await using stack = await testStack([app], [fault]);
    const endpoint = await throughRelay(stack, fault);
    const injection = await inject(fault, stack);
    expect(await injection.proof()).toMatchObject({ held: false });
    const hanging = ask(endpoint, { method: 'POST', body: 'x'.repeat(100_000) }).then(
      () => 'answered',
      (error: NodeJS.ErrnoException) => error.code,
    );
    expect(await Promise.race([hanging, sleep(500, 'hangs')])).toBe('hangs');
    expect(await injection.proof()).toMatchObject({
      held: true,
      seen: expect.stringMatching(/^1 requests left hanging/),
    });
    await injection.heal();
    expect(await hanging).toBe('ECONNRESET');
    expect((await ask(endpoint)).body).toBe('hello');
  });

  test('several on one link share one relay', () => {
    expect(httpHangs('app').interception).toBe(httpErrors('app', { status: 500 }).interception);
    expect(httpHangs('app').interception).not.toBe(httpHangs('other').interception);
  });
});

test.runIf(engine)('a fault on the link between two containers, as the one that calls sees it', async () => {
  const node = (name: string, code: string, over: Partial<ServiceDescription> = {}): ServiceDescription => ({
    ...app,
    name,
    address: `${name}:8080`,
    container: { image: NODE_IMAGE },
    args: () => [
      '-e',
      `require('node:http').createServer(${code}).listen(8080); process.once('SIGTERM', process.exit)`,
    ],
    ...over,
  });
  const far = node('far', "(request, response) => response.end('hello')");
  const near = node(
    'near',
    '(request, response) => fetch(process.env.FAR).then(({ status }) => response.end(String(status)))',
    {
      needs: ['far'],
      env: ({ reach }) => ({ FAR: `http://${reach('far').host}:${reach('far').port}` }),
    },
  );
  const fault = httpErrors('far', { status: 503 });
  await using stack = await testStack([far, near], [fault], openContainers(IMAGES));
  const { endpoint } = stack.service('near');
  expect((await ask(endpoint)).body).toBe('200');
  const injection = await inject(fault, stack);
  expect((await ask(endpoint)).body).toBe('503');
  expect(await injection.proof()).toMatchObject({ held: true, seen: '1 requests answered 503' });
  await injection.heal();
  expect((await ask(endpoint)).body).toBe('200');
});
