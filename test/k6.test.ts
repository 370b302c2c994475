/** Whole runs with k6 as the load driver: exact under a fault, its limits in the verdict, its mistakes in one message. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { k6Here } from '../load/testing-k6.ts';
import type { RunJson } from '../reports/run-json.ts';
import { place } from './command.ts';

const ROOT = join(import.meta.dirname, '..');

const there = await k6Here();

const scenarioFile = (load: string) => `
import { booksBalance, countsAgree, metric, neverOversells, nothingLost } from '${ROOT}/assertions/index.ts';
import { baseline, scenario, warmUp } from '${ROOT}/harness/index.ts';
import { buyers, k6, traffic } from '${ROOT}/load/index.ts';
import { flashSale } from '${ROOT}/sut/index.ts';
export default scenario('sent by k6', {
  hypothesis: 'none', system: flashSale(), load: ${load},
  phases: [warmUp('2m'), baseline('3m').expect(metric('http_requests_total').rate().staysAbove('1/s'))],
  invariants: [neverOversells(), booksBalance(), nothingLost(), countsAgree()],
});
`;

async function finished(args: readonly string[], file?: string) {
  using here = place();
  const path = join(here.temporary, 'mine.ts');
  if (file !== undefined) writeFileSync(path, file);
  const { code, stdout, stderr } = await here.run(...(file === undefined ? [] : [path]), '--json', ...args).finished;
  if (stdout === '') throw new Error(`it left no run.json:\n${stderr}`);
  return { code, stderr, run: JSON.parse(stdout) as RunJson };
}

/** Command lines of k6 that run the script of this checkout. */
const running = () =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    })
    .filter((line) => line.includes(join(ROOT, 'load/k6/script.ts')));

const verdicts = ({ judgements }: RunJson, kind: string) =>
  judgements.flatMap((group) => group.judgements).filter((judgement) => judgement.kind === kind);

describe.runIf(there)('a run with k6', () => {
  test('holds, with every count exact through a fault full of timeouts and 503s', async () => {
    const { code, stderr, run } = await finished(['flash-sale/pool-exhausted', '--load', 'k6']);
    expect(code, stderr).toBe(0);
    expect(run.load.totals).toMatchObject({
      driver: 'k6',
      dropped: 0,
      report: { program: expect.stringMatching(/^k6 2/) },
    });
    expect(run.load.totals?.answers.filter(({ status }) => status === 503)).not.toEqual([]);
    expect(run.versions.k6).toMatch(/^2\./);
    expect(run.settings.load).toBe('k6');
    expect(verdicts(run, 'invariant').map(({ title, verdict }) => [title, verdict])).toContainEqual([
      'the counts agree to the unit',
      'held',
    ]);
    expect(verdicts(run, 'load').map(({ verdict }) => verdict)).toEqual(['held']);
    expect(running()).toEqual([]);
  });

  test('is broken by a threshold that k6 found crossed, which is named with its value', async () => {
    const limits = "{ http_req_duration: ['p(95)<60000', 'max<0.001'] }";
    const { code, stderr, run } = await finished([], scenarioFile(`k6(buyers.at('30/s'), { thresholds: ${limits} })`));
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(
      /✗ during the whole run: the k6 threshold http_req_duration max<0\.001 was crossed\n.*Expected.*\n.*Received {2}[\d.]+ over/,
    );
    expect(verdicts(run, 'load').map(({ verdict }) => verdict)).toEqual(['held', 'held', 'broken']);
    expect(verdicts(run, 'invariant').every(({ verdict }) => verdict === 'held')).toBe(true);
  });

  test('ends at once where a journey is broken, with one message that names the line', async () => {
    using here = place();
    writeFileSync(join(here.temporary, 'journey.ts'), 'export function* broken() {\n  yield [undefined.ask];\n}\n');
    const path = join(here.temporary, 'mine.ts');
    const journey = "{ module: new URL('./journey.ts', import.meta.url).href, name: 'broken' }";
    writeFileSync(path, scenarioFile(`traffic('broken', ${journey}).at('10/s')`));
    const { code, stderr } = await here.run(path, '--load', 'k6').finished;
    expect(code, stderr).toBe(2);
    expect(stderr.match(/broke down/g)).toHaveLength(1);
    expect(stderr).toMatch(/the load \(k6, broken\) broke down: TypeError: .*\(.*journey\.ts, line 2\)/);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect([here.services(), running()]).toEqual([[], []]);
  });
});
