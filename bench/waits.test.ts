import { expect, it } from 'vitest';
import type { JournalEvent } from '../harness/journal.ts';
import { sampleRun } from '../reports/sample.ts';
import { sharesOf, wastedShare } from './waits.ts';

const sum = (shares: object): number => Object.values(shares).reduce((total, ms) => total + ms, 0);

it('accounts for every millisecond of a run once', () => {
  const events = sampleRun('held');
  const [run, end] = [events.find(({ type }) => type === 'run'), events.find(({ type }) => type === 'end')];
  expect(sum(sharesOf(events))).toBeCloseTo((end?.at ?? 0) - (run?.at ?? 0), 6);
});

const judged = (decidedAt: number): JournalEvent => ({
  type: 'judgement',
  at: 99,
  id: String(decidedAt),
  kind: 'alert',
  phase: 1,
  title: '',
  verdict: 'held',
  headline: '',
  expected: '',
  received: '',
  timeline: [],
  decidedAt,
  proves: {},
});
const phase = (at: number, index: number, kind: 'baseline' | 'fault', state: 'start' | 'end'): JournalEvent => ({
  type: 'phase',
  at,
  index,
  kind,
  state,
});
const [runEvent, endEvent] = ['run', 'end'].map((type) => sampleRun('held').find((event) => event.type === type));
const small = (...more: JournalEvent[]): JournalEvent[] => [
  { ...(runEvent as JournalEvent), at: 0 },
  { type: 'service', at: 20, name: 'postgres', state: 'ready', detail: '' },
  { type: 'service', at: 50, name: 'prometheus', state: 'started', detail: 'first scrape of every target' },
  phase(50, 0, 'baseline', 'start'),
  phase(150, 0, 'baseline', 'end'),
  phase(160, 1, 'fault', 'start'),
  ...more,
  phase(260, 1, 'fault', 'end'),
  { ...(endEvent as JournalEvent), at: 300 },
];

it('takes a baseline whole, and a fault until its last claim is decided', () => {
  expect(sharesOf(small(judged(180), judged(230)))).toEqual({
    needed: 170,
    boot: 20,
    firstScrape: 30,
    afterDecision: 30,
    between: 10,
    closing: 40,
  });
});

it('takes a fault whole where a claim needed all of it', () => {
  expect(sharesOf(small()).afterDecision).toBe(0);
});

it('gives what was wasted as a share of the whole', () => {
  expect(wastedShare({ needed: 75, boot: 10, firstScrape: 5, afterDecision: 4, between: 3, closing: 3 })).toBe(25);
});

it('refuses the journal of a run that was killed', () => {
  const killed = small().filter(({ type }) => type !== 'end');
  expect(() => sharesOf(killed)).toThrow('whole run');
});
