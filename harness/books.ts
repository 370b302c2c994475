/** The three books that must agree once the load has drained: the drivers' totals, /metrics, and the database. */
import { FiredrillError, messageOf } from './errors.ts';
import type { Books, MetricSample } from './invariant.ts';
import type { LoadTotals } from './load.ts';
import type { Ledger } from './system.ts';

/** Reads /metrics straight from the apps, not through a scrape. Throws SERVICE_FAILED where one does not answer. */
export async function readBooks(urls: readonly string[], load: readonly LoadTotals[], ledger: Ledger): Promise<Books> {
  return { load, ledger, metrics: (await Promise.all(urls.map(readMetrics))).flat() };
}

async function readMetrics(url: string): Promise<MetricSample[]> {
  try {
    const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return parseMetrics(await response.text());
  } catch (error) {
    throw new FiredrillError('SERVICE_FAILED', `${url}/metrics cannot be read for the books: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** The samples of a text exposition (https://prometheus.io/docs/instrumenting/exposition_formats/), without timestamps. */
export function parseMetrics(text: string): MetricSample[] {
  const samples: MetricSample[] = [];
  for (const line of text.split('\n')) {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/.exec(line);
    if (!match) continue;
    const [, name = '', inner = '', value = ''] = match;
    const labels: Record<string, string> = {};
    for (const [, label = '', raw = ''] of inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      labels[label] = raw.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
    }
    samples.push({ name, labels, value: Number(value.replace('Inf', 'Infinity')) });
  }
  return samples;
}
