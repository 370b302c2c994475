/** summary.md: what a reviewer reads in the CI job's own page, short, with the failures in full. */
import { plainNumber, realDuration, scenarioDuration, scenarioOffset } from './format.ts';
import { storyOf } from './model/story.ts';
import type { Detection, RunJson } from './run-json.ts';
import { countsText, durationText, explained, floorText, loadText, SIGN, whenText } from './words.ts';

/** GitHub-flavoured Markdown. Text from the run is escaped so that it stays text. */
export function markdown(run: RunJson): string {
  const all = run.judgements.flatMap(({ title, judgements }) => judgements.map((one) => ({ group: title, ...one })));
  const failed = all.filter(({ verdict }) => verdict !== 'held');
  return [
    `## ${SIGN[run.verdict]} ${plain(run.id)}: ${run.verdict}`,
    `**${plain(run.sentence)}**`,
    `${plain(run.name)}. ${plain(run.hypothesis)}`,
    `${plain(run.system)} · ${countsText(run.counts)} · ${durationText(run)} · ${plain(loadText(run))}`,
    ...(failed.length === 0 ? [] : ['### Not held', ...failed.map((one) => fenced(explained(one, scenarioOffset)))]),
    ...storyLines(run),
    '### Expectations',
    all.length === 0
      ? 'Nothing was judged.'
      : table(
          ['', 'phase', 'expectation', 'received'],
          all.map(({ verdict, group, title, received }) => [
            `${SIGN[verdict]} ${verdict}`,
            plain(group),
            plain(title),
            plain(received),
          ]),
        ),
    ...(run.detections.length === 0
      ? []
      : [
          '### Detection, from the fault',
          table(
            ['alert', 'moved', 'pending', 'firing', 'notified', 'floor', 'beyond the floor', 'resolved after the heal'],
            run.detections.map(detectionRow),
          ),
        ]),
    ...loadLines(run),
    ...(run.troubles.length === 0
      ? []
      : [
          '### Troubles',
          run.troubles
            .map(
              ({ moment, code, message }) => `- ${realDuration(moment.realMs)} in: ${plain(code)}: ${plain(message)}`,
            )
            .join('\n'),
        ]),
    '',
  ].join('\n\n');
}

/** The chapters of the incident, and what was done to mend it, in order. */
function storyLines(run: RunJson): string[] {
  const story = storyOf(run);
  if (story.length === 0) return [];
  const lines = story.map((step) => {
    if (step.kind === 'remedy') {
      const { name, state, moment, seen, source } = step.remedy;
      return `- ${plain(name)} ${state}, ${whenText(run, moment)}: ${plain(`${seen} (${source})`)}`;
    }
    const { number, title, verdict, decided, judgements } = step;
    const when = decided === null ? 'never decided' : whenText(run, decided);
    return `- **${number}. ${plain(title)}**: ${SIGN[verdict]} ${verdict}, ${when}. ${judgements.map(({ received }) => plain(received)).join('; ')}`;
  });
  return ['### The incident, step by step', lines.join('\n')];
}

function detectionRow(one: Detection): string[] {
  const offset = (moment: Detection['moved']) => (moment === null ? '–' : scenarioOffset(moment.scenarioMs));
  return [
    plain(one.alert),
    offset(one.moved),
    offset(one.pending),
    offset(one.firing),
    offset(one.notified),
    floorText(one.floor),
    one.excessMs === null ? '–' : scenarioOffset(one.excessMs),
    one.resolvedMs === null ? '–' : scenarioDuration(one.resolvedMs),
  ];
}

function loadLines({ load: { totals } }: RunJson): string[] {
  if (totals === null) return ['### Load', 'The load never drained, so nothing was counted.'];
  const { started, dropped, unanswered, latencyMs } = totals;
  const answered = totals.answers.reduce((sum, { count }) => sum + count, 0);
  return [
    '### Load',
    `${plainNumber(started)} iterations begun, ${plainNumber(dropped)} dropped; ${plainNumber(answered)} answers, ` +
      `${plainNumber(unanswered)} requests without one; latency p50 ${realDuration(latencyMs.p50)}, ` +
      `p95 ${realDuration(latencyMs.p95)}, p99 ${realDuration(latencyMs.p99)}. Sent by ${plain(totals.report?.program ?? totals.driver)}.`,
  ];
}

/** Rows of cells that are Markdown already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Text as Markdown that shows exactly that text, on one line. */
export function plain(text: string): string {
  return visible(text)
    .replace(/\s+/gu, ' ')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_{}[\]#~|!]/g, '\\$&')
    .trim();
}

/** A code block whose fence is longer than any run of backticks inside it. */
function fenced(text: string): string {
  const longest = [...text.matchAll(/`+/g)].reduce((most, [run]) => Math.max(most, run.length), 2);
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${visible(text)}\n${fence}`;
}

/** Control characters and halves of surrogate pairs would make the file something other than text. */
function visible(text: string): string {
  return text.toWellFormed().replace(/[^\P{Cc}\n\t]/gu, '\ufffd');
}
