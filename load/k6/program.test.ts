import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GoProgram } from '../../harness/stack/go-program.ts';
import { commandOf, K6_IMAGE, locate } from './program.ts';

let folder: string;
let module: GoProgram;
const none = { apt: '', dnf: '', brew: '' };
const noGo = { command: 'go-that-is-not-there', why: '', packages: none };
const image = 'firedrill-test/no-such-image:1';
const said: string[] = [];
const say = (line: string) => said.push(line);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'k6-program-test-'));
  vi.stubEnv('PATH', folder);
  await writeFile(join(folder, 'go.mod'), 'module test\n\ngo 1.21\n');
  await writeFile(join(folder, 'go.sum'), '');
  module = { command: 'k6', package: 'test', folder, takes: 'a moment' };
  said.length = 0;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const k6OnPath = async (output: string) => {
  await writeFile(join(folder, 'k6'), `#!/bin/sh\necho '${output}'\n`);
  await chmod(join(folder, 'k6'), 0o755);
};

describe('locating k6', () => {
  it('takes one of version 2 from PATH', async () => {
    await k6OnPath('k6 v2.9.1 (go1.26.8, linux/amd64)');
    expect(await locate(say, { module, go: noGo, image })).toEqual({
      kind: 'program',
      path: join(folder, 'k6'),
      version: '2.9.1',
    });
  });

  it('takes none of version 1, and says so with all else that was tried and what to do', async () => {
    await k6OnPath('k6 v1.4.0 (go1.24, linux/amd64)');
    const error = await locate(say, { module, go: noGo, image }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'PROGRAM_MISSING' });
    const { message } = error as Error;
    for (const part of [
      `${join(folder, 'k6')} is version 1.4.0; not taken`,
      `there is no Go to build it with (${folder})`,
      'there is no docker on PATH',
      `docker pull ${K6_IMAGE}`,
      '--load arrivals',
    ]) {
      expect(message).toContain(part);
    }
  });

  it('builds it once where there is Go, saying so, and anew for another pin', async () => {
    await writeFile(join(folder, 'main.go'), 'package main\n\nfunc main() { println("k6 v2.0.0") }\n');
    const built = { module, image };
    const first = await locate(say, built);
    expect(first).toMatchObject({ kind: 'program', path: expect.stringContaining(join(folder, 'bin', 'k6-')) });
    expect(said).toEqual([
      expect.stringMatching(/^Building k6 from test with Go, once for this checkout: a moment\.$/),
    ]);
    expect(await locate(say, built)).toEqual(first);
    expect(said).toHaveLength(1);
    await writeFile(join(folder, 'go.sum'), '\n');
    expect(await locate(say, built)).not.toEqual(first);
    expect(said).toHaveLength(2);
  });

  it('gives the compiler’s last words where the build fails', async () => {
    await writeFile(join(folder, 'main.go'), 'package main\n\nfunc main() { nonsense }\n');
    await expect(locate(say, { module, image })).rejects.toMatchObject({
      code: 'PROGRAM_MISSING',
      message: expect.stringMatching(/could not be built from .*undefined: nonsense/s),
    });
  });
});

it('the pinned module and the image are of the same version', async () => {
  const pinned = await readFile(new URL('../../tools/k6/go.mod', import.meta.url), 'utf8');
  expect(pinned).toContain(`go.k6.io/k6/v2 v${K6_IMAGE.split(':')[1]}`);
});

it('a container sees the checkout and the journey, reaches loopback, and can be ended by its name', () => {
  const words = commandOf(
    { kind: 'image', engine: '/bin/docker', image: K6_IMAGE, version: '2.2.0' },
    ['run', 'script.ts'],
    { K6_NO_COLOR: 'true' },
    { name: 'mine', journey: '/elsewhere/journey.ts' },
  );
  const text = words.join(' ');
  for (const part of [
    '--network host',
    '--name mine',
    '--rm',
    '--volume /elsewhere:/elsewhere:ro',
    '--env K6_NO_COLOR=true',
  ])
    expect(text).toContain(part);
  expect(text).toMatch(new RegExp(`${K6_IMAGE} run script\\.ts$`));
});
