/**
 * One time chart with uPlot: fault bands behind the lines, the threshold across them, the scenario's time below and the
 * real time under that. Lines differ in dash as well as in colour; the arrow keys move the cursor.
 */
import type uPlot from 'uplot';
import { realDuration, scenarioOffset, seriesName, valueWithUnit } from '../../format.ts';
import type { ChartSpec, DrawnSeries, PageData } from '../page-data.ts';
import { DASHES, DOTS, legendButton } from './legend.ts';
import { type Colours, coloursOf, drawBands, drawThreshold } from './paint.ts';
import { fillTable } from './table.ts';

export interface Chart {
  /** Draws it again in the colours of now; with a width, in that size. */
  redraw(width?: number): void;
}

/** uPlot's browser build leaves its constructor here. */
type UPlotConstructor = new (options: uPlot.Options, data: uPlot.AlignedData, target: HTMLElement) => uPlot;
interface UPlotGlobal extends UPlotConstructor {
  join(tables: uPlot.AlignedData[]): uPlot.AlignedData;
}

const MOST_LINES = 10;
const STEPS = [0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 21_600, 86_400];

interface Line {
  readonly name: string;
  readonly series: DrawnSeries;
}

export function drawChart(figure: HTMLElement, data: PageData): Chart | undefined {
  const library = (globalThis as unknown as { uPlot: UPlotGlobal }).uPlot;
  const place = figure.querySelector<HTMLElement>('.chart__canvas');
  const readout = figure.querySelector<HTMLElement>('.chart__readout');
  const legend = figure.querySelector<HTMLElement>('.chart__legend');
  if (place === null || readout === null || legend === null) return undefined;
  const spec = JSON.parse(figure.dataset.chart ?? '{}') as ChartSpec;
  const title = figure.dataset.title ?? '';
  const all = linesOf(spec, data);
  const lines = all.length <= MOST_LINES ? all : [...all].sort((a, b) => spread(b) - spread(a)).slice(0, MOST_LINES);
  const aligned = library.join(lines.map(({ series }) => [series.x, series.y] as unknown as uPlot.AlignedData));

  let hidden = new Set<number>();
  let plot = make(place.clientWidth);
  const resize = new ResizeObserver(() => refit());
  resize.observe(place);

  function make(width: number): uPlot {
    const colours = coloursOf(figure);
    const made = new library(
      optionsFor({ width, spec, data, lines, colours, figure, hidden }),
      aligned,
      place as HTMLElement,
    );
    made.over.addEventListener('mouseleave', () => say(null));
    return made;
  }

  function say(index: number | null | undefined): void {
    if (readout === null) return;
    const x = index == null ? undefined : aligned[0][index];
    if (index == null || x === undefined) {
      readout.textContent = '';
      return;
    }
    const values = lines.flatMap(({ name }, line) => {
      const value = nearest(aligned[line + 1], index);
      return hidden.has(line) || value === undefined ? [] : [`${name} ${valueWithUnit(value, spec.unit)}`];
    });
    readout.textContent = `${at(x, data)}: ${values.join(' · ') || 'no samples'}`;
  }

  function refit(): void {
    const width = (place as HTMLElement).clientWidth;
    if (width > 0 && Math.abs(width - plot.width) > 1) redraw(width);
  }

  function redraw(width = (place as HTMLElement).clientWidth): void {
    if (width <= 0) return;
    plot.destroy();
    plot = make(width);
  }

  place.tabIndex = 0;
  place.setAttribute('role', 'group');
  place.setAttribute('aria-roledescription', 'chart');
  place.setAttribute('aria-label', `${title}. ${spoken(lines, spec)} Left and right arrow keys read its values.`);
  place.addEventListener('chart-cursor', (event) => say((event as CustomEvent<number | null>).detail));
  place.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const last = aligned[0].length - 1;
    const index = Math.min(last, Math.max(0, (plot.cursor.idx ?? (step > 0 ? -1 : last + 1)) + step));
    plot.setCursor({ left: plot.valToPos(aligned[0][index] ?? 0, 'x'), top: plot.over.clientHeight / 2 });
    say(index);
  });

  legend.replaceChildren(
    ...lines.map(({ name }, index) =>
      legendButton(
        name,
        index,
        () => {
          hidden = new Set(hidden);
          if (!hidden.delete(index)) hidden.add(index);
          plot.setSeries(index + 1, { show: !hidden.has(index) });
          return !hidden.has(index);
        },
        spec.kind === 'dots' ? 'dots' : 'line',
      ),
    ),
  );
  if (spec.threshold !== null) {
    const text = document.createElement('span');
    text.className = 'chart__threshold';
    text.textContent = `threshold ${valueWithUnit(spec.threshold, spec.unit)}`;
    legend.append(text);
  }
  if (lines.length < all.length) {
    const text = document.createElement('span');
    text.textContent = `${lines.length} of ${all.length} series drawn, those that moved most; the table has all.`;
    legend.append(text);
  }

  const table = figure.querySelector<HTMLDetailsElement>('details.data');
  table?.addEventListener('toggle', () => {
    const target = table.querySelector<HTMLElement>('.scroll');
    if (!table.open || target === null || target.childElementCount > 0) return;
    const [xs, ...ys] = library.join(all.map(({ series }) => [series.x, series.y] as unknown as uPlot.AlignedData));
    fillTable(target, data, {
      names: all.map(({ name }) => name),
      xs: xs as number[],
      ys: ys as (number | null | undefined)[][],
      unit: spec.unit,
    });
  });
  return { redraw };
}

interface Drawing {
  readonly width: number;
  readonly spec: ChartSpec;
  readonly data: PageData;
  readonly lines: readonly Line[];
  readonly colours: Colours;
  readonly figure: HTMLElement;
  readonly hidden: ReadonlySet<number>;
}

function optionsFor({ width, spec, data, lines, colours, figure, hidden }: Drawing): uPlot.Options {
  const timeline = spec.kind === 'timeline';
  const gutter = timeline ? Number.parseFloat(getComputedStyle(figure).getPropertyValue('--gutter-px')) || 60 : 58;
  const font = (size: number) => `${size}px system-ui, sans-serif`;
  const axis = { stroke: colours.quiet, grid: { stroke: colours.line, width: 1 }, ticks: { show: false } };
  const splits = (plot: uPlot) => timeSplits(data, plot.width - gutter);
  const horizontal: uPlot.Axis[] = [
    {
      ...axis,
      scale: 'x',
      side: 2,
      font: font(11),
      size: 22,
      gap: 4,
      splits,
      values: (_, times) => times.map((time) => scenarioOffset(time * 1_000)),
    },
    {
      ...axis,
      scale: 'x',
      side: 2,
      grid: { show: false },
      font: font(9),
      size: 16,
      gap: 0,
      splits,
      values: (_, times) => times.map((time) => realDuration(data.originRealMs + (time * 1_000) / data.speed)),
    },
  ];
  return {
    width,
    height: timeline ? 150 : 216,
    padding: [14, 12, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: () => [data.from, Math.max(data.to, data.from + 1)] },
      y: { range: (_, low, high) => verticalRange(low, high, spec.threshold) },
    },
    axes: [
      ...(timeline
        ? [{ ...axis, scale: 'x', side: 2, size: 4, splits, values: () => [] } as const]
        : data.speed === 1
          ? horizontal.slice(0, 1)
          : horizontal),
      {
        ...axis,
        scale: 'y',
        side: 3,
        font: font(11),
        size: gutter,
        gap: 6,
        space: 32,
        values: (_, values) => values.map((value) => valueWithUnit(value, spec.unit)),
      },
    ],
    series: [
      {},
      ...lines.map((_, index) => ({
        show: !hidden.has(index),
        stroke: colours.lines[index % colours.lines.length] ?? colours.text,
        ...(spec.kind === 'dots'
          ? dots(index, colours)
          : { dash: DASHES[index % DASHES.length] ?? [], points: { show: false } }),
        width: 2,
        ...(timeline && index === 0 ? { fill: colours.area } : {}),
      })),
    ],
    hooks: {
      // The timeline's band runs through all its lanes and is drawn behind them, once.
      drawClear: timeline ? [] : [(plot) => drawBands(plot, data, colours)],
      draw: [(plot) => drawThreshold(plot, spec, colours)],
      setCursor: [
        (plot) => {
          if (plot.cursor.left != null && plot.cursor.left >= 0) {
            plot.root.parentElement?.dispatchEvent(
              new CustomEvent('chart-cursor', { detail: plot.cursor.idx ?? null }),
            );
          }
        },
      ],
    },
  };
}

/** Marks without a line between them, told apart without colour. */
function dots(index: number, colours: Colours): Pick<uPlot.Series, 'paths' | 'points'> {
  const stroke = colours.lines[index % colours.lines.length] ?? colours.text;
  const { size = 8, filled = false } = DOTS[index % DOTS.length] ?? {};
  return { paths: () => null, points: { show: true, size, width: 2, stroke, fill: filled ? stroke : 'transparent' } };
}

function linesOf(spec: ChartSpec, data: PageData): Line[] {
  return spec.keys.flatMap(({ key, legend }) =>
    (data.series[key] ?? []).flatMap((series) =>
      series.x.length === 0 ? [] : [{ name: seriesName(legend, series.labels), series }],
    ),
  );
}

function timeSplits({ from, to }: PageData, width: number): number[] {
  const most = Math.max(2, Math.floor(width / 74));
  const step = STEPS.find((one) => (to - from) / one <= most) ?? (to - from) / most;
  const splits: number[] = [];
  for (let time = Math.ceil(from / step) * step; time <= to + 1e-9; time += step)
    splits.push(Math.round(time * 10) / 10);
  return splits;
}

function verticalRange(low: number | null, high: number | null, threshold: number | null): [number, number] {
  const bottom = Math.min(low ?? 0, threshold ?? Number.POSITIVE_INFINITY, 0);
  const top = Math.max(high ?? 0, threshold ?? Number.NEGATIVE_INFINITY);
  return [bottom, top <= bottom ? bottom + 1 : top + (top - bottom) * 0.08];
}

/** The value at an index or the last one before it: series are not sampled at the very same instants. */
function nearest(values: uPlot.AlignedData[number] | undefined, index: number): number | undefined {
  for (let back = index; values !== undefined && back >= Math.max(0, index - 24); back -= 1) {
    const value = values[back];
    if (typeof value === 'number') return value;
    if (value === null) return undefined;
  }
  return undefined;
}

function spoken(lines: readonly Line[], { unit }: ChartSpec): string {
  return lines
    .map(({ name, series }) => {
      const values = series.y.filter((value) => value !== null);
      return values.length === 0
        ? `${name}: no samples.`
        : `${name}: ${valueWithUnit(least(values), unit)} to ${valueWithUnit(most(values), unit)}.`;
    })
    .join(' ');
}

const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);

function spread({ series }: Line): number {
  const values = series.y.filter((value) => value !== null);
  return values.length === 0 ? 0 : most(values) - least(values);
}

function at(x: number, data: PageData): string {
  return `${scenarioOffset(x * 1_000)} (${realDuration(data.originRealMs + (x * 1_000) / data.speed)} real)`;
}
