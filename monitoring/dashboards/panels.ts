/** How a panel is drawn: one look for what changes over time, one for what is largest. */
import {
  BarGaugeDisplayMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TableCellDisplayMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

export const SOURCE = { type: 'prometheus', uid: '$datasource' };

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
  /** 'lines' unless given. 'parts' of a whole are stacked. A 'ranking' is a table of the ten largest. */
  readonly look?: 'lines' | 'parts' | 'ranking';
  /** A time of its own in place of the dashboard's: '1h'. */
  readonly over?: string;
}

/** The panel with all but its place. */
export const drawn = (panel: Panel): TimeSeriesBuilder | TableBuilder =>
  panel.look === 'ranking' ? ranking(panel) : timeSeries(panel);

/** What every panel has, however it is drawn. */
function described<B extends TimeSeriesBuilder | TableBuilder>(built: B, panel: Panel): B {
  built.title(panel.title).description(panel.description).datasource(SOURCE).unit(panel.unit).min(0);
  if (panel.over !== undefined) built.timeFrom(panel.over);
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

function timeSeries(panel: Panel): TimeSeriesBuilder {
  const { look, threshold } = panel;
  const built = described(new TimeSeriesBuilder(), panel)
    .lineWidth(1)
    .fillOpacity(look === 'parts' ? 60 : 10)
    .showPoints(VisibilityMode.Never)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (look === 'parts') built.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
  if (threshold !== undefined) {
    built
      .thresholds(
        new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
          { value: null, color: 'green' },
          { value: threshold, color: 'red' },
        ]),
      )
      .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  }
  return built;
}

/**
 * The largest by their mean over the time shown. Sorted and cut here and not by topk() in the query: that takes the
 * largest of each moment, and a mean over only those moments in which a series was among them is nobody's mean.
 */
const ranking = (panel: Panel): TableBuilder =>
  described(new TableBuilder(), panel)
    .withTransformation({ id: 'reduce', options: { mode: 'seriesToRows', reducers: ['mean'] } })
    .withTransformation({ id: 'sortBy', options: { fields: {}, sort: [{ field: 'Mean', desc: true }] } })
    .withTransformation({ id: 'limit', options: { limitField: RANKS } })
    .overrideByName('Mean', [
      { id: 'custom.cellOptions', value: { type: TableCellDisplayMode.Gauge, mode: BarGaugeDisplayMode.Basic } },
    ]);
const RANKS = 10;
