/**
 * Numbers and times as people read them. This file imports nothing: the same functions run in node and, inlined, in the
 * report's page, so an axis and the text beside it never disagree.
 */

/** Scenario milliseconds → '5m20s'; below ten seconds one decimal where it matters ('0.4s'). Never negative. */
export function scenarioDuration(ms: number): string {
  const total = Math.max(0, ms);
  if (total < 9_950) {
    const seconds = Math.round(total / 100) / 10;
    return `${seconds}s`;
  }
  const seconds = Math.round(total / 1_000);
  const h = Math.floor(seconds / 3_600);
  const m = Math.floor((seconds % 3_600) / 60);
  const s = seconds % 60;
  return [
    h > 0 ? `${h}h` : '',
    m > 0 ? `${m}m` : '',
    s > 0 ? `${total >= 59_500 ? String(s).padStart(2, '0') : s}s` : '',
  ].join('');
}

/** Scenario milliseconds from the fault → '+1m12s', '−30s' (a true minus sign), '+0s'. */
export function scenarioOffset(ms: number): string {
  const text = scenarioDuration(Math.abs(ms));
  return ms < 0 && text !== '0s' ? `−${text}` : `+${text}`;
}

/** Real milliseconds → '1.2 s', '240 ms', '3 min 5 s'. */
export function realDuration(ms: number): string {
  const total = Math.abs(ms);
  const sign = ms < 0 ? '−' : '';
  if (total > 0 && total < 999.5) return `${sign}${Math.max(1, Math.round(total))} ms`;
  if (total < 119_950) return `${sign}${(total / 1_000).toFixed(1)} s`;
  const seconds = Math.round(total / 1_000);
  return `${sign}${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** 1234567 → '1,234,567'; otherwise three significant digits, never an exponent for what fits in print. */
export function plainNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'no value' : value > 0 ? '+Inf' : '−Inf';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e12)) return value.toExponential(2);
  if (size >= 100 || Number.isInteger(value)) return group(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

/** A value in its metric's unit. Knows Grafana's unit identifiers and our own words; an unknown unit is printed behind. */
export function valueWithUnit(value: number, unit: string): string {
  if (!Number.isFinite(value)) return plainNumber(value);
  switch (unit) {
    case '':
    case 'none':
    case 'short':
    case 'string':
    case 'locale':
      return plainNumber(value);
    case 's':
    case 'seconds':
      return seconds(value);
    case 'ms':
    case 'milliseconds':
      return seconds(value / 1_000);
    case 'percentunit':
    case 'ratio':
    case 'share':
      return `${plainNumber(value * 100)}%`;
    case 'percent':
    case '%':
      return `${plainNumber(value)}%`;
    case 'bytes':
    case 'decbytes':
      return binary(value);
    case 'reqps':
      return `${plainNumber(value)} req/s`;
    case 'ops':
    case 'cps':
      return `${plainNumber(value)}/s`;
    default:
      return `${plainNumber(value)} ${unit}`;
  }
}

/** Two values in one unit: '78.1 to 81.9 req/s', or '30.1 ms to 4.65 s' where they need two. */
export function rangeWithUnit(low: number, high: number, unit: string): string {
  const [from, to] = [valueWithUnit(low, unit), valueWithUnit(high, unit)];
  const suffix = /[^\d.,−]+$/.exec(to)?.[0] ?? '';
  return from === to ? to : `${suffix !== '' && from.endsWith(suffix) ? from.slice(0, -suffix.length) : from} to ${to}`;
}

/**
 * The name of one series. `legend` is Grafana's template ('{{handler}} p95'); without one, or with '__auto', the labels
 * that are not the metric's own name.
 */
export function seriesName(legend: string, labels: { readonly [name: string]: string }): string {
  if (legend !== '' && legend !== '__auto') {
    return legend.replace(/\{\{\s*([^}\s]+)\s*\}\}/g, (_, name: string) => labels[name] ?? '').trim() || 'value';
  }
  const pairs = Object.entries(labels).filter(([name]) => name !== '__name__');
  if (pairs.length === 0) return labels.__name__ ?? 'value';
  if (pairs.length === 1) return pairs[0]?.[1] ?? 'value';
  return pairs.map(([name, value]) => `${name}="${value}"`).join(', ');
}

function seconds(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0 s';
  if (size < 0.001) return `${plainNumber(value * 1e6)} µs`;
  if (size < 1) return `${plainNumber(value * 1_000)} ms`;
  return `${plainNumber(value)} s`;
}

function binary(value: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let rest = value;
  let step = 0;
  while (Math.abs(rest) >= 1_024 && step < names.length - 1) {
    rest /= 1_024;
    step += 1;
  }
  return `${plainNumber(rest)} ${names[step] ?? 'B'}`;
}

function group(value: number): string {
  return String(value)
    .replace('-', '−')
    .replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}
