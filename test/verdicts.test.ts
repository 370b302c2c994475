/**
 * The drills themselves under test: a healthy system is held, and whatever is broken in the monitoring or the app turns
 * the claim about it red. Each test is one real run of the smallest scenario that has every kind of claim.
 */

import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import {
  alert,
  booksBalance,
  countsAgree,
  log,
  metric,
  neverOversells,
  nothingLost,
  panel,
} from '../assertions/index.ts';
import { killService, renameTable } from '../chaos/index.ts';
import type { Fault, Proof } from '../harness/fault.ts';
import { baseline, during, recovery, scenario, warmUp } from '../harness/index.ts';
import type { Remedy } from '../harness/remedy.ts';
import type { Scenario } from '../harness/scenario.ts';
import type { System } from '../harness/system.ts';
import { buyers } from '../load/index.ts';
import { flashSale } from '../sut/index.ts';
import { postgresUrl } from '../sut/services/postgres.ts';
import { drill } from './drill.ts';
import { ALERTMANAGER, breakAlert, DASHBOARD, mutate, mutateApp, PROMETHEUS, RULES } from './mutants.ts';

const errors = alert('FlashSaleHighErrorRate');
const failed = metric('http_requests_total').share({ status_code: /5../ });
const breakdown = panel('Flash Sale', 'Error rate breakdown').legend('HTTP 5xx');

/** Every kind of claim about one fault: the purchases table is renamed under the running shop. */
const everyKind = (system: System = flashSale(), fault: Fault = renameTable('purchases')): Scenario =>
  scenario('every kind of claim', {
    hypothesis: 'A migration that breaks purchases is seen by everything that should see it.',
    system,
    load: buyers.at('40/s'),
    phases: [
      warmUp('2m'),
      baseline('3m').expect(metric('http_requests_total').rate().staysAbove('1/s'), breakdown.hasData()),
      during('8m', fault).expect(
        failed.exceeds('5%').within('4m'),
        errors.fires({ severity: 'critical' }).within('6m'),
        errors.notifies().within('7m'),
        breakdown.rises().within('4m'),
        log('flash-sale', { level: 'error', error_code: 'INTERNAL' }).appears().within('2m'),
      ),
      recovery('8m').expect(errors.resolves().within('6m')),
    ],
    invariants: [neverOversells(), booksBalance(), nothingLost(), countsAgree()],
  });

/** A steady state, and a recovery in which an operator does something about it. */
const mended = (...remedies: readonly Remedy[]): Scenario =>
  scenario('somebody mends it', {
    hypothesis: 'What an operator does is done to the running system.',
    system: flashSale(),
    load: buyers.at('20/s'),
    phases: [
      warmUp('1m'),
      baseline('1m').expect(breakdown.hasData()),
      recovery('2m', ...remedies).expect(breakdown.hasData()),
    ],
  });

const speaksTo = (name: string, proof: (answer: Response) => Promise<Proof>): Remedy => ({
  name,
  description: 'asks the shop how it is',
  targets: ['flash-sale'],
  async apply(stack, signal) {
    const { host, port } = stack.service('flash-sale').endpoint;
    return proof(await fetch(`http://${host}:${port}/health`, { signal }));
  },
});

// Two at a time: two of these light stacks take half of a slow machine.
describe.concurrent('a run', () => {
  test('of a healthy system with sound monitoring is held, exit code 0', async () => {
    const { verdict, exitCode, told } = await drill(everyKind());
    expect([verdict, exitCode], told).toEqual(['held', 0]);
  });

  test('with a rule that can no longer fire breaks the alert and its notification, exit code 1', async () => {
    await using rules = await mutate(RULES, (text) => breakAlert(text, 'FlashSaleHighErrorRate', 'threshold × 1000'));
    const { exitCode, verdictOf, told } = await drill(everyKind(flashSale({ monitoring: { rules: rules.path } })));
    expect(exitCode, told).toBe(1);
    expect(verdictOf('FlashSaleHighErrorRate fires'), told).toBe('broken');
    expect(verdictOf('FlashSaleHighErrorRate notifies'), told).toBe('broken');
    expect(verdictOf('http_requests_total{status_code'), told).toBe('held');
  });

  test('whose Alertmanager notifies nobody breaks the notification alone, exit code 1', async () => {
    await using config = await mutate(ALERTMANAGER, (text) =>
      text.replaceAll('receiver:9099/alerts', 'receiver:9099/nobody'),
    );
    const { exitCode, verdictOf, told } = await drill(
      everyKind(flashSale({ monitoring: { alertmanager: config.path } })),
    );
    expect(exitCode, told).toBe(1);
    expect(verdictOf('FlashSaleHighErrorRate notifies'), told).toBe('broken');
    expect(verdictOf('FlashSaleHighErrorRate fires'), told).toBe('held');
  });

  test('in which an alert fires that nobody named is broken, exit code 1', async () => {
    const whole = everyKind();
    const unnamed = {
      ...whole,
      phases: [
        warmUp('2m'),
        baseline('3m').expect(breakdown.hasData()),
        during('6m', renameTable('purchases')).expect(
          breakdown.rises().within('3m'),
          metric('db_errors_total').rate().exceeds('1000/s').within('6m'),
        ),
      ],
    };
    const { exitCode, verdictOf, told } = await drill(unnamed);
    expect([exitCode, verdictOf('FlashSaleHighErrorRate stays silent')], told).toEqual([1, 'broken']);
  });

  test('with an alert of another severity breaks the claim about its labels, exit code 1', async () => {
    await using rules = await mutate(RULES, (text) => text.replaceAll('severity: critical', 'severity: warning'));
    const { exitCode, verdictOf, told } = await drill(everyKind(flashSale({ monitoring: { rules: rules.path } })));
    expect([exitCode, verdictOf('FlashSaleHighErrorRate fires')], told).toEqual([1, 'broken']);
  });

  test('with a panel over a metric that is not there breaks "has data", exit code 1', async () => {
    await using dashboard = await mutate(DASHBOARD, (text) =>
      text.replaceAll('http_requests_total', 'http_requests_renamed_total'),
    );
    const { exitCode, verdictOf, told } = await drill(
      everyKind(flashSale({ monitoring: { dashboard: dashboard.path } })),
    );
    expect([exitCode, verdictOf('"Error rate breakdown" (HTTP 5xx) has data')], told).toEqual([1, 'broken']);
  });

  test('whose app no longer exposes a metric is not held', async () => {
    await using mutant = await mutateApp(flashSale(), (source) =>
      source.replaceAll('http_requests_total', 'http_requests_sum'),
    );
    const { exitCode, verdictOf, told } = await drill(everyKind(mutant.system));
    expect(exitCode, told).not.toBe(0);
    expect(verdictOf('the rate of http_requests_total'), told).toBe('unknown');
  });

  test('whose Prometheus does not scrape the app is unknown, exit code 2', async () => {
    await using config = await mutate(PROMETHEUS, (text) =>
      text
        .replaceAll('flash-sale:8080"', 'prometheus:9090"')
        .replace(/\['?flash-sale:8080'?\]/, "['prometheus:9090']")
        .replace(/^(\s*)- flash-sale:8080$/m, '$1- prometheus:9090'),
    );
    const { exitCode, verdictOf, told } = await drill(
      everyKind(flashSale({ monitoring: { prometheus: config.path } })),
    );
    expect([exitCode, verdictOf('the rate of http_requests_total')], told).toEqual([2, 'unknown']);
  });

  test('whose log never has the line breaks the claim about it', async () => {
    const silent: Scenario = {
      ...everyKind(),
      phases: [
        warmUp('2m'),
        baseline('1m').expect(breakdown.hasData()),
        during('2m').expect(log('flash-sale', { level: 'fatal' }).appears().within('1m')),
      ],
    };
    const { exitCode, verdictOf, told } = await drill(silent);
    expect([exitCode, verdictOf('level="fatal"')], told).toEqual([1, 'broken']);
  });

  test('in which the database is tampered with breaks its invariant, exit code 1', async () => {
    const { exitCode, verdictOf, told } = await drill(quickly(tamper));
    expect([exitCode, verdictOf('the books balance')], told).toEqual([1, 'broken']);
  });
});

describe.concurrent('a run is unknown, exit code 2, when', () => {
  test('Prometheus is killed in the middle of it; its journal is whole', async () => {
    const { exitCode, verdict, events, told } = await drill(quickly(killBehindItsBack('prometheus')));
    expect([verdict, exitCode], told).toEqual(['unknown', 2]);
    expect(told).toContain('prometheus ended in the middle of the run');
    expect(events.at(-1)?.type).toBe('end');
  });

  test('a fault does not visibly take hold, whatever else is seen', async () => {
    const { exitCode, verdict, told } = await drill(quickly(harmless));
    expect([verdict, exitCode], told).toEqual(['unknown', 2]);
    expect(told).toContain('did not visibly take hold');
  });

  test('a fault cannot be injected', async () => {
    const { exitCode, told } = await drill(quickly(renameTable('no_such_table')));
    expect(exitCode, told).toBe(2);
    expect(told).toContain('renameTable could not be injected');
  });

  test('a remedy cannot be applied, which ends it; one before it was, with its evidence', async () => {
    const { exitCode, events, told } = await drill(
      mended(
        speaksTo('askApp', async (answer) => ({ held: answer.ok, seen: `answered ${answer.status}`, source: 'HTTP' })),
        speaksTo('refused', () => Promise.reject(new Error('answered 403 (FORBIDDEN)'))),
      ),
    );
    expect(exitCode, told).toBe(2);
    expect(told).toContain('refused could not be applied: answered 403 (FORBIDDEN)');
    expect(events.filter(({ type }) => type === 'remedy')).toMatchObject([
      { phase: 2, name: 'askApp', state: 'applied', seen: 'answered 200', source: 'HTTP' },
      { phase: 2, name: 'refused', state: 'failed', seen: 'answered 403 (FORBIDDEN)' },
    ]);
    expect(events.findLast(({ type }) => type === 'trouble')).toMatchObject({ code: 'REMEDY_FAILED' });
  });

  test('a heal fails: it is said aloud, and the stack is torn down all the same', async () => {
    const { exitCode, told } = await drill(quickly(unhealable));
    expect(exitCode, told).toBe(2);
    expect(told).toContain('the valve is stuck');
  });

  test('a service does not come up: the message has the end of its log', async () => {
    const system = flashSale();
    const services = system.services.map((service) =>
      service.name === 'redis' ? { ...service, args: () => ['--no-such-option'] } : service,
    );
    const { exitCode, told } = await drill({ ...quickly(harmless), system: { ...system, services } });
    expect(exitCode, told).toBe(2);
    expect(told).toMatch(/redis ended while starting[\s\S]*\| /);
  });
});

test('killing a service through its own verb is a fault, not a crash', async () => {
  const { exitCode, told } = await drill(quickly(killService('redis'), 'FlashSaleRedisUnreachable'));
  expect(exitCode, told).toBe(0);
});

/** A short run with one claim that a fault leaves alone. */
function quickly(fault: Fault, fires?: 'FlashSaleRedisUnreachable'): Scenario {
  const claim = fires
    ? alert(fires).fires().within('6m')
    : metric('http_requests_total').rate().exceeds('1/s').within('3m');
  return {
    ...everyKind(),
    phases: [
      warmUp('2m'),
      baseline('1m').expect(metric('http_requests_total').rate().staysAbove('1/s')),
      during('6m', fault).expect(claim),
    ],
    invariants: fires ? [] : [booksBalance()],
  };
}

const harmless: Fault = {
  name: 'harmless',
  description: 'Does nothing at all.',
  targets: ['redis'],
  inject: async () => ({
    heal: async () => {},
    proof: async () => ({ held: false, seen: 'nothing', source: 'this test' }),
  }),
};

const unhealable: Fault = {
  ...harmless,
  name: 'unhealable',
  inject: async () => ({
    heal: () => Promise.reject(new Error('the valve is stuck')),
    proof: async () => ({ held: true, seen: 'it', source: 'this test' }),
  }),
};

/** Ends a service the way the kernel's out-of-memory killer does: nobody asked for it. */
const killBehindItsBack = (name: string): Fault => ({
  ...harmless,
  name: 'killBehindItsBack',
  async inject(stack) {
    await stack.service(name).signal('SIGKILL');
    return { heal: async () => {}, proof: async () => ({ held: true, seen: 'killed', source: 'this test' }) };
  },
});

/** Units vanish from the counters of an item, as after a careless UPDATE by hand. */
const tamper: Fault = {
  ...harmless,
  name: 'tamper',
  async inject(stack) {
    const client = new Client({ connectionString: postgresUrl(stack.service('postgres').endpoint) });
    await client.connect();
    await client.query('update items set sold = sold + 1 where item_id = 1');
    await client.end();
    return { heal: async () => {}, proof: async () => ({ held: true, seen: 'one row', source: 'the update' }) };
  },
};
