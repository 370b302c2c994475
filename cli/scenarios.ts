/** Finds scenario files, loads them, and picks those that were asked for. */
import { glob } from 'node:fs/promises';
import { matchesGlob, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FiredrillError, messageOf } from '../harness/errors.ts';
import type { Scenario } from '../harness/scenario.ts';
import { suggest } from '../harness/suggest.ts';

export interface ScenarioFile {
  /** 'flash-sale/pool-exhausted' */
  readonly id: string;
  readonly path: string;
}

export interface LoadedScenario extends ScenarioFile {
  readonly scenario: Scenario;
}

/** Every scenario below the folder, in alphabetical order. */
export async function findScenarios(folder: string): Promise<ScenarioFile[]> {
  const files: ScenarioFile[] = [];
  for await (const file of glob('**/*.ts', { cwd: folder })) {
    if (file.endsWith('.test.ts')) continue;
    files.push({ id: file.slice(0, -'.ts'.length).split(sep).join('/'), path: resolve(folder, file) });
  }
  return files.sort((a, b) => a.id.localeCompare(b.id));
}

/** Those whose id is named or matched by a glob; a path to a file works too. Throws SCENARIO_UNKNOWN with the nearest name. */
export function pick(files: readonly ScenarioFile[], names: readonly string[]): ScenarioFile[] {
  const picked = new Set<ScenarioFile>();
  for (const name of names) {
    const wanted = resolve(name);
    const matching = files.filter(({ id, path }) => id === name || path === wanted || matchesGlob(id, name));
    if (matching.length > 0) for (const file of matching) picked.add(file);
    else if (/\.[cm]?ts$/.test(name))
      picked.add({
        id: relative(process.cwd(), wanted)
          .replace(/\.[cm]?ts$/, '')
          .split(sep)
          .join('/')
          .replaceAll('../', ''),
        path: wanted,
      });
    else {
      const known = files.map(({ id }) => id);
      const near = suggest(name, known) || suggest(`flash-sale/${name}`, known);
      throw new FiredrillError(
        'SCENARIO_UNKNOWN',
        `there is no scenario '${name}'${near || '.'} See them all with --list.`,
      );
    }
  }
  return [...picked];
}

/** Throws SCENARIO_UNLOADABLE naming the file, or the two files that share a name. */
export async function load(files: readonly ScenarioFile[]): Promise<LoadedScenario[]> {
  const loaded: LoadedScenario[] = [];
  for (const file of files) {
    const scenario = await loadOne(file);
    const twin = loaded.find((other) => other.scenario.name === scenario.name);
    if (twin) {
      throw new FiredrillError(
        'SCENARIO_UNLOADABLE',
        `${file.id} and ${twin.id} have the same name, "${scenario.name}"; reports could not tell them apart. Rename one.`,
      );
    }
    loaded.push({ ...file, scenario });
  }
  return loaded;
}

async function loadOne({ id, path }: ScenarioFile): Promise<Scenario> {
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(path).href)) as { default?: unknown };
  } catch (error) {
    throw new FiredrillError(
      'SCENARIO_UNLOADABLE',
      `the scenario file ${path} does not load: ${messageOf(error)}${placeOf(error, path)}`,
      { cause: error },
    );
  }
  if (isScenario(module.default)) return module.default;
  throw new FiredrillError(
    'SCENARIO_UNLOADABLE',
    `${path} (${id}) does not export a scenario; expected: export default scenario('what breaks', { … }).`,
  );
}

function isScenario(value: unknown): value is Scenario {
  return typeof value === 'object' && value !== null && 'phases' in value && 'system' in value && 'hypothesis' in value;
}

/** ' (line 12)' where the stack says so. */
function placeOf(error: unknown, path: string): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const line = stack.slice(stack.indexOf(path)).match(/:(\d+)/)?.[1];
  return stack.includes(path) && line ? ` (line ${line})` : '';
}
