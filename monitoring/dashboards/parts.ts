/**
 * What our dashboards share: variables, one look for time series, and the queries that every service needs. Written to
 * the rules of Grafana's dashboard-linter: data source, job and instance are variables, every panel has a title, a
 * description and a unit, every rate uses $__rate_interval.
 */
import {
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

const SOURCE = { type: 'prometheus', uid: '$datasource' };
const GRID_COLUMNS = 24;
const PANEL_HEIGHT = 8;

/** The label matchers every query carries. */
export const SCOPE = 'job=~"$job", instance=~"$instance"';

export interface Query {
  readonly legend: string;
  readonly expr: string;
}

export interface Panel {
  readonly title: string;
  readonly description: string;
  /** A Grafana unit id: 's', 'bytes', 'percentunit', 'reqps' … */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Where an alert draws the line, in the panel's unit. */
  readonly threshold?: number;
}

export interface Row {
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

export interface DashboardText {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** The job the dashboard opens on, and the metric that tells which jobs and instances there are. */
  readonly job: string;
  readonly presence: string;
  /** The `service` label of the alerts marked on its charts. */
  readonly service: string;
}

/** A complete dashboard: rows in order, the panels of a row side by side, at most four abreast. */
export function dashboard(text: DashboardText, rows: readonly Row[]): DashboardBuilder {
  const built = new DashboardBuilder(text.title)
    .uid(text.uid)
    .description(text.description)
    .tags(['generated', text.job])
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
    id += 1;
    built.withRow(new RowBuilder(row.title).id(id));
    for (const [index, panel] of row.panels.entries()) {
      id += 1;
      built.withPanel(timeSeries(panel).id(id).span(width(index, row.panels.length)).height(PANEL_HEIGHT));
    }
  }
  return built;
}

/**
 * Opens on one job and offers no 'All': process_* metrics are exposed by Prometheus and its companions too, and a
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
    .current({ selected: true, text: [text.job], value: [text.job] });

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

/** Rows of up to four fill the width; of five, the last two share a line. */
const width = (index: number, count: number): number => {
  const abreast = count <= 4 ? count : index < 3 ? 3 : count - 3;
  return GRID_COLUMNS / abreast;
};

function timeSeries(panel: Panel): PanelBuilder {
  const built = new PanelBuilder()
    .title(panel.title)
    .description(panel.description)
    .datasource(SOURCE)
    .unit(panel.unit)
    .min(0)
    .lineWidth(1)
    .fillOpacity(10)
    .showPoints(VisibilityMode.Never)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (panel.threshold !== undefined) {
    built
      .thresholds(
        new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
          { value: null, color: 'green' },
          { value: panel.threshold, color: 'red' },
        ]),
      )
      .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  }
  for (const [index, { expr, legend }] of panel.queries.entries()) {
    built.withTarget(
      new DataqueryBuilder()
        .refId(String.fromCharCode('A'.charCodeAt(0) + index))
        .datasource(SOURCE)
        .range()
        .expr(expr)
        .legendFormat(legend),
    );
  }
  return built;
}
