/** What k6 says of itself at its end, as the journal keeps it: pure. */
import type { DriverReport } from '../../harness/load.ts';
import { lookedAt, ownMetric, type Thresholds } from './options.ts';

interface Summary {
  readonly metrics?: Readonly<
    Record<
      string,
      {
        readonly values?: Readonly<Record<string, number>>;
        readonly thresholds?: Readonly<Record<string, { readonly ok?: boolean }>>;
      }
    >
  >;
}

/** `text` is the summary's JSON; undefined where k6 came to no summary, which leaves every threshold undecided. */
export function reportOf(
  program: string,
  { thresholds, vusInUse }: { readonly thresholds: Thresholds; readonly vusInUse: number },
  text: string | undefined,
): DriverReport {
  const { metrics = {} } = (text === undefined ? {} : JSON.parse(text)) as Summary;
  const values = (name: string) => metrics[ownMetric(name)]?.values ?? {};
  const figure = (name: string, value: number | undefined, unit: DriverReport['figures'][number]['unit']) =>
    value === undefined ? [] : [{ name, value, unit }];
  const duration = values('http_req_duration');
  return {
    program,
    figures: [
      ...figure('iterations', values('iterations').count, ''),
      ...figure('dropped_iterations', text === undefined ? undefined : (values('dropped_iterations').count ?? 0), ''),
      ...figure('http_reqs', values('http_reqs').count, ''),
      ...figure('http_req_failed', values('http_req_failed').rate, 'share'),
      ...(['p(50)', 'p(95)', 'p(99)', 'max'] as const).flatMap((statistic) =>
        figure(`http_req_duration ${statistic}`, duration[statistic], 'ms'),
      ),
      ...figure('VUs in use, at most', vusInUse, ''),
    ],
    thresholds: Object.entries(thresholds).flatMap(([metric, limits]) =>
      limits.map((limit) => ({
        metric,
        limit,
        value: values(metric)[lookedAt(limit)] ?? null,
        held: metrics[ownMetric(metric)]?.thresholds?.[limit]?.ok ?? null,
      })),
    ),
  };
}
