/** A person's mistake gets one clear message and exit code 2: what is wrong, where, what was expected, what to do. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { place } from './command.ts';

const ROOT = join(import.meta.dirname, '..');

/** A scenario file that imports as one in scenarios/flash-sale does. */
const scenarioFile = (fields: string, imports = '') => `
import { alert, metric, panel } from '${ROOT}/assertions/index.ts';
import { baseline, during, scenario, warmUp } from '${ROOT}/harness/index.ts';
import { buyers } from '${ROOT}/load/index.ts';
import { flashSale } from '${ROOT}/sut/index.ts';
${imports}
const rate = metric('http_requests_total').rate();
export default scenario('a mistake', {
  hypothesis: 'none', system: flashSale(), load: buyers.at('20/s'), ${fields}
});
`;
const phases = (expectation: string) =>
  `phases: [warmUp('2m'), baseline('5m').expect(rate.staysAbove('1/s')), during('5m').expect(${expectation})]`;

async function mistakes(args: readonly string[], file?: string) {
  using here = place();
  const path = join(here.temporary, 'mine.ts');
  if (file !== undefined) writeFileSync(path, file);
  const { code, stderr, stdout } = await here.run(...(file === undefined ? [] : [path]), ...args).finished;
  return { code, message: `${stdout}${stderr}`, services: here.services() };
}

describe('the command line', () => {
  test.each([
    [
      ['flash-sale/pool-exhuasted'],
      /there is no scenario 'flash-sale\/pool-exhuasted'.*did you mean 'flash-sale\/pool-exhausted'/,
    ],
    [['pool-exhausted'], /did you mean 'flash-sale\/pool-exhausted'/],
    [['--speed', 'fast'], /--speed is 'fast'; expected a number from 1/],
    [['--speed', '0'], /--speed is '0'; expected/],
    [['--seed', '1.5'], /--seed is '1.5'; expected a whole number/],
    [['--sped', '60'], /unknown option '--sped'/],
    [['--out', '/dev/null/here'], /cannot be written.*Choose another folder with --out/s],
    [['--speed', '200'], /highest sound speed/],
    [['--load', 'k7'], /--load is 'k7'; expected one of arrivals, k6; did you mean 'k6'\?/],
    [['--runtime', 'kubernetes'], /--runtime is 'kubernetes'; expected auto, processes, containers/],
    [['--image', 'postgres'], /--image is 'postgres'; expected <service>=<image>/],
    [['--image', 'postgress=x:1'], /--image is for 'postgress'.*did you mean 'postgres'\?/],
    [['--with', 'grafanna'], /--with is 'grafanna'; flash-sale offers .*did you mean 'grafana'\?/],
    [['--load', 'autocannon'], /--load is 'autocannon'; expected one of arrivals, k6/],
  ])('with %j says so', async (args, message) => {
    const result = await mistakes(args);
    expect(result.message).toMatch(message);
    expect(result.message).not.toMatch(/\n\s+at /);
    expect(result.code).toBe(2);
  });
});

test('containers without an engine say so, and what else there is', async () => {
  using here = place({ DOCKER_HOST: 'unix:///no/such/docker.sock' });
  const { code, stderr } = await here.run('flash-sale/quiet', '--runtime', 'containers').finished;
  expect(stderr).toMatch(
    /^no container engine was found at DOCKER_HOST=unix:\/\/\/no\/such\/docker\.sock\..*--runtime processes\.$/m,
  );
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(code).toBe(2);
});

describe('a scenario file', () => {
  test.each([
    ['that does not parse', 'export default {', /does not load/],
    ['that imports what is not there', "import './no-such-file.ts';", /does not load.*no-such-file/s],
    ['that exports no scenario', 'export default 42;', /does not export a scenario/],
    [
      'with an unknown alert',
      scenarioFile(phases("alert('FlashSaleHighLatncy' as never).fires().within('5m')")),
      /no rule file defines the alert 'FlashSaleHighLatncy'.*did you mean 'FlashSaleHighLatency'/,
    ],
    [
      'with an unknown panel',
      scenarioFile(phases("panel('Flash Sale', 'Memmory' as never).rises().within('5m')")),
      /no dashboard has the panel 'Flash Sale \/ Memmory'.*did you mean/,
    ],
    [
      'with an unknown legend',
      scenarioFile(phases("panel('Flash Sale', 'Memory').legend('Heap').rises().within('5m')")),
      /has the legend 'Heap' \(they have/,
    ],
    [
      'with an unknown metric',
      scenarioFile(phases("metric('http_request_total' as never).rate().exceeds('1/s').within('5m')")),
      /has no metric 'http_request_total'.*did you mean 'http_requests_total'/,
    ],
    [
      'with an unknown label',
      scenarioFile(
        phases("metric('http_requests_total').where({ route: 'x' } as never).rate().exceeds('1/s').within('5m')"),
      ),
      /http_requests_total has no label 'route'/,
    ],
    [
      'with a deadline under the floor',
      scenarioFile(phases("alert('FlashSaleHighLatency').fires().within('1m')")),
      /cannot be met: it takes at least .* \(scrape .*for 2m\)/,
    ],
    [
      'with a deadline beyond the phase',
      scenarioFile(phases("rate.exceeds('1/s').within('20m')")),
      /longer than the phase lasts \(5m\)/,
    ],
    [
      'with a bare number for a latency',
      scenarioFile(phases("metric('http_request_duration_seconds').quantile(0.95).exceeds(2 as never).within('5m')")),
      /expected a duration such as/,
    ],
    [
      'with a rate without a unit',
      scenarioFile("phases: [baseline('5m').expect(rate.staysAbove('1' as never))]"),
      /expected a rate such as '80\/s'/,
    ],
    ['that expects nothing', scenarioFile("phases: [baseline('5m')]"), /expects nothing/],
    [
      'without a baseline to compare with',
      scenarioFile("phases: [during('5m').expect(rate.rises().within('5m'))]"),
      /put a baseline\(…\) phase before it/,
    ],
  ])('%s says so before anything boots', async (_, file, message) => {
    const result = await mistakes([], file);
    expect(result.message).toMatch(message);
    expect(result.message).not.toContain('services up');
    expect(result.message).not.toContain('a defect in firedrill');
    expect(result.code).toBe(2);
    expect(result.services).toEqual([]);
  });

  test('whose rule file has broken PromQL names the file and the line', async () => {
    using here = place();
    const rules = join(here.temporary, 'rules.yml');
    writeFileSync(
      rules,
      'groups:\n  - name: g\n    rules:\n      - alert: Broken\n        expr: rate(http_requests_total[5m)\n',
    );
    const file = join(here.temporary, 'mine.ts');
    writeFileSync(
      file,
      scenarioFile("phases: [baseline('5m').expect(rate.staysAbove('1/s'))]").replace(
        'flashSale()',
        `flashSale({ monitoring: { rules: '${rules}' } })`,
      ),
    );
    const { code, stderr } = await here.run(file).finished;
    expect([code, stderr]).toEqual([2, expect.stringMatching(/rules\.yml:5/)]);
  });

  test('whose rule file is no YAML names the file and the line', async () => {
    using here = place();
    const rules = join(here.temporary, 'rules.yml');
    writeFileSync(rules, 'groups:\n  - name: [g\n');
    const file = join(here.temporary, 'mine.ts');
    writeFileSync(
      file,
      scenarioFile("phases: [baseline('5m').expect(rate.staysAbove('1/s'))]").replace(
        'flashSale()',
        `flashSale({ monitoring: { rules: '${rules}' } })`,
      ),
    );
    const { code, stderr } = await here.run(file).finished;
    expect([code, stderr]).toEqual([2, expect.stringMatching(/rules\.yml:\d/)]);
  });
});

describe('the machine', () => {
  test('without a program and without a way to install it: one message with the command that gets it', async () => {
    using here = place();
    const file = join(here.temporary, 'mine.ts');
    writeFileSync(
      file,
      `${scenarioFile("phases: [baseline('5m').expect(rate.staysAbove('1/s'))]")
        .replace('flashSale()', 'withoutRedis(flashSale())')
        .replace(
          'export default',
          "const withoutRedis = (system) => ({ ...system, services: system.services.map((service) => service.name === 'redis' ? { ...service, program: { command: 'no-such-redis', why: 'the cache of the system', packages: { apt: 'no-such-package-anywhere', dnf: 'redis', brew: 'redis' } } } : service) });\nexport default",
        )}`,
    );
    const { code, stderr } = await here.run(file).finished;
    expect(code).toBe(2);
    expect(stderr).toMatch(/no-such-redis +the cache of the system/);
    expect(stderr).toMatch(/Install them with:\n {2}sudo apt-get install no-such-package-anywhere/);
  });

  test.runIf(mayMount())(
    'whose disk is full: the run ends, is torn down, and says why there is no whole journal',
    async () => {
      using here = place();
      const disk = join(here.temporary, 'disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96k', 'tmpfs', disk]);
      try {
        const { code, stderr } = await here.run('flash-sale/redis-down', '--out', disk).finished;
        expect(code, stderr).toBe(2);
        expect(stderr).toMatch(/cannot be written.*ENOSPC.*Free some space/s);
        expect(here.services()).toEqual([]);
      } finally {
        execFileSync('umount', ['-l', disk]);
      }
    },
  );
});

test('npm run report draws a run again from its journal', async () => {
  using here = place();
  await here.run('flash-sale/redis-slow').finished;
  const page = join(here.out, 'latest/report.html');
  const first = readFileSync(page, 'utf8');
  writeFileSync(page, '');
  execFileSync(process.execPath, [join(ROOT, 'reports/render.ts'), join(here.out, 'latest')]);
  expect(readFileSync(page, 'utf8')).toBe(first);
});

/** Mounting a small disk needs root and a machine that allows it. */
function mayMount(): boolean {
  try {
    using here = place();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', here.temporary], { stdio: 'ignore' });
    execFileSync('umount', ['-l', here.temporary]);
    return true;
  } catch {
    return false;
  }
}

test('without Chromium a scenario with shoppers says what is missing and why, and nothing is left running', async () => {
  using here = place();
  const programs = join(here.temporary, 'bin');
  mkdirSync(programs);
  // Every program but the browser, and nothing to install it with.
  const all = new Map(
    ['/usr/sbin', '/usr/bin', '/usr/local/bin'].flatMap((folder) =>
      readdirSync(folder).map((name) => [name, join(folder, name)] as const),
    ),
  );
  for (const [name, path] of all) {
    if (!/^(chromium|google-chrome|apt)/.test(name)) symlinkSync(path, join(programs, name));
  }
  const { PATH } = process.env;
  process.env.PATH = programs;
  try {
    const { code, stdout, stderr } = await here.run('flash-sale/shoppers-feel-it').finished;
    expect(code, stderr).toBe(2);
    expect(stderr).toMatch(
      /needed and not on PATH:\n {2}chromium +shoppers buy in it.*\n.*\n.*apt-get install chromium/,
    );
    expect(`${stdout}${stderr}`).not.toMatch(/\n\s+at /);
    expect(here.services()).toEqual([]);
    expect(here.folders()).toEqual([]);
  } finally {
    process.env.PATH = PATH;
  }
});
