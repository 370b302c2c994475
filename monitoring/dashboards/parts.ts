/**
 * What our dashboards share: variables, the grid, and the queries that every service needs. Written to the rules of
 * Grafana's dashboard-linter: data source, job and instance are variables, every panel has a title, a description and a
 * unit, every rate uses $__rate_interval.
 */
import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { drawn, type Panel, SOURCE } from './panels.ts';

const GRID_COLUMNS = 24;
const MOST_ABREAST = 4;
const PANEL_HEIGHT = 8;

/** The label matchers every query carries. */
export const SCOPE = 'job=~"$job", instance=~"$instance"';

export interface Row {
  /** '' for a dashboard that is one row: it then has no heading. */
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** `metric{job, instance, …more}` with the dashboard's variables. */
export const selector = (metric: string, more = ''): string => `${metric}{${SCOPE}${more === '' ? '' : `, ${more}`}}`;

/** Per second, over a window that always holds four scrapes. */
export const rate = (metric: string, more = ''): string => `rate(${selector(metric, more)}[$__rate_interval])`;

/** The newest value of a gauge, over a gap of a missed scrape. */
export const gauge = (metric: string, more = ''): string =>
  `last_over_time(${selector(metric, more)}[$__rate_interval])`;

/** A quantile of a histogram, in its own unit, per value of the given labels. */
export const quantile = (q: number, histogram: string, by: readonly string[] = [], more = ''): string =>
  `histogram_quantile(${q}, sum by (${[...by, 'le'].join(', ')}) (${rate(`${histogram}_bucket`, more)}))`;

/** `numerator / denominator`, and 0 where the denominator is 0: nothing attempted is nothing failed. */
export const share = (numerator: string, denominator: string): string =>
  `${numerator} / (${denominator} > 0) or 0 * ${denominator}`;

/** `counted`, and 0 where no such series exists while `always` does. */
export const orZero = (counted: string, always: string): string => `${counted} or 0 * ${always}`;

export interface DashboardText {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** The jobs the dashboard opens on, and the metric that tells which jobs and instances there are. */
  readonly jobs: readonly string[];
  readonly presence: string;
  /** The `service` label of the alerts marked on its charts; also its tag. */
  readonly service: string;
}

/** A complete dashboard: rows in order, the panels of a row side by side, at most four abreast and in even lines. */
export function dashboard(text: DashboardText, rows: readonly Row[]): DashboardBuilder {
  const built = new DashboardBuilder(text.title)
    .uid(text.uid)
    .description(text.description)
    .tags(['generated', text.service])
    .readonly()
    .refresh('10s')
    .time({ from: 'now-30m', to: 'now' })
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(jobs(text))
    .withVariable(instances(text))
    .annotation(firing(text.service));
  let id = 0;
  for (const row of rows) {
    if (row.title !== '') {
      id += 1;
      built.withRow(new RowBuilder(row.title).id(id));
    }
    for (const [index, panel] of row.panels.entries()) {
      id += 1;
      built.withPanel(drawn(panel).id(id).span(width(index, row.panels.length)).height(PANEL_HEIGHT));
    }
  }
  return built;
}

/**
 * Opens on the service's own jobs and offers no 'All': process_* metrics are exposed by Prometheus and its companions too, and a
 * memory panel that mixes them in shows nobody's memory.
 */
const jobs = (text: DashboardText): QueryVariableBuilder =>
  new QueryVariableBuilder('job')
    .label('Job')
    .datasource(SOURCE)
    .query(`label_values(${text.presence}, job)`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .allValue('.+')
    .current({ selected: true, text: [...text.jobs], value: [...text.jobs] });

const instances = (text: DashboardText): QueryVariableBuilder =>
  new QueryVariableBuilder('instance')
    .label('Instance')
    .datasource(SOURCE)
    .query(`label_values(${text.presence}{job=~"$job"}, instance)`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current({ selected: true, text: ['All'], value: ['$__all'] });

const firing = (service: string): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder()
    .name('Firing alerts')
    .datasource(SOURCE)
    .enable(true)
    .iconColor('red')
    .expr(`ALERTS{alertstate="firing", service="${service}"}`)
    .titleFormat('{{alertname}}')
    .textFormat('{{severity}}');

/** As many lines as it takes, the upper ones longer: five panels stand three and two, seven four and three. */
function width(index: number, count: number): number {
  const lines = Math.ceil(count / MOST_ABREAST);
  const longest = Math.ceil(count / lines);
  const short = lines * longest - count;
  const inLongLines = (lines - short) * longest;
  return GRID_COLUMNS / (index < inLongLines ? longest : longest - 1);
}
