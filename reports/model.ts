/**
 * From a journal to what a report says: pure, no files, no clock. `RunReport` is the contract of every view: run.json is
 * the part of it that its schema names, and the HTML adds drawings of the rest.
 */
import type { EventOf, JournalEvent, Series } from '../harness/journal.ts';
import { alertReports, detections } from './model/alerts.ts';
import { conclusion, provenBy } from './model/conclusion.ts';
import { faultWindows } from './model/faults.ts';
import { countVerdicts, judgementGroups } from './model/judgements.ts';
import { type LoadRun, loadRuns } from './model/loads.ts';
import { panelReports } from './model/panels.ts';
import { phaseReports } from './model/phases.ts';
import { seriesByKey } from './model/series.ts';
import { timescale } from './model/timescale.ts';
import { type Moment, RUN_JSON_VERSION, type RunJson } from './run-json.ts';

export interface RunReport extends RunJson {
  /** Samples by key, each series in time order; times in real milliseconds since the epoch. */
  readonly series: ReadonlyMap<string, readonly Series[]>;
  /** The loads with what their drivers reported, tick by tick. */
  readonly loadRuns: readonly LoadRun[];
  /** Pictures of what shoppers saw, as data addresses, by the path their visits name. */
  readonly pictures: ReadonlyMap<string, string>;
  /** Log lines that expectations looked at. */
  readonly logs: readonly { readonly moment: Moment; readonly service: string; readonly fields: unknown }[];
  /** The span a time chart covers: the phases as they were run. */
  readonly span: { readonly from: Moment; readonly to: Moment };
}

export interface ModelOptions {
  /** Number of the journal's last line where it was cut off in the middle. */
  readonly cutOffAt?: number | null;
  /** See RunReport. */
  readonly pictures?: ReadonlyMap<string, string>;
}

/** The report of one run. `events` as written; throws when they do not begin with a 'run' event. */
export function runReport(
  events: readonly JournalEvent[],
  { cutOffAt = null, pictures = new Map() }: ModelOptions = {},
): RunReport {
  const run = events[0];
  if (run?.type !== 'run') throw new TypeError(`A journal begins with a "run" event; got ${run?.type ?? 'no events'}.`);
  const of = <T extends JournalEvent['type']>(type: T) =>
    events.filter((event): event is EventOf<T> => event.type === type);

  const { origin, moment } = timescale(run, events);
  const end = of('end').at(-1);
  const lastAt = events.reduce((latest, event) => Math.max(latest, event.at), run.at);
  const phases = phaseReports(run, of('phase'), moment);
  const judgements = of('judgement');
  const series = seriesByKey(of('samples'));
  const last = moment(lastAt);
  const firstPhase = phases.find((phase) => phase.from !== null)?.from ?? moment(run.at);
  const lastPhase = phases.findLast((phase) => phase.from !== null);
  const loads = loadRuns(events.filter((event) => event.type === 'load' || event.type === 'load-total'));

  return {
    schema: RUN_JSON_VERSION,
    id: run.id,
    name: run.name,
    hypothesis: run.hypothesis,
    system: run.system,
    ...conclusion({ end, phases, last, judgements }),
    speed: run.speed,
    seed: run.seed,
    started: moment(run.at),
    ended: last,
    origin,
    intervals: run.intervals,
    counts: countVerdicts(judgements),
    phases,
    faults: faultWindows(run, of('fault'), moment),
    remedies: of('remedy').map(({ type, at, ...remedy }) => ({ ...remedy, moment: moment(at) })),
    alerts: alertReports(run, of('alert'), last, moment),
    notifications: of('notification').map((event) => ({
      moment: moment(event.at),
      alert: event.alert,
      status: event.status,
      receiver: event.receiver,
      labels: event.labels,
      annotations: event.annotations,
    })),
    judgements: judgementGroups(run, judgements, moment),
    panels: panelReports(run, phases, judgements, series, lastAt),
    detections: detections(run, of('detection'), moment),
    load: loads[0]?.report ?? { driver: '', description: run.load, ticks: 0, totals: null },
    loads: loads.map(({ report }) => report),
    visits: of('visit').map(({ type, at, began, picture, ...visit }) => ({
      ...visit,
      began: moment(began),
      ended: moment(at),
      picture: picture ?? null,
    })),
    observations: of('observation').map(({ at, invariant, facts }) => ({ moment: moment(at), invariant, facts })),
    services: of('service').map(({ at, name, state, detail, ms }) => ({
      moment: moment(at),
      name,
      state,
      detail,
      ms: ms ?? null,
    })),
    troubles: [
      ...of('trouble').map(({ at, code, message }) => ({ moment: moment(at), code, message })),
      ...(cutOffAt === null
        ? []
        : [
            {
              moment: last,
              code: 'JOURNAL_CUT_OFF',
              message: `Line ${cutOffAt} of the journal was never finished; everything before it is in this report.`,
            },
          ]),
    ],
    coverage: end?.coverage ?? provenBy(judgements),
    versions: run.versions,
    settings: run.settings,
    series,
    loadRuns: loads,
    pictures,
    logs: of('log').map(({ at, service, fields }) => ({ moment: moment(at), service, fields })),
    span: { from: firstPhase, to: lastPhase?.to ?? last },
  };
}
