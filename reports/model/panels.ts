/** Dashboard panels: what each series showed before, during and after the fault. */
import type { EventOf, Point, Series } from '../../harness/journal.ts';
import { seriesName } from '../format.ts';
import type { PanelReport, PhaseReport, RunVerdict, Stats } from '../run-json.ts';

interface Span {
  readonly from: number;
  readonly to: number;
}

export function panelReports(
  run: EventOf<'run'>,
  phases: readonly PhaseReport[],
  judgements: readonly EventOf<'judgement'>[],
  series: ReadonlyMap<string, readonly Series[]>,
  lastAt: number,
): PanelReport[] {
  const spans = (kind: PhaseReport['kind']): Span[] =>
    phases.flatMap((phase) =>
      phase.kind === kind && phase.from !== null ? [{ from: phase.from.at, to: phase.to?.at ?? lastAt }] : [],
    );
  const [before, during, after] = [spans('baseline'), spans('fault'), spans('recovery')];
  return run.panels.map((panel) => ({
    ...panel,
    verdict: worst(judgements.filter((one) => isAbout(one, panel)).map((one) => one.verdict)),
    series: panel.queries.flatMap(({ key, legend }) =>
      (series.get(key) ?? []).map(({ labels, points }) => ({
        name: seriesName(legend, labels),
        before: statistics(points, before),
        during: statistics(points, during),
        after: statistics(points, after),
      })),
    ),
  }));
}

/** A claim names its panel by title, alone or after its dashboard's ('Flash Sale / Saturation'). */
export function isAbout(
  judgement: EventOf<'judgement'>,
  { dashboard, panel }: { readonly dashboard: string; readonly panel: string },
): boolean {
  const named = judgement.proves.panel;
  return named !== undefined && (named === panel || (named.startsWith(dashboard) && named.endsWith(panel)));
}

/** Of the points within the spans; null where there is none: no data is not zero. */
export function statistics(points: readonly Point[], spans: readonly Span[]): Stats | null {
  let samples = 0;
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let last = Number.NaN;
  for (const [at, value] of points) {
    if (!Number.isFinite(value) || !spans.some(({ from, to }) => at >= from && at < to)) continue;
    samples += 1;
    sum += value;
    min = Math.min(min, value);
    max = Math.max(max, value);
    last = value;
  }
  return samples === 0 ? null : { samples, mean: sum / samples, min, max, last };
}

function worst(verdicts: readonly RunVerdict[]): RunVerdict | null {
  if (verdicts.length === 0) return null;
  return verdicts.includes('broken') ? 'broken' : verdicts.includes('unknown') ? 'unknown' : 'held';
}
