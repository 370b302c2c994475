/** Runs a scenario value in this process, for tests that look at single judgements. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check } from '../harness/check.ts';
import { createClock } from '../harness/clock.ts';
import type { EventOf, JournalEvent } from '../harness/journal.ts';
import { makePlan } from '../harness/plan.ts';
import { type RunResult, run } from '../harness/run.ts';
import type { Scenario } from '../harness/scenario.ts';
import { openProcesses } from '../harness/stack/processes.ts';

export interface Drill extends RunResult {
  readonly events: readonly JournalEvent[];
  /** The verdict of the first judgement whose title has these words. */
  verdictOf(words: string): EventOf<'judgement'>['verdict'];
  /** Everything that was said about it, for a failing test's message. */
  readonly told: string;
}

/** Throws what `check` throws. Nothing is left on disk. */
export async function drill(scenario: Scenario, { speed = 60 } = {}): Promise<Drill> {
  const plan = await makePlan('test/drill', scenario, createClock(speed));
  check(plan);
  const folder = await mkdtemp(join(tmpdir(), 'drill-'));
  try {
    const result = await run(plan, {
      folder,
      openRuntime: openProcesses,
      seed: 1,
      full: false,
      signal: new AbortController().signal,
      about: { versions: {}, settings: {} },
      onEvent: () => {},
      say: () => {},
    });
    const lines = (await readFile(join(folder, 'journal.jsonl'), 'utf8')).trimEnd().split('\n');
    const events = lines.map((line) => JSON.parse(line) as JournalEvent);
    const judgements = events.filter((event) => event.type === 'judgement');
    return {
      ...result,
      events,
      verdictOf(words) {
        const judgement = judgements.find(({ title }) => title.includes(words));
        if (!judgement) throw new Error(`nothing was judged about "${words}": ${judgements.map(({ title }) => title)}`);
        return judgement.verdict;
      },
      told: [
        result.sentence,
        ...judgements.map(({ verdict, headline, received }) => `${verdict}: ${headline} (${received})`),
        ...events.filter((event) => event.type === 'trouble').map(({ message }) => message),
      ].join('\n'),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
