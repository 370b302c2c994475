/** Claims about the services' JSON log lines. */
import type { Expectation, LogQuery, View } from '../harness/expectation.ts';
import type { EventOf } from '../harness/journal.ts';
import { type Duration, milliseconds } from '../harness/units.ts';
import { matches } from '../harness/watch.ts';
import { explain, since } from './explain.ts';
import { type FieldValue, has, lineText, namesIn, valueText } from './log-values.ts';
import type { Claim } from './signal.ts';

export interface LogClaims {
  /** At least one such line is written in the phase. */
  appears(): Claim;
  /** At least three such lines are written in the phase, and every one of them has these values. */
  allHave(values: Readonly<Record<string, FieldValue>>): Claim;
}

/** What one line has may be chance. */
const LEAST_LINES = 3;
/** Lines that the timeline of a judgement names. */
const LINES_TOLD = 5;

/** Lines of a service whose fields are these: `log('flash-sale', { level: 'error', error_code: /DATABASE/ })`. */
export function log(service: string, match: LogQuery['match']): LogClaims {
  const query: LogQuery = { service, match };
  const selected = Object.entries(match)
    .map(([field, value]) => `${field}=${value instanceof RegExp ? value : JSON.stringify(value)}`)
    .join(' ');
  const shown = `${service} logs ${selected}`;
  return {
    appears: () => ({ within: (deadline) => appears(query, shown, deadline) }),
    allHave: (values) => ({ within: (deadline) => allHave(query, selected, values, deadline) }),
  };
}

function appears(query: LogQuery, shown: string, deadline: Duration): Expectation {
  return claim(query, `${shown} within ${deadline}`, deadline, (view, limit) => {
    const [line] = linesOf(view, query, limit);
    const common = { expected: `such a line within ${deadline}` };
    if (line) {
      return explain({
        ...common,
        verdict: 'held',
        headline: shown,
        received: `${String(line.fields.message ?? 'a line')} at ${since(view, line.at)}`,
        timeline: [{ at: line.at, what: 'logged' }],
        decidedAt: line.at,
      });
    }
    if (!view.ended && view.phase.end <= limit) return undefined;
    return explain({
      ...common,
      verdict: 'broken',
      headline: `${shown.replace(' logs ', ' did not log ')}`,
      received: 'no such line',
    });
  });
}

function allHave(
  query: LogQuery,
  selected: string,
  values: Readonly<Record<string, FieldValue>>,
  deadline: Duration,
): Expectation {
  const wanted = Object.entries(values);
  const names = namesIn(values);
  const claimed = wanted.map(([name, value]) => valueText(name, value)).join(', ');
  const title = `every line of ${query.service} with ${selected} has ${claimed}`;
  return claim(query, `${title} within ${deadline}`, deadline, (view, limit) => {
    const lines = linesOf(view, query, limit);
    const lacking = lines.find(({ fields }) => wanted.some(([name, value]) => !has(fields, name, value)));
    const common = {
      expected: `at least ${LEAST_LINES} such lines within ${deadline}, and every one with ${claimed}`,
      timeline: lines.slice(0, LINES_TOLD).map(({ at, fields }) => ({ at, what: lineText(fields, names) })),
    };
    if (lacking) {
      const missing = wanted.filter(([name, value]) => !has(lacking.fields, name, value));
      return explain({
        ...common,
        verdict: 'broken',
        headline: `a line of ${query.service} with ${selected} lacks ${missing.map(([name, value]) => valueText(name, value)).join(', ')}`,
        received: `${lineText(lacking.fields, names)} at ${since(view, lacking.at)}`,
        timeline: [{ at: lacking.at, what: lineText(lacking.fields, names) }],
        decidedAt: lacking.at,
      });
    }
    const [first, enough] = [lines[0], lines[LEAST_LINES - 1]];
    if (first && enough) {
      return explain({
        ...common,
        verdict: 'held',
        headline: title,
        received: `${lines.length} lines; ${lineText(first.fields, names)}`,
        decidedAt: enough.at,
      });
    }
    if (!view.ended && view.phase.end <= limit) return undefined;
    return explain({
      ...common,
      verdict: 'broken',
      headline: `${query.service} wrote too few lines with ${selected}`,
      received: `${lines.length === 0 ? 'no such line' : `${lines.length} of ${LEAST_LINES} lines`}${first ? `; ${lineText(first.fields, names)}` : ''}`,
    });
  });
}

/** `judge` is handed the end of the deadline in real ms. */
function claim(
  query: LogQuery,
  title: string,
  deadline: Duration,
  judge: (view: View, limit: number) => ReturnType<Expectation['judge']>,
): Expectation {
  const ms = milliseconds(deadline, `the deadline of "${title}"`);
  return {
    kind: 'log',
    title,
    deadline: ms,
    needs: { logs: [query] },
    queries: () => [],
    floor: () => undefined,
    judge: (view) => judge(view, view.phase.start + view.plan.clock.real(ms)),
  };
}

/** In the order they were written. */
const linesOf = ({ record, phase }: View, query: LogQuery, limit: number): EventOf<'log'>[] =>
  record.logs
    .filter(
      ({ at, service, fields }) =>
        service === query.service && at >= phase.start && at <= limit && matches(fields, query),
    )
    .sort((a, b) => a.at - b.at);
