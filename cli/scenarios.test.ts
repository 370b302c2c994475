import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findScenarios, pick } from './scenarios.ts';

let folder: string;
const put = async (path: string, text: string) => {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
};
const scenario = (name: string) => `export default { name: '${name}', hypothesis: 'h', system: {}, phases: [] };\n`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scenarios-test-'));
  await put('package.json', '{"type":"module"}');
  await put('vod/upload-stalls.ts', scenario('an upload stalls'));
  await put('flash-sale/redis-down.ts', scenario('Redis is gone'));
  await put('flash-sale/postgres-down.ts', scenario('Postgres is gone'));
  await put('flash-sale/postgres-down.test.ts', 'no scenario');
  await put('flash-sale/README.md', 'no scenario');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('finding scenarios', () => {
  it('takes every file below the folder but tests, in alphabetical order', async () => {
    expect(await findScenarios(folder)).toEqual([
      { id: 'flash-sale/postgres-down', path: join(folder, 'flash-sale/postgres-down.ts') },
      { id: 'flash-sale/redis-down', path: join(folder, 'flash-sale/redis-down.ts') },
      { id: 'vod/upload-stalls', path: join(folder, 'vod/upload-stalls.ts') },
    ]);
  });

  it('finds none in a folder that has none', async () => {
    expect(await findScenarios(join(folder, 'nowhere'))).toEqual([]);
  });
});

describe('picking scenarios', () => {
  const picked = async (...names: string[]) => pick(await findScenarios(folder), names).map(({ id }) => id);

  it.each([
    [['flash-sale/redis-down'], ['flash-sale/redis-down']],
    [['flash-sale/*'], ['flash-sale/postgres-down', 'flash-sale/redis-down']],
    [['*/*-down'], ['flash-sale/postgres-down', 'flash-sale/redis-down']],
    [['**'], ['flash-sale/postgres-down', 'flash-sale/redis-down', 'vod/upload-stalls']],
    [
      ['vod/upload-stalls', 'flash-sale/*', 'vod/*'],
      ['vod/upload-stalls', 'flash-sale/postgres-down', 'flash-sale/redis-down'],
    ],
  ])('by name and by glob %j, each once and in the order asked for', async (names, ids) => {
    expect(await picked(...names)).toEqual(ids);
  });

  it('by the path of a file, known or not', async () => {
    expect(await picked(join(folder, 'vod/upload-stalls.ts'))).toEqual(['vod/upload-stalls']);
    const unknown = pick([], [relative(process.cwd(), join(folder, 'vod/upload-stalls.ts'))]);
    expect(unknown).toEqual([
      {
        id: expect.stringMatching(/scenarios-test-.*\/vod\/upload-stalls$/),
        path: join(folder, 'vod/upload-stalls.ts'),
      },
    ]);
    expect(unknown[0]?.id).not.toMatch(/^[./]/);
  });

  it.each([
    [
      'flash-sale/redis-dwon',
      "there is no scenario 'flash-sale/redis-dwon'; did you mean 'flash-sale/redis-down'? See them all with --list.",
    ],
    [
      'redis-down',
      "there is no scenario 'redis-down'; did you mean 'flash-sale/redis-down'? See them all with --list.",
    ],
    ['briefbot/*', "there is no scenario 'briefbot/*'. See them all with --list."],
  ])('refuses %s, with the nearest name', async (name, message) => {
    await expect(picked('vod/*', name)).rejects.toMatchObject({ code: 'SCENARIO_UNKNOWN', message });
  });
});

describe('loading scenarios', () => {
  /** In a Node of its own, as the command line does it: the test runner would load the files its own way. */
  const loading = async (...paths: string[]): Promise<{ names?: string[]; code?: string; message?: string }> => {
    const files = paths.map((path) => ({ id: path.replace(/\.ts$/, ''), path: join(folder, path) }));
    const script = `
      import { load } from ${JSON.stringify(join(import.meta.dirname, 'scenarios.ts'))};
      const answer = await load(${JSON.stringify(files)}).then(
        (loaded) => ({ names: loaded.map(({ id, scenario }) => id + ': ' + scenario.name) }),
        ({ code, message }) => ({ code, message }),
      );
      console.log(JSON.stringify(answer));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    return JSON.parse(stdout) as Awaited<ReturnType<typeof loading>>;
  };

  it('gives each with its id', async () => {
    expect(await loading('vod/upload-stalls.ts', 'flash-sale/redis-down.ts')).toEqual({
      names: ['vod/upload-stalls: an upload stalls', 'flash-sale/redis-down: Redis is gone'],
    });
  });

  it.each<[string, string, RegExp]>([
    ['throws', "const x = 1;\n\nthrow new Error('no such pool');\n", /does not load: no such pool \(line 3\)$/],
    ['is no TypeScript', 'export default {\n  name: 1,\n  = 2\n};\n', /does not load: .*\(line 3\)$/s],
    [
      'imports what is not there',
      "import { x } from './missing.ts';\nexport default x;\n",
      /does not load: .*missing\.ts/,
    ],
    ['does not exist', '', /does not load: .*broken/],
    [
      'exports something else',
      'export default { name: 1 };\n',
      /\(broken\) does not export a scenario; expected: export default scenario\(/,
    ],
    ['exports nothing', 'const x = 1;\n', /does not export a scenario/],
  ])('refuses a file that %s, naming it', async (what, text, message) => {
    if (text === '') await rm(join(folder, 'broken.ts'), { force: true });
    else await put('broken.ts', text);
    const answer = await loading('broken.ts');
    expect(answer, what).toMatchObject({ code: 'SCENARIO_UNLOADABLE', message: expect.stringMatching(message) });
    expect(answer.message).toContain(join(folder, 'broken.ts'));
  });

  it('refuses two files that share a name, naming both', async () => {
    await put('vod/twin.ts', scenario('an upload stalls'));
    expect(await loading('vod/upload-stalls.ts', 'vod/twin.ts')).toEqual({
      code: 'SCENARIO_UNLOADABLE',
      message:
        'vod/twin and vod/upload-stalls have the same name, "an upload stalls"; reports could not tell them apart. Rename one.',
    });
    await rm(join(folder, 'vod/twin.ts'));
  });
});
