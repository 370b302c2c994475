import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { connectEngine } from './engine.ts';

describe('without an engine', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each([
    ['there is none', 'unix:///no/such.sock', 'no container engine was found at DOCKER_HOST=unix:///no/such.sock.'],
    [
      'it is elsewhere and silent',
      'tcp://127.0.0.1:1',
      'no container engine answers at DOCKER_HOST=tcp://127.0.0.1:1 (ECONNREFUSED).',
    ],
  ])('the message says that %s', async (_, host, message) => {
    vi.stubEnv('DOCKER_HOST', host);
    await expect(connectEngine()).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringContaining(message),
    });
  });

  it('the message says that nobody listens on its socket', async () => {
    // Root may open any socket, so a file that nobody listens on stands for an engine that does not run.
    const folder = await mkdtemp(join(tmpdir(), 'engine-test-'));
    const socket = join(folder, 'docker.sock');
    await writeFile(socket, '');
    vi.stubEnv('DOCKER_HOST', `unix://${socket}`);
    const message = `no container engine answers at DOCKER_HOST=unix://${socket} (ECONNREFUSED).`;
    await expect(connectEngine()).rejects.toThrow(message);
    await rm(folder, { recursive: true });
  });
});
