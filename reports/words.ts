/** The words and signs of the three verdicts: said the same way in every format, never by colour alone. */
import { realDuration, scenarioDuration } from './format.ts';
import type { FloorJson, Judgement, Moment, RunJson, RunVerdict } from './run-json.ts';

export const SIGN: Readonly<Record<RunVerdict, string>> = { held: '✓', broken: '✗', unknown: '?' };

/** 'within 6m' needs at least this: '5m20s (scrape 5s, evaluation 15s, for 5m)'. Parts of zero are left out. */
export function floorText(floor: FloorJson): string {
  const parts = (['scrape', 'range', 'evaluation', 'for'] as const)
    .filter((part) => floor[part] > 0)
    .map((part) => `${part} ${scenarioDuration(floor[part])}`);
  return parts.length === 0 ? scenarioDuration(floor.total) : `${scenarioDuration(floor.total)} (${parts.join(', ')})`;
}

/** '17 held, 1 broken, 1 unknown'; zeroes are left out unless nothing was judged. */
export function countsText(counts: RunJson['counts']): string {
  const parts = (['held', 'broken', 'unknown'] as const)
    .filter((verdict) => counts[verdict] > 0)
    .map((verdict) => `${counts[verdict]} ${verdict}`);
  return parts.length === 0 ? 'nothing judged' : parts.join(', ');
}

/** '4m10s after the fault', in scenario time. */
export function whenText({ origin }: RunJson, { scenarioMs }: Moment): string {
  const what = origin.what === 'fault' ? 'the fault' : 'the start';
  const length = scenarioDuration(Math.abs(scenarioMs));
  return length === '0s' ? `at ${what}` : `${length} ${scenarioMs < 0 ? 'before' : 'after'} ${what}`;
}

/** '25.3 s real, speed 60'. */
export function durationText(run: RunJson): string {
  return `${realDuration(run.ended.at - run.started.at)} real at speed ${run.speed}`;
}

/** One judgement as plain lines, in the order every failure text has. */
export function explained(judgement: Judgement, offset: (ms: number) => string): string {
  const lines: [string, string][] = [
    ['Expected', judgement.expected],
    ['Received', judgement.received],
    ...(judgement.query === null ? [] : [['Query', judgement.query] as [string, string]]),
    ...(judgement.timeline.length === 0
      ? []
      : [
          [
            'Timeline',
            judgement.timeline.map(({ moment, what }) => `${offset(moment.scenarioMs)} ${what}`).join(' · '),
          ] as [string, string],
        ]),
    ...(judgement.floor === null ? [] : [['Floor', floorText(judgement.floor)] as [string, string]]),
  ];
  return [judgement.headline, ...lines.map(([name, text]) => `  ${name.padEnd(9)} ${text}`)].join('\n');
}

/** 'buyers at 40/s and shoppers at 1/s'. */
export const loadText = ({ load, loads }: RunJson): string =>
  [...new Set((loads.length === 0 ? [load] : loads).map(({ description }) => description))].join(' and ');
