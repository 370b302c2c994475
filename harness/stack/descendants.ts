/** The processes below a process, wherever they moved themselves: Postgres gives each session a group of its own. */
import { readdir, readFile } from 'node:fs/promises';

/** Process ids, parents first; empty where there is no /proc. */
export async function descendantsOf(pid: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    // The command, in brackets, may hold anything; what follows it is: state, parent.
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const below = (parent: number): number[] =>
    [...parents].filter(([, candidate]) => candidate === parent).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}
