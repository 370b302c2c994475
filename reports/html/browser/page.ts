/** Brings the page to life: charts as they come into view, the theme, printing. Without it all text is still there. */
import type { PageData } from '../page-data.ts';
import { type Chart, drawChart } from './chart.ts';

const THEMES = ['system', 'light', 'dark'];
const root = document.documentElement;
const data = JSON.parse(document.getElementById('data')?.textContent ?? '{}') as PageData;
const figures = [...document.querySelectorAll<HTMLElement>('figure[data-chart]')];
const charts = new Map<HTMLElement, Chart>();

function draw(figure: HTMLElement): Chart | undefined {
  const known = charts.get(figure);
  if (known !== undefined) return known;
  const chart = drawChart(figure, data);
  if (chart !== undefined) charts.set(figure, chart);
  return chart;
}

const seen = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      draw(target as HTMLElement);
      seen.unobserve(target);
    }
  },
  { rootMargin: '600px' },
);
for (const figure of figures) seen.observe(figure);

function repaint(): void {
  for (const chart of charts.values()) chart.redraw();
}

/** A browser may refuse storage to a file; the choice then lasts as long as the page. */
function remembered(): string {
  try {
    return localStorage.getItem('firedrill-theme') ?? 'system';
  } catch {
    return 'system';
  }
}

function showTheme(theme: string): void {
  if (theme === 'system') delete root.dataset.theme;
  else root.dataset.theme = theme;
  if (button !== null) button.textContent = `Theme: ${theme}`;
  repaint();
}

const button = document.getElementById('theme') as HTMLButtonElement | null;
let theme = THEMES.includes(remembered()) ? remembered() : 'system';
if (button !== null) {
  button.hidden = false;
  button.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';
    try {
      localStorage.setItem('firedrill-theme', theme);
    } catch {
      // Not kept, then.
    }
    showTheme(theme);
  });
}
showTheme(theme);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);

/** A4 is 703 pixels wide between its margins; the timeline's chart must meet the lanes around it, within their frame. */
function widthOnPaper(figure: HTMLElement): number {
  if (figure.classList.contains('chart--timeline')) return 701;
  if (figure.closest('.story') !== null) return 616;
  return figure.closest('.panels') === null ? 640 : 310;
}

/** On paper everything is open, light, and as wide as an A4 page. Charts left undrawn until then are drawn for it. */
let closed: HTMLDetailsElement[] = [];
addEventListener('beforeprint', () => {
  root.dataset.theme = 'light';
  closed = [...closed, ...document.querySelectorAll<HTMLDetailsElement>('details.claim:not([open])')];
  for (const details of closed) details.open = true;
  for (const figure of figures) draw(figure)?.redraw(widthOnPaper(figure));
});
addEventListener('afterprint', () => {
  for (const details of closed) details.open = false;
  closed = [];
  showTheme(theme);
});

for (const toggle of document.querySelectorAll<HTMLButtonElement>('button[data-toggle-claims]')) {
  toggle.hidden = false;
  toggle.addEventListener('click', () => {
    const open = toggle.getAttribute('aria-pressed') !== 'true';
    toggle.setAttribute('aria-pressed', String(open));
    toggle.textContent = open ? 'Close all' : 'Open all';
    for (const details of document.querySelectorAll<HTMLDetailsElement>('details.claim')) details.open = open;
  });
}
