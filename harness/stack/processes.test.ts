import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClock } from '../clock.ts';
import type { Interception, Interceptor } from '../fault.ts';
import { type BootOptions, bootAlone } from './boot.ts';
import { sweepStackFolders } from './folder.ts';
import { openProcesses } from './processes.ts';
import type { Endpoint, RunningService, ServiceContext, ServiceDescription, Stack } from './service.ts';
import { alive, ask, nodeService, stateOf } from './testing.ts';

let temporary: string;
let stack: Stack | undefined;
let crashes: [name: string, detail: string, lastLines: string][];
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'processes-test-'));
  vi.stubEnv('TMPDIR', temporary);
  crashes = [];
});
afterEach(async () => {
  await stack?.[Symbol.asyncDispose]();
  stack = undefined;
  vi.unstubAllEnvs();
  await rm(temporary, { recursive: true, force: true });
});

async function boot(services: readonly ServiceDescription[], over: Partial<BootOptions> = {}): Promise<Stack> {
  stack = await bootAlone(openProcesses, {
    services,
    interceptions: [],
    outside: [],
    clock: createClock(1),
    logFolder: temporary,
    say: () => {},
    onReady: () => {},
    onCrash: ({ name }, detail, lastLines) => crashes.push([name, detail, lastLines]),
    ...over,
  });
  return stack;
}
const pidOf = (service: RunningService): number => {
  if (service.instance === undefined) throw new Error(`${service.name} does not run`);
  return service.instance.pid;
};
const foldersLeft = async () => (await readdir(temporary)).filter((name) => name.startsWith('firedrill-'));

describe('booting', () => {
  it('starts a service when those it needs are ready, and says so', async () => {
    const order: string[] = [];
    const booted = await boot(
      [
        nodeService('app', undefined, { needs: ['db', 'cache'] }),
        nodeService('db'),
        nodeService('cache', undefined, { needs: ['db'] }),
      ],
      { onReady: ({ name }, ms) => order.push(`${name} ${ms > 0}`) },
    );
    expect(order).toEqual(['db true', 'cache true', 'app true']);
    expect(booted.services.map(({ name }) => name).sort()).toEqual(['app', 'cache', 'db']);
    expect(await ask(booted.service('app').endpoint)).toBe('hello');
    expect(new Set(booted.services.map(({ endpoint }) => endpoint.port)).size).toBe(3);
  });

  it('gives a service what it needs to be configured', async () => {
    let seen: ServiceContext | undefined;
    const app = nodeService('app', undefined, {
      prepare: async (context) => {
        seen = context;
        await context.write('conf/app.yml', context.localise('db: db:8080, pager: pager:9099, other: elsewhere:1'));
      },
      initialise: ({ run }) =>
        run(nodeService('x').program, ['-e', 'require("fs").writeFileSync("made", process.cwd())']),
    });
    const outside = [{ address: 'pager:9099', endpoint: { host: '127.0.0.1', port: 4 } }];
    const booted = await boot([nodeService('db'), app], { outside });
    const { port } = booted.service('db').endpoint;
    expect(await readFile(join(seen?.folder ?? '', 'conf/app.yml'), 'utf8')).toBe(
      `db: 127.0.0.1:${port}, pager: 127.0.0.1:4, other: elsewhere:1`,
    );
    expect(basename(await readFile(join(seen?.folder ?? '', 'made'), 'utf8'))).toBe('app');
    expect(seen?.reach('db')).toEqual({ host: '127.0.0.1', port });
  });

  it('shares a folder between those that name it, and finds what a service runs itself', async () => {
    const seen: Record<string, string> = {};
    const sharing = (name: string, shared?: string) =>
      nodeService(name, undefined, {
        ...(shared === undefined ? {} : { shared: { name: shared, path: '/in/the/image' } }),
        prepare: async (context) => {
          seen[name] = context.shared;
        },
      });
    await boot([sharing('api', 'uploads'), sharing('worker', 'uploads'), sharing('other', 'else'), sharing('alone')]);
    expect(seen.api).toBe(seen.worker);
    expect(new Set(Object.values(seen)).size).toBe(3);
    expect(seen.alone).toBe('');
    await writeFile(join(seen.api ?? '', 'file'), 'for the worker');

    const missing = { command: 'no-such-encoder', why: 'encodes', packages: { apt: '', dnf: '', brew: '' } };
    await expect(boot([nodeService('app', undefined, { runs: [missing] })])).rejects.toThrow(
      /no-such-encoder +encodes/,
    );
  });

  it('writes what a service says into its log', async () => {
    const { logFile } = (await boot([nodeService('app')])).service('app');
    expect(await readFile(logFile, 'utf8')).toBe('listening\n');
  });

  it('names what the stack has, in the order of its description, when it is asked for another', async () => {
    const booted = await boot([nodeService('app', undefined, { needs: ['db'] }), nodeService('db')]);
    expect(booted.services.map(({ name }) => name)).toEqual(['app', 'db']);
    expect(() => booted.service('redis')).toThrow("there is no service 'redis'; this stack has app, db.");
    const interception = { to: 'db', open: () => Promise.reject(new Error('unused')) };
    expect(() => booted.interceptor(interception)).toThrow('nothing was put on the link to db at boot.');
  });
});

describe('a boot that fails', () => {
  const dies = (code: string) => nodeService('app', code, { needs: ['db'] });

  it('shows how the service ended and the last lines it wrote, and leaves nothing', async () => {
    let db = 0;
    const booting = boot(
      [nodeService('db'), dies('for (let n = 1; n <= 20; n++) console.error("line " + n); process.exit(3)')],
      {
        onReady: (service) => {
          db = pidOf(service);
        },
      },
    );
    await expect(booting).rejects.toMatchObject({ code: 'SERVICE_FAILED' });
    await expect(booting).rejects.toThrow(
      `app ended while starting (exit code 3). The end of its log (${join(temporary, 'app.log')}):\n  | line 6\n`,
    );
    await expect(booting).rejects.toThrow(/line 20$/);
    expect(alive(db)).toBe(false);
    expect(await foldersLeft()).toEqual([]);
    expect(crashes).toEqual([]);
  });

  it.each<[string, Partial<ServiceDescription>, RegExp]>([
    [
      'whose preparation fails',
      { prepare: () => Promise.reject(new Error('no template')) },
      /^app could not be prepared: no template$/,
    ],
    [
      'whose tool fails',
      { initialise: ({ run }) => run(nodeService('x').program, ['-e', 'console.log("no space"); process.exit(2)']) },
      / for app failed \(2\):\nno space$/,
    ],
    [
      'that needs what nobody describes',
      { needs: ['redis'] },
      /^a service needs 'redis', which the system does not describe\.$/,
    ],
    [
      'whose program is missing',
      { program: { command: 'no-such-program', why: 'serves', packages: { apt: '', dnf: '', brew: '' } } },
      /no-such-program +serves/,
    ],
  ])('because of a service %s says which', async (_, over, message) => {
    await expect(boot([nodeService('db'), nodeService('app', undefined, over)])).rejects.toThrow(message);
    expect(await foldersLeft()).toEqual([]);
  });
});

describe('a boot that is given up', () => {
  it('leaves nothing, whatever was still being prepared or started', async () => {
    const interruption = new AbortController();
    const pids: number[] = [];
    const later: string[] = [];
    const slow = nodeService('slow', undefined, {
      prepare: async () => {
        interruption.abort();
        await sleep(100);
        later.push('prepared');
      },
    });
    const never = nodeService('never', 'console.log(process.pid); setInterval(() => {}, 1000)', { needs: ['db'] });
    const dependent = nodeService('dependent', undefined, {
      needs: ['slow'],
      prepare: async () => void later.push('too late'),
    });
    const booting = boot([nodeService('db'), never, { ...slow, needs: ['db'] }, dependent], {
      signal: interruption.signal,
      onReady: (service) => pids.push(pidOf(service)),
    });
    await expect(booting).rejects.toThrow('the boot was interrupted');
    expect(later).toEqual(['prepared']);
    const log = await readFile(join(temporary, 'never.log'), 'utf8').catch(() => '');
    expect([...pids, ...log.split('\n').filter(Boolean).map(Number)].filter(alive)).toEqual([]);
    expect(await foldersLeft()).toEqual([]);
    expect(crashes).toEqual([]);
  });
});

describe('a running service', () => {
  it('that ends unasked is reported with its end and its last lines', async () => {
    const app = (await boot([nodeService('app')])).service('app');
    await ask(app.endpoint, '/crash').catch(() => {});
    await expect.poll(() => crashes).toEqual([['app', 'exit code 7', 'listening\nsomething is wrong']]);
    expect(app.instance).toBeUndefined();
  });

  it('is killed without being reported, and started again on the same port', async () => {
    const app = (await boot([nodeService('app')])).service('app');
    const [before, { port }] = [pidOf(app), app.endpoint];
    await app.kill();
    expect([app.instance, alive(before)]).toEqual([undefined, false]);
    await expect(ask(app.endpoint)).rejects.toThrow();
    await app.start();
    expect(pidOf(app)).not.toBe(before);
    expect(app.endpoint.port).toBe(port);
    expect(await ask(app.endpoint)).toBe('hello');
    expect(crashes).toEqual([]);
  });

  it('takes other variables for one start, and its own again at the next', async () => {
    const app = (await boot([nodeService('app')])).service('app');
    await app.stop();
    await app.start({ GREETING: 'oops' });
    expect(await ask(app.endpoint)).toBe('oops');
    await app.stop();
    await app.start();
    expect(await ask(app.endpoint)).toBe('hello');
  });

  it('that is started while it runs goes on as it is', async () => {
    const app = (await boot([nodeService('app')])).service('app');
    const before = pidOf(app);
    await app.start({ GREETING: 'oops' });
    expect(pidOf(app)).toBe(before);
  });

  it.runIf(process.platform === 'linux')(
    'stands still while it is paused, and answers once it is resumed',
    async () => {
      const app = (await boot([nodeService('app')])).service('app');
      await app.pause();
      await expect.poll(() => stateOf(pidOf(app))).toBe('T');
      const answer = ask(app.endpoint, '/', 20_000);
      await app.resume();
      expect(await answer).toBe('hello');
    },
  );

  it.each(['stop', 'kill'] as const)('can be ended by %s although it is paused', async (verb) => {
    const app = (await boot([nodeService('app')])).service('app');
    const pid = pidOf(app);
    await app.pause();
    await app[verb]();
    expect([app.instance, alive(pid)]).toEqual([undefined, false]);
    await app.start();
    expect(await ask(app.endpoint)).toBe('hello');
  });

  it('takes all verbs while it is down', async () => {
    const app = (await boot([nodeService('app')])).service('app');
    await app.stop();
    await Promise.all([app.stop(), app.kill(), app.pause(), app.resume()]);
    expect(crashes).toEqual([]);
  });
});

describe('children of a service', () => {
  const ends: [string, (app: RunningService) => Promise<unknown>][] = [
    ['disposed with the stack', async () => stack?.[Symbol.asyncDispose]()],
    ['stopped', (app) => app.stop()],
    ['killed', (app) => app.kill()],
    ['crashed', (app) => ask(app.endpoint, '/crash').catch(() => {})],
  ];

  it.each(ends)('end with it when it is %s, even those that shrug off SIGTERM', async (_, end) => {
    const app = (await boot([nodeService('app')])).service('app');
    const child = Number(await ask(app.endpoint, '/child'));
    expect(alive(child)).toBe(true);
    await end(app);
    await expect.poll(() => alive(child)).toBe(false);
  });
});

describe('disposing', () => {
  it('ends every service, paused or not, and removes the folder', async () => {
    const booted = await boot([nodeService('app'), nodeService('db')]);
    const pids = booted.services.map(pidOf);
    await booted.service('db').pause();
    expect(await foldersLeft()).toHaveLength(1);
    await booted[Symbol.asyncDispose]();
    expect(pids.map(alive)).toEqual([false, false]);
    expect(await foldersLeft()).toEqual([]);
    expect(crashes).toEqual([]);
  });

  it.runIf(process.platform === 'linux')(
    'is done by the kernel and the next start when the harness is killed outright',
    async () => {
      const script = join(temporary, 'run.ts');
      await writeFile(
        script,
        `import { bootAlone } from ${JSON.stringify(join(import.meta.dirname, 'boot.ts'))};
       import { openProcesses } from ${JSON.stringify(join(import.meta.dirname, 'processes.ts'))};
       import { nodeService } from ${JSON.stringify(join(import.meta.dirname, 'testing.ts'))};
       import { createClock } from ${JSON.stringify(join(import.meta.dirname, '..', 'clock.ts'))};
       const stack = await bootAlone(openProcesses, { services: [nodeService('app')], interceptions: [], outside: [], clock: createClock(1),
         logFolder: ${JSON.stringify(temporary)}, say() {}, onReady() {}, onCrash() {} });
       console.log(stack.service('app').instance.pid);
       setInterval(() => {}, 1000);`,
      );
      const harness = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [output] = (await once(harness.stdout, 'data')) as [Buffer];
      const pid = Number(output.toString());
      expect(alive(pid)).toBe(true);
      harness.kill('SIGKILL');
      await once(harness, 'exit');
      await expect.poll(() => alive(pid)).toBe(false);
      expect(await foldersLeft()).toHaveLength(1);
      expect(await sweepStackFolders()).toBe(1);
      expect(await foldersLeft()).toEqual([]);
    },
  );
});

describe('links with interceptors', () => {
  const opened: Endpoint[] = [];
  const closed: number[] = [];
  const interception = (to: string, port: number): Interception<Interceptor> => ({
    to,
    open: (upstream) => {
      opened.push(upstream);
      return Promise.resolve({
        endpoint: { host: '127.0.0.1', port },
        close: () => {
          closed.push(port);
          return Promise.resolve();
        },
      });
    },
  });

  it('lead through each of them, one behind the other, opened once and closed with the stack', async () => {
    const [first, second] = [interception('db', 2), interception('db', 3)];
    let reached: Endpoint | undefined;
    const app = nodeService('app', undefined, {
      needs: ['db'],
      prepare: async ({ reach }) => {
        reached = reach('db');
      },
    });
    const booted = await boot([nodeService('db'), app], { interceptions: [first, second, first] });
    expect(opened).toEqual([booted.service('db').endpoint, { host: '127.0.0.1', port: 2 }]);
    expect(reached?.port).toBe(3);
    expect(booted.interceptor(first).endpoint.port).toBe(2);
    await booted[Symbol.asyncDispose]();
    expect(closed).toEqual([2, 3]);
  });
});
