import { expect, test } from 'vitest';
import type { JournalEvent } from '../../harness/journal.ts';
import { runReport } from '../model.ts';
import { sampleRun } from '../sample.ts';
import { storyOf } from './story.ts';

const told = (events: readonly JournalEvent[]): string[] =>
  storyOf(runReport(events)).map((step) =>
    step.kind === 'remedy'
      ? `${step.remedy.name} ${step.remedy.state}`
      : `${step.number} ${step.title}: ${step.verdict} at ${step.decided?.scenarioMs ?? 'no time'}, ${step.judgements.length}`,
  );

test('chapters follow one another as they were written, each with the worst verdict and the last decision in it', () => {
  expect(told(sampleRun('held'))).toEqual([
    '1 The alert fires: held at 391200, 2',
    '2 The dashboard shows a full pool: held at 90000, 1',
    '3 The logs say who waits for it: held at 69600, 1',
    'raisePool applied',
    '4 The pool is raised and checkouts recover: held at 654000, 2',
  ]);
  expect(told(sampleRun('broken'))).toMatchObject([
    '1 The alert fires: broken at 391200, 2',
    expect.stringContaining('held'),
    expect.stringContaining('held'),
    'raisePool applied',
    '4 The pool is raised and checkouts recover: unknown at 654000, 2',
  ]);
});

test('a chapter with an expectation that was never decided has no time', () => {
  const events = sampleRun('held').map((event): JournalEvent => {
    if (event.type !== 'judgement' || event.kind !== 'notification') return event;
    const { decidedAt, ...open } = event;
    return { ...open, verdict: 'unknown' };
  });
  expect(told(events)[0]).toBe('1 The alert fires: unknown at no time, 2');
});

test('the same title in another phase is another chapter', () => {
  const events = sampleRun('held').map(
    (event): JournalEvent =>
      event.type === 'judgement' && event.chapter !== undefined ? { ...event, chapter: 'Again' } : event,
  );
  expect(told(events)).toEqual(['1 Again: held at 391200, 4', 'raisePool applied', '2 Again: held at 654000, 2']);
});

test('without chapters there is no story, whatever was mended', () => {
  const events = sampleRun('held').map((event): JournalEvent => {
    if (event.type !== 'judgement') return event;
    const { chapter, ...rest } = event;
    return rest;
  });
  expect(told(events)).toEqual([]);
  expect(told(sampleRun('quiet'))).toEqual([]);
  expect(runReport(events).remedies).toMatchObject([
    { phase: 3, name: 'raisePool', state: 'applied', seen: 'db_pool is 20', moment: { scenarioMs: 532_200 }, ms: 118 },
  ]);
});
