import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClock } from '../clock.ts';
import type { Interception, Interceptor } from '../fault.ts';
import { type BootOptions, bootAlone, boot as bootIn } from './boot.ts';
import { STACK, sweepStacks } from './container-labels.ts';
import { openContainers } from './containers.ts';
import type { Engine } from './engine.ts';
import { reservePort } from './ports.ts';
import type { Endpoint, ServiceDescription, Stack } from './service.ts';
import { ask, nodeService } from './testing.ts';
import { engineHere, IMAGES, NODE_IMAGE } from './testing-containers.ts';

const engine = await engineHere();

/** The same little programs as in the tests of processes; they listen where their description says. */
const containedService = (name: string, code?: string, over: Partial<ServiceDescription> = {}): ServiceDescription => ({
  ...nodeService(name, code?.replaceAll('127.0.0.1', '0.0.0.0') ?? APP),
  container: { image: NODE_IMAGE },
  ...over,
});

/** Answers GREETING, and at /kept how often it was started; /crash ends it with exit code 7; /reach asks another service. */
const APP = `
  const { createServer } = require('node:http');
  const { existsSync, readFileSync, writeFileSync } = require('node:fs');
  const starts = existsSync('/tmp/starts') ? Number(readFileSync('/tmp/starts', 'utf8')) + 1 : 1;
  writeFileSync('/tmp/starts', String(starts));
  createServer(async (request, response) => {
    if (request.url === '/crash') { console.log('something is wrong'); process.exit(7); }
    if (request.url === '/kept') return response.end(String(starts));
    if (request.url === '/reach') return response.end(await fetch(process.env.OTHER).then((answer) => answer.text()));
    response.end(process.env.GREETING ?? 'hello');
  }).listen(process.env.PORT, '0.0.0.0', () => console.log('listening'));
  process.once('SIGTERM', () => process.exit(0));
`;

describe.runIf(engine)('containers', () => {
  // Also read where all of it is skipped.
  const docker = engine?.container.dockerode as Engine['container']['dockerode'];
  let temporary: string;
  let stack: Stack | undefined;
  let crashes: [name: string, detail: string, lastLines: string][];
  beforeEach(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'containers-test-'));
    crashes = [];
  });
  afterEach(async () => {
    await stack?.[Symbol.asyncDispose]();
    stack = undefined;
    await rm(temporary, { recursive: true, force: true });
  });
  afterAll(async () => {
    expect(await leftovers()).toEqual([]);
  });

  /** Containers, networks and shared volumes of any stack. */
  const leftovers = async (): Promise<string[]> => {
    const filters = { label: [STACK] };
    const containers = await docker.listContainers({ all: true, filters });
    const networks = await docker.listNetworks({ filters });
    const { Volumes } = await docker.listVolumes({ filters });
    return [...containers.map(({ Image }) => Image), ...[...networks, ...(Volumes ?? [])].map(({ Name }) => Name)];
  };

  const options = (services: readonly ServiceDescription[]): BootOptions & { say: (line: string) => void } => ({
    services,
    interceptions: [],
    outside: [],
    clock: createClock(1),
    logFolder: temporary,
    say: () => {},
    onReady: () => {},
    onCrash: ({ name }, detail, lastLines) => crashes.push([name, detail, lastLines]),
  });

  async function boot(services: readonly ServiceDescription[], over: Partial<BootOptions> = {}): Promise<Stack> {
    stack = await bootAlone(openContainers(IMAGES), { ...options(services), ...over });
    return stack;
  }

  it('reach each other by production’s names, and are published on loopback alone', async () => {
    const app = containedService('app', undefined, {
      needs: ['shop'],
      env: ({ endpoint, reach }) => ({
        PORT: String(endpoint.port),
        OTHER: `http://${reach('shop').host}:${reach('shop').port}`,
      }),
    });
    const booted = await boot([app, containedService('shop', undefined, { address: 'shop.internal:8081' })]);
    expect(booted.runtime).toBe('containers');
    expect(await ask(booted.service('app').endpoint, '/reach')).toBe('hello');
    const filters = { label: [STACK] };
    const ports = (await docker.listContainers({ filters })).flatMap(({ Ports }) => Ports);
    expect(ports).toHaveLength(2);
    expect(new Set(ports.map(({ IP }) => IP))).toEqual(new Set(['127.0.0.1']));
  });

  it('see the files that were written for them, and their folder', async () => {
    const code = `
      const text = require('node:fs').readFileSync('/firedrill/conf/app.yml', 'utf8');
      require('node:http').createServer((_, response) => response.end(text)).listen(8080);
      process.once('SIGTERM', () => process.exit(0));`;
    const app = containedService('app', code, {
      prepare: async ({ write, localise }) => {
        const path = await write('conf/app.yml', localise('db: db:8080, pager: pager:9099'));
        expect(path).toBe('/firedrill/conf/app.yml');
      },
    });
    const outside = [{ address: 'pager:9099', endpoint: { host: '127.0.0.1', port: 4 } }];
    const booted = await boot([app], { outside });
    expect(await ask(booted.service('app').endpoint)).toMatch(/^db: db:8080, pager: [\w.]+:4$/);
  });

  it('log into the run’s folder, every start once', async () => {
    const app = (await boot([containedService('app')])).service('app');
    expect(await readFile(app.logFile, 'utf8')).toBe('listening\n');
    await app.stop();
    await app.start();
    expect(await readFile(app.logFile, 'utf8')).toBe('listening\nlistening\n');
  });

  it('that end unasked are reported with their end and their last lines', async () => {
    const app = (await boot([containedService('app')])).service('app');
    await ask(app.endpoint, '/crash').catch(() => {});
    await expect
      .poll(() => crashes, { timeout: 10_000 })
      .toEqual([['app', 'exit code 7', 'listening\nsomething is wrong']]);
    expect(app.instance).toBeUndefined();
  });

  it('are killed and stopped without being reported, and start again on the same port with their files', async () => {
    const app = (await boot([containedService('app')])).service('app');
    const { port } = app.endpoint;
    for (const verb of ['kill', 'stop'] as const) {
      const before = app.instance;
      await app[verb]();
      expect([app.instance, (await app.look()).state]).toEqual([undefined, 'gone']);
      await expect(ask(app.endpoint)).rejects.toThrow();
      await app.start();
      expect(app.instance).not.toBe(before);
    }
    expect(app.endpoint.port).toBe(port);
    expect(await ask(app.endpoint, '/kept')).toBe('3');
    expect(crashes).toEqual([]);
  });

  it('take other variables for one start, and their own again at the next', async () => {
    const app = (await boot([containedService('app')])).service('app');
    await app.stop();
    await app.start({ GREETING: 'oops' });
    expect(await ask(app.endpoint)).toBe('oops');
    await app.stop();
    await app.start();
    expect(await ask(app.endpoint)).toBe('hello');
  });

  it('stand still while they are paused, and can be ended so', async () => {
    const app = (await boot([containedService('app')])).service('app');
    await app.pause();
    expect(await app.look()).toMatchObject({ state: 'paused', source: 'the container engine' });
    await expect(ask(app.endpoint, '/', 300)).rejects.toThrow();
    await app.resume();
    expect(await ask(app.endpoint)).toBe('hello');
    await app.pause();
    await app.stop();
    expect((await app.look()).state).toBe('gone');
    await Promise.all([app.stop(), app.kill(), app.pause(), app.resume()]);
    expect(crashes).toEqual([]);
  });

  it('run programs inside, and say what went wrong there', async () => {
    const app = (await boot([containedService('app')])).service('app');
    expect(await app.exec('cat', [`/proc/${app.instance?.pid}/comm`])).toMatch(/\S/);
    await expect(app.exec('cat', ['/no/such/file'])).rejects.toThrow(
      /cat in container \w+ ended with 1: .*No such file/,
    );
  });

  it('reach an interceptor where the harness opened one', async () => {
    const opened: string[] = [];
    const interception: Interception<Interceptor> = {
      to: 'shop',
      open: async (_upstream: Endpoint, listen: string) => {
        opened.push(listen);
        const server = createServer((socket) => {
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\nintercepted');
        });
        await new Promise<void>((resolve) => server.listen(0, listen, resolve));
        const { port } = server.address() as { port: number };
        return {
          endpoint: { host: listen, port },
          close: () => Promise.resolve(void server.close()),
        };
      },
    };
    const app = containedService('app', undefined, {
      env: ({ endpoint, reach }) => ({
        PORT: String(endpoint.port),
        OTHER: `http://${reach('shop').host}:${reach('shop').port}`,
      }),
    });
    const booted = await boot([app, containedService('shop')], { interceptions: [interception] });
    expect(await ask(booted.service('app').endpoint, '/reach')).toBe('intercepted');
    expect(opened).toHaveLength(1);
  });

  it('whose port was taken in the meantime say so', async () => {
    await using runtime = await openContainers(IMAGES)([containedService('app')], () => {});
    using reservation = await reservePort();
    const service = await runtime.prepare({
      description: containedService('app'),
      clock: createClock(1),
      logFile: join(temporary, 'app.log'),
      onCrash: () => {},
      links: { services: [], outside: [], port: () => reservation.port, interceptor: () => undefined },
    });
    await expect(service.start()).rejects.toThrow(/another program took the port in the meantime/);
  });

  it('that cannot start say why, and leave nothing', async () => {
    const broken = containedService('app', "console.log('no licence'); process.exit(3)");
    await expect(boot([broken, containedService('db')])).rejects.toThrow(
      /app ended while starting \(exit code 3\)[\s\S]*no licence/,
    );
    expect(await leftovers()).toEqual([]);
  });

  it('without an image say which service needs one', async () => {
    await expect(boot([nodeService('app')])).rejects.toMatchObject({
      code: 'IMAGE_MISSING',
      message: expect.stringContaining('--image app=<image>'),
    });
  });

  it('whose image nobody has are refused by name', async () => {
    const app = containedService('app', undefined, { container: { image: 'registry.invalid/no/such:1' } });
    await expect(boot([app])).rejects.toMatchObject({
      code: 'IMAGE_MISSING',
      message: expect.stringContaining('registry.invalid/no/such:1 is not here and cannot be pulled'),
    });
  });

  it('whose image cannot be built show the end of the build', async () => {
    const dockerfile = join(temporary, 'Dockerfile');
    await writeFile(dockerfile, 'ARG BASE\nFROM $BASE\nRUN echo the disk is full; exit 3\n');
    const image = { name: 'firedrill/test', context: temporary, dockerfile, sources: [], base: NODE_IMAGE };
    await expect(boot([containedService('app', undefined, { container: { image } })])).rejects.toMatchObject({
      code: 'IMAGE_MISSING',
      message: expect.stringMatching(/could not be built from .*non-zero code: 3[\s\S]*\| the disk is full/),
    });
  });

  it('of an aborted boot are removed with their network', async () => {
    const interruption = new AbortController();
    await using runtime = await openContainers(IMAGES)([containedService('app')], () => {});
    const never = containedService('app', "console.log('up'); setInterval(() => {}, 1000)");
    const booting = bootIn(runtime, { ...options([never]), signal: interruption.signal });
    setTimeout(() => interruption.abort(), 1_500);
    await expect(booting).rejects.toThrow('the boot was interrupted');
  });

  describe('of a harness that is killed outright', () => {
    const script = () => `
      import { bootAlone } from ${JSON.stringify(join(import.meta.dirname, 'boot.ts'))};
      import { openContainers } from ${JSON.stringify(join(import.meta.dirname, 'containers.ts'))};
      import { nodeService } from ${JSON.stringify(join(import.meta.dirname, 'testing.ts'))};
      import { createClock } from ${JSON.stringify(join(import.meta.dirname, '..', 'clock.ts'))};
      const code = "require('node:http').createServer((_, r) => r.end('hello')).listen(8080); console.log('up')";
      await bootAlone(openContainers(${JSON.stringify(IMAGES)}), { services: [{ ...nodeService('app', code),
        container: { image: ${JSON.stringify(NODE_IMAGE)} }, shared: { name: 'drop', path: '/drop' } }], interceptions: [], outside: [], clock: createClock(1),
        logFolder: ${JSON.stringify(temporary)}, say() {}, onReady() {}, onCrash() {} });
      console.log('up');
      setInterval(() => {}, 1000);`;

    async function killedHarness(): Promise<number> {
      const file = join(temporary, 'run.ts');
      await writeFile(file, script());
      const harness = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(harness.stdout, 'data');
      harness.kill('SIGKILL');
      await once(harness, 'exit');
      return harness.pid ?? 0;
    }

    it('are removed by the process that stands by', async () => {
      await killedHarness();
      await expect.poll(leftovers, { timeout: 30_000 }).toEqual([]);
    });

    it('are swept by the next start where that one did not live either', async () => {
      await writeFile(join(temporary, 'run.ts'), '');
      const before = new Set(await reapers());
      const killing = killedHarness();
      const mine = await expect
        .poll(async () => (await reapers()).filter((pid) => !before.has(pid)), { timeout: 20_000 })
        .toHaveLength(1)
        .then(async () => (await reapers()).filter((pid) => !before.has(pid)));
      for (const pid of mine) process.kill(pid, 'SIGKILL');
      await killing;
      expect(await leftovers()).toContainEqual(expect.stringMatching(/^firedrill-.*-drop$/));
      expect(await sweepStacks(docker)).toBe(1);
      expect(await leftovers()).toEqual([]);
    });

    it('are swept where but a volume is left', async () => {
      await docker.createVolume({
        Name: 'firedrill-of-nobody-drop',
        Labels: { [STACK]: 'firedrill-of-nobody', 'firedrill.host': hostname() },
      });
      expect(await sweepStacks(docker)).toBe(1);
      expect(await leftovers()).toEqual([]);
    });

    async function reapers(): Promise<number[]> {
      const { execa } = await import('execa');
      const { stdout } = await execa('pgrep', ['-f', 'stack/reaper.ts firedrill-'], { reject: false });
      return stdout.split('\n').filter(Boolean).map(Number);
    }
  });
});
