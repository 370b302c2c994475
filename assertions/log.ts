/** Claims about the services' JSON log lines. */
import type { Expectation, LogQuery, View } from '../harness/expectation.ts';
import { type Duration, milliseconds } from '../harness/units.ts';
import { matches } from '../harness/watch.ts';
import { explain, since } from './explain.ts';
import { fieldsAmiss, type LogValue, readableValue } from './log-values.ts';
import type { Claim } from './signal.ts';

export interface LogClaims {
  /** At least one such line is written in the phase. */
  appears(): Claim;
  /** Several such lines are written in the phase, and all of them say this. */
  allHave(values: Readonly<Record<string, LogValue>>): Claim;
}

/** One line may be anything; three are what happens. */
const LINES_WANTED = 3;

/** Lines of a service whose fields are these: `log('flash-sale', { level: 'error', error_code: /DATABASE/ })`. */
export function log(service: string, match: LogQuery['match']): LogClaims {
  const query: LogQuery = { service, match };
  const shown = `${service} logs ${Object.entries(match)
    .map(([field, value]) => `${field}=${value instanceof RegExp ? value : JSON.stringify(value)}`)
    .join(' ')}`;
  return {
    appears: () => ({ within: (deadline) => appears(query, shown, deadline) }),
    allHave: (values) => ({ within: (deadline) => allHave(query, shown, values, deadline) }),
  };
}

function appears(query: LogQuery, shown: string, deadline: Duration): Expectation {
  const ms = milliseconds(deadline, `the deadline of "${shown}"`);
  return {
    kind: 'log',
    title: `${shown} within ${deadline}`,
    deadline: ms,
    needs: { logs: [query] },
    queries: () => [],
    floor: () => undefined,
    judge: (view) => {
      const limit = view.phase.start + view.plan.clock.real(ms);
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
    },
  };
}

function allHave(
  query: LogQuery,
  shown: string,
  values: Readonly<Record<string, LogValue>>,
  deadline: Duration,
): Expectation {
  const ms = milliseconds(deadline, `the deadline of "${shown}"`);
  const wanted = Object.entries(values)
    .map(([name, value]) => `${name} ${readableValue(value)}`)
    .join(', ');
  const tell = (fields: Readonly<Record<string, unknown>>) =>
    Object.keys(values)
      .map((name) => `${name} ${JSON.stringify(fields[name]) ?? 'missing'}`)
      .join(', ');
  return {
    kind: 'log',
    title: `${shown}, all with ${wanted}, within ${deadline}`,
    deadline: ms,
    needs: { logs: [query] },
    queries: () => [],
    floor: () => undefined,
    judge: (view) => {
      const limit = view.phase.start + view.plan.clock.real(ms);
      const lines = linesOf(view, query, limit);
      const common = { expected: `at least ${LINES_WANTED} such lines within ${deadline}, all with ${wanted}` };
      const other = lines.find(({ fields }) => fieldsAmiss(fields, values).length > 0);
      if (other) {
        return explain({
          ...common,
          verdict: 'broken',
          headline: `${shown}, not all with ${fieldsAmiss(other.fields, values).join(', ')} as expected`,
          received: `a line with ${tell(other.fields)} at ${since(view, other.at)}`,
          decidedAt: other.at,
        });
      }
      const [first, enough] = [lines[0], lines[LINES_WANTED - 1]];
      if (first && enough) {
        return explain({
          ...common,
          verdict: 'held',
          headline: `${shown}, all with ${wanted}`,
          received: `${lines.length} lines, the first with ${tell(first.fields)} at ${since(view, first.at)}`,
          timeline: lines.slice(0, LINES_WANTED).map(({ at }) => ({ at, what: 'logged' })),
          decidedAt: enough.at,
        });
      }
      if (!view.ended && view.phase.end <= limit) return undefined;
      return explain({
        ...common,
        verdict: 'broken',
        headline: `${shown.replace(' logs ', ' did not log ')} often enough`,
        received: lines.length === 0 ? 'no such line' : `${lines.length} such lines`,
      });
    },
  };
}

/** What was asked for, in the phase and before the deadline. */
const linesOf = ({ record, phase }: View, query: LogQuery, limit: number) =>
  record.logs.filter(
    ({ at, service, fields }) =>
      service === query.service && at >= phase.start && at <= limit && matches(fields, query),
  );
