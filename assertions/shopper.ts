/**
 * Claims about what shoppers see in a real browser. Judged from their visits: when a visit ended is when the shopper knew.
 * A phase in which no visit ended tells nothing, so everything about it is unknown.
 */
import type { Expectation, Judgement, Needs, View } from '../harness/expectation.ts';
import type { EventOf } from '../harness/journal.ts';
import { type Duration, duration, milliseconds } from '../harness/units.ts';
import type { AlertName } from '../monitoring/catalog.gen.ts';
import { type Explanation, explain, readable, since } from './explain.ts';
import type { Claim } from './signal.ts';

type Visit = EventOf<'visit'>;

export interface FailureClaim extends Claim {
  /** Somebody is told of it: the alert's notification comes before, or at the latest so long after, the first failure. */
  pages(alert: AlertName): Claim;
}

export interface ShopperClaims {
  /** A shopper buys something. */
  buys(): Claim;
  /** Whoever comes buys: no visit of the phase ends otherwise, and there was at least one. */
  alwaysBuys(): Expectation;
  /** A shopper cannot buy: is refused, or gives up. */
  fails(): FailureClaim;
  /** A shopper is told this by the page. */
  reads(message: RegExp): Claim;
  /** From the click that reserves until the shopper knows what came of it; real time, whatever the speed. */
  waitsOver(wait: Duration): Claim;
  neverWaitsOver(wait: Duration): Expectation;
  /** Time to interactive: from opening the storefront until it can be used; real time. */
  alwaysUsableWithin(wait: Duration): Expectation;
  /** The page's own script has no uncaught error. */
  seesNoPageErrors(): Expectation;
}

const failed = ({ outcome }: Visit): boolean => outcome !== 'bought';
const waited = ({ waitedMs }: Visit): number => waitedMs ?? 0;
const told = ({ outcome, step, message }: Visit): string =>
  `${outcome === 'gave up' ? 'gave up' : 'was refused'} at the step "${step}"${message === '' ? '' : `, reading "${message}"`}`;
const inSeconds = (ms: number): string => readable(ms / 1_000, 's');

export const shopper: ShopperClaims = {
  buys: () =>
    once('a shopper buys', 'a purchase', {
      is: (visit) => !failed(visit),
      missing: 'no shopper bought',
      found: (visit) => `bought after ${inSeconds(waited(visit))}`,
    }),
  alwaysBuys: () =>
    never('every shopper buys', 'every visit ends with a purchase', {
      is: failed,
      broken: (visit) => `a shopper ${told(visit)}`,
      held: (visits) => `${visits.length} of ${visits.length} bought`,
    }),
  fails: () => ({
    ...once("a shopper's purchase fails", 'a visit that does not end with a purchase', {
      is: failed,
      missing: "no shopper's purchase failed",
      found: told,
    }),
    pages: (alert) => ({ within: (deadline) => pages(alert, deadline) }),
  }),
  reads: (message) =>
    once(`a shopper reads ${message}`, `a message like ${message}`, {
      is: (visit) => message.test(visit.message),
      missing: `no shopper read ${message}`,
      found: (visit) => `read "${visit.message}"`,
      closest: (visits) => {
        const read = [...new Set(visits.map((visit) => visit.message).filter(Boolean))];
        return read.length === 0 ? '' : `; read was ${read.map((text) => `"${text}"`).join(', ')}`;
      },
    }),
  waitsOver: (wait) => {
    const limit = milliseconds(wait, 'how long a shopper waits');
    return once(`a shopper waits over ${wait}`, `a wait over ${wait}, real time`, {
      is: (visit) => waited(visit) > limit,
      missing: `no shopper waited over ${wait}`,
      found: (visit) => `waited ${inSeconds(waited(visit))}`,
      closest: (visits) => `, at most ${inSeconds(Math.max(...visits.map(waited)))}`,
    });
  },
  neverWaitsOver: (wait) => {
    const limit = milliseconds(wait, 'how long a shopper waits');
    return never(`no shopper waits over ${wait}`, `waits of at most ${wait}, real time`, {
      is: (visit) => waited(visit) > limit,
      broken: (visit) => `a shopper waited ${inSeconds(waited(visit))}`,
      held: (visits) => `${visits.length} visits, at most ${inSeconds(Math.max(...visits.map(waited)))}`,
    });
  },
  alwaysUsableWithin: (wait) => {
    const limit = milliseconds(wait, 'how long a storefront takes');
    const usable = ({ usableMs }: Visit): number => usableMs ?? Number.POSITIVE_INFINITY;
    return never(`the storefront is usable within ${wait}`, `a time to interactive of at most ${wait}, real time`, {
      is: (visit) => usable(visit) > limit,
      broken: ({ usableMs }) =>
        `the storefront was ${usableMs === null ? 'never usable' : `usable after ${inSeconds(usableMs)}`}`,
      held: (visits) => `${visits.length} visits, at most ${inSeconds(Math.max(...visits.map(usable)))}`,
    });
  },
  seesNoPageErrors: () =>
    never('no shopper meets an error of the page', 'no uncaught error in the page', {
      is: ({ pageErrors }) => pageErrors.length > 0,
      broken: ({ pageErrors }) => `the page threw: ${pageErrors[0]}`,
      held: (visits) => `none in ${visits.length} visits`,
    }),
};

/** Visits that ended in [the phase's start, `to`]. */
const visitsIn = ({ record, phase }: View, to = phase.end): Visit[] =>
  record.visits.filter(({ at }) => at >= phase.start && at <= to);

const unseen = (title: string): Pick<Explanation, 'verdict' | 'headline' | 'received'> => ({
  verdict: 'unknown',
  headline: `${title}: cannot be told`,
  received: 'no visit of a shopper ended in this time',
});

function expectation(
  title: string,
  deadline: number | undefined,
  judge: (view: View) => Judgement | undefined,
  needs: Needs = {},
): Expectation {
  const all = { shoppers: true, ...needs };
  return { kind: 'shopper', title, deadline, needs: all, queries: () => [], floor: () => undefined, judge };
}

interface Once {
  is(visit: Visit): boolean;
  readonly missing: string;
  found(visit: Visit): string;
  /** What came closest, to follow 'none of 12 visits'. */
  closest?(visits: readonly Visit[]): string;
}

/** True with the first such visit. */
function once(what: string, wanted: string, { is, missing, found, closest = () => '' }: Once): Claim {
  return {
    within: (deadline) => {
      const title = `${what} within ${deadline}`;
      const ms = milliseconds(deadline, `the deadline of "${what}"`);
      return expectation(title, ms, (view) => {
        const limit = view.phase.start + view.plan.clock.real(ms);
        const visits = visitsIn(view, limit);
        const first = visits.find(is);
        const common = { expected: `${wanted} within ${deadline}` };
        if (first) {
          return explain({
            ...common,
            verdict: 'held',
            headline: what,
            received: `${found(first)}, at ${since(view, first.at)}`,
            timeline: timeline(first),
            decidedAt: first.at,
          });
        }
        if (!view.ended && view.phase.end <= limit) return undefined;
        if (visits.length === 0) return explain({ ...common, ...unseen(what) });
        return explain({
          ...common,
          verdict: 'broken',
          headline: missing,
          received: `none of ${visits.length} visits${closest(visits)}`,
        });
      });
    },
  };
}

interface Never {
  is(visit: Visit): boolean;
  broken(visit: Visit): string;
  held(visits: readonly Visit[]): string;
}

/** Over the whole phase: false with the first such visit. */
function never(title: string, expected: string, { is, broken, held }: Never): Expectation {
  return expectation(title, undefined, (view) => {
    const visits = visitsIn(view);
    const first = visits.find(is);
    if (first) {
      return explain({
        expected,
        verdict: 'broken',
        headline: broken(first),
        received: `${visits.filter(is).length} of ${visits.length} visits, first at ${since(view, first.at)}`,
        timeline: timeline(first),
        decidedAt: first.at,
      });
    }
    if (!view.ended) return undefined;
    if (visits.length === 0) return explain({ expected, ...unseen(title) });
    return explain({ expected, verdict: 'held', headline: title, received: held(visits) });
  });
}

function timeline(visit: Visit): { at: number; what: string }[] {
  return [
    { at: visit.began, what: 'opened the storefront' },
    { at: visit.at, what: visit.outcome },
  ];
}

/** How long shoppers are hurt before somebody is told. */
function pages(alert: AlertName, deadline: Duration): Expectation {
  const what = `${alert} notifies within ${deadline} of the first failed purchase`;
  const ms = milliseconds(deadline, `the deadline of "${what}"`);
  const judge = (view: View): Judgement | undefined => {
    const hurt = visitsIn(view).find(failed);
    const page = view.record.notifications.find(
      (one) => one.alert === alert && one.status === 'firing' && one.at >= view.phase.start && one.at <= view.phase.end,
    );
    const common = { expected: `a notification at the latest ${deadline} after a shopper's purchase failed` };
    const steps = [
      ...(hurt ? [{ at: hurt.at, what: 'first failed purchase' }] : []),
      ...(page ? [{ at: page.at, what: 'notified' }] : []),
    ];
    if (!hurt) {
      if (!view.ended) return undefined;
      return explain({
        ...common,
        verdict: 'unknown',
        headline: `${what}: cannot be told`,
        received: 'no purchase of a shopper failed, so there was nothing to be told of',
        timeline: steps,
      });
    }
    const limit = hurt.at + view.plan.clock.real(ms);
    if (page && page.at <= limit) {
      const gap = duration(Math.round(view.plan.clock.scenario(Math.abs(page.at - hurt.at)) / 1_000) * 1_000);
      return explain({
        ...common,
        verdict: 'held',
        headline: what,
        received: `notified ${gap} ${page.at < hurt.at ? 'before' : 'after'} the first failed purchase (${since(view, hurt.at)})`,
        timeline: steps,
        decidedAt: Math.max(page.at, hurt.at),
      });
    }
    if (view.phase.end > limit) {
      return explain({
        ...common,
        verdict: 'broken',
        headline: `${alert} did not notify within ${deadline} of the first failed purchase`,
        received: page ? `notified at ${since(view, page.at)}` : 'no notification',
        timeline: steps,
      });
    }
    if (!view.ended) return undefined;
    return explain({
      ...common,
      verdict: 'unknown',
      headline: `${what}: cannot be told`,
      received: `the phase ended before its ${deadline} were over`,
      timeline: steps,
    });
  };
  return expectation(what, ms, judge, { alerts: [alert] });
}
