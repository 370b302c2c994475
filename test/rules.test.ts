/** Breaking any one alert rule turns the scenario red that proves the alert. */
import { describe, expect, test } from 'vitest';
import { FiredrillError } from '../harness/errors.ts';
import type { Scenario } from '../harness/scenario.ts';
import ffmpegHangs from '../scenarios/audio/ffmpeg-hangs.ts';
import queueBacklog from '../scenarios/audio/queue-backlog.ts';
import appKilled from '../scenarios/flash-sale/app-killed.ts';
import errorSpike from '../scenarios/flash-sale/error-spike.ts';
import eventLoopBlocked from '../scenarios/flash-sale/event-loop-blocked.ts';
import lockStampede from '../scenarios/flash-sale/lock-stampede.ts';
import memoryLeak from '../scenarios/flash-sale/memory-leak.ts';
import poolExhausted from '../scenarios/flash-sale/pool-exhausted.ts';
import redisDown from '../scenarios/flash-sale/redis-down.ts';
import slowDatabase from '../scenarios/flash-sale/slow-database.ts';
import { type AudioOptions, audio, flashSale } from '../sut/index.ts';
import { drill } from './drill.ts';
import { AUDIO_RULES, breakAlert, mutate, RULE_MUTATIONS, RULES } from './mutants.ts';

const PROVEN_BY: Readonly<Record<string, Scenario>> = {
  FlashSaleHealthCheckFailing: appKilled,
  FlashSaleHighErrorRate: errorSpike,
  FlashSaleDatabaseConnectionsExhausted: poolExhausted,
  FlashSaleRedisUnreachable: redisDown,
  FlashSaleHighLatency: slowDatabase,
  FlashSaleHighLockContention: lockStampede,
  FlashSaleHighMemory: memoryLeak,
  FlashSaleEventLoopLag: eventLoopBlocked,
};

// Two at a time: a neighbour can delay what is expected here, never bring it about.
describe.concurrent.each(Object.entries(PROVEN_BY))('%s', (name, scenario) => {
  test.each(RULE_MUTATIONS)('with its %s is not held', async (mutation) => {
    await using rules = await mutate(RULES, (text) => breakAlert(text, name, mutation));
    const monitoring = { rules: rules.path };
    const mutant = { ...onlyAbout(name, scenario), system: flashSale({ ...settingsOf(scenario), monitoring }) };
    if (mutation === 'rule removed') {
      await expect(drill(mutant)).rejects.toThrow(FiredrillError);
      return;
    }
    const { exitCode, verdictOf, told } = await drill(mutant);
    expect(verdictOf(`${name} fires`), told).toBe('broken');
    expect(exitCode, told).toBe(1);
  });
});

/** Two of its catalog's, each with the settings its scenario boots the network with. */
const AUDIO_PROVEN_BY: readonly (readonly [string, Scenario, AudioOptions])[] = [
  ['AudioFailureRateSpiking', ffmpegHangs, {}],
  ['AudioQueueBacklogHigh', queueBacklog, { ffmpegTimeout: '30m', concurrency: 3 }],
];

// The other ways to break them, and the other twelve, are promtool's business (monitoring/rules.test.ts): runs take longer here.
test.concurrent.each(AUDIO_PROVEN_BY)('%s with its threshold × 1000 is not held', async (name, scenario, settings) => {
  await using rules = await mutate(AUDIO_RULES, (text) => breakAlert(text, name, 'threshold × 1000'));
  const system = audio({ ...settings, monitoring: { rules: rules.path } });
  const { exitCode, verdictOf, told } = await drill({ ...onlyAbout(name, scenario), system });
  expect(verdictOf(`${name} fires`), told).toBe('broken');
  expect(exitCode, told).toBe(1);
});

/** The warm-up and the fault, with no claim but that the alert fires: what is broken must show there. */
function onlyAbout(name: string, scenario: Scenario): Scenario {
  const until = scenario.phases.findLastIndex(({ kind }) => kind === 'fault');
  const upToTheFault = scenario.phases.slice(0, until + 1).filter(({ kind }) => kind !== 'baseline');
  const phases = upToTheFault.map((phase) => ({
    ...phase,
    expectations: phase.expectations.filter(({ title }) => title.startsWith(`${name} fires`)),
  }));
  return { ...scenario, phases, invariants: [] };
}

/** The settings a scenario boots its shop with, where they matter to its fault. */
const settingsOf = (scenario: Scenario) => (scenario === slowDatabase ? { dbPool: 50 } : {});
