/** Claims about the services' JSON log lines. */
import type { Expectation, LogQuery } from '../harness/expectation.ts';
import { type Duration, milliseconds } from '../harness/units.ts';
import { matches } from '../harness/watch.ts';
import { explain, since } from './explain.ts';
import type { Claim } from './signal.ts';

export interface LogClaims {
  /** At least one such line is written in the phase. */
  appears(): Claim;
}

/** Lines of a service whose fields are these: `log('flash-sale', { level: 'error', error_code: /DATABASE/ })`. */
export function log(service: string, match: LogQuery['match']): LogClaims {
  const query: LogQuery = { service, match };
  const shown = `${service} logs ${Object.entries(match)
    .map(([field, value]) => `${field}=${value instanceof RegExp ? value : JSON.stringify(value)}`)
    .join(' ')}`;
  return { appears: () => ({ within: (deadline) => appears(query, shown, deadline) }) };
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
      const line = view.record.logs.find(
        ({ at, service, fields }) =>
          service === query.service && at >= view.phase.start && at <= limit && matches(fields, query),
      );
      const common = { expected: `such a line within ${deadline}` };
      if (line) {
        return explain({
          ...common,
          verdict: 'held',
          headline: shown,
          received: `${String(line.fields.msg ?? 'a line')} at ${since(view, line.at)}`,
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
