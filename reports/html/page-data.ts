/** What the page's script gets from us: the samples to draw, once each, and what to draw of them where. */

export interface PageData {
  /** Scenario seconds per real second. */
  readonly speed: number;
  /** The span of every time chart, in scenario seconds from the fault (or from the start, without one). */
  readonly from: number;
  readonly to: number;
  /** Scenario seconds between the beginning of the run and the origin, for real times. */
  readonly originRealMs: number;
  readonly bands: readonly Band[];
  readonly series: Readonly<Record<string, readonly DrawnSeries[]>>;
}

export interface Band {
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

export interface DrawnSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Times in scenario seconds from the origin, and values; null breaks the line where there was nothing. */
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
  /** How many samples there were before thinning out. */
  readonly samples: number;
}

/** In the figure's data-chart attribute. */
export interface ChartSpec {
  readonly unit: string;
  readonly keys: readonly { readonly key: string; readonly legend: string }[];
  readonly threshold: number | null;
  /** 'dots': single events, not a value that goes on between them. */
  readonly kind: 'plain' | 'timeline' | 'dots';
}
