/** What is painted on a chart's canvas beside its lines: the fault's band and the threshold, in the theme's colours. */
import type uPlot from 'uplot';
import type { ChartSpec, PageData } from '../page-data.ts';

/** The fault's time shaded, hatched and named, so that it is seen in print and without colour. */
export function drawBands(plot: uPlot, data: PageData, colours: Colours): void {
  const { ctx, bbox } = plot;
  for (const band of data.bands) {
    const left = clamp(plot.valToPos(band.from, 'x', true), bbox.left, bbox.left + bbox.width);
    const right = clamp(plot.valToPos(band.to, 'x', true), bbox.left, bbox.left + bbox.width);
    if (right - left < 1) continue;
    ctx.save();
    ctx.fillStyle = colours.band;
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    ctx.strokeStyle = colours.edge;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    for (const x of [left, right]) {
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
    }
    ctx.stroke();
    ctx.font = `${10 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.fillStyle = colours.edge;
    ctx.textBaseline = 'bottom';
    ctx.textAlign = 'left';
    const text = shortened(band.label, 40);
    if (ctx.measureText(text).width < right - left) ctx.fillText(text, left, bbox.top - 2 * devicePixelRatio);
    else ctx.fillText('fault', left, bbox.top - 2 * devicePixelRatio);
    ctx.restore();
  }
}

export function drawThreshold(plot: uPlot, { threshold }: ChartSpec, colours: Colours): void {
  if (threshold === null) return;
  const { ctx, bbox } = plot;
  const y = plot.valToPos(threshold, 'y', true);
  ctx.save();
  ctx.strokeStyle = colours.text;
  ctx.lineWidth = 1.25 * devicePixelRatio;
  ctx.setLineDash([1.5 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.font = `${10 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.fillStyle = colours.text;
  ctx.textAlign = 'right';
  ctx.textBaseline = 'bottom';
  ctx.fillText('threshold', bbox.left + bbox.width - 2 * devicePixelRatio, y - 2 * devicePixelRatio);
  ctx.restore();
}

export interface Colours {
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  readonly band: string;
  readonly edge: string;
  readonly area: string;
  readonly lines: readonly string[];
}

/** Colours of the style sheet as they are now, in light or dark. */
export function coloursOf(within: HTMLElement): Colours {
  const probe = document.createElement('span');
  within.append(probe);
  const read = (name: string) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = {
    text: read('text'),
    quiet: read('quiet'),
    line: read('line'),
    band: read('fault-band'),
    edge: read('fault-edge'),
    area: read('area'),
    lines: [1, 2, 3, 4, 5, 6].map((index) => read(`line-${index}`)),
  };
  probe.remove();
  return colours;
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
const shortened = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length)}…` : text);
