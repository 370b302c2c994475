/** What the dashboards of the audio network have in common: who is watched, and the traffic that counts. */
import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Panel } from '../panels.ts';
import { type DashboardText, dashboard, quantile, rate } from '../parts.ts';

export const API = ['audio-api'];
export const WORKER = ['audio-worker'];
export const BOTH = [...API, ...WORKER];

/** Business traffic: /health and /metrics answer machines. */
export const VISITORS = 'path!~"/health|/metrics"';
export const requests = `sum(${rate('http_requests_total', VISITORS)})`;

/** Errors answered per second, narrowed and grouped. */
export const errors = (more = ''): string => rate('http_errors_total', more);
/** What each value of a label has of the whole, and 0 where there is nothing to share. */
export const shares = (each: string, whole: string): string =>
  `${each} / on () group_left () (${whole} > 0) or 0 * ${each}`;

/** A rate per second as one per minute. */
export const perMinute = (perSecond: string): string => `60 * ${perSecond}`;

/** P50, P95 and P99 of a histogram, per value of the given labels. */
export const percentiles = (histogram: string, by: readonly string[] = [], more = ''): Panel['queries'] =>
  [0.5, 0.95, 0.99].map((q) => ({
    legend: [`P${q * 100}`, ...by.map((label) => `{{${label}}}`)].join(' '),
    expr: quantile(q, histogram, by, more),
  }));

/** A dashboard of this service, one row of panels without a heading. */
export const audioDashboard = (text: Omit<DashboardText, 'service'>, panels: readonly Panel[]): DashboardBuilder =>
  dashboard({ ...text, service: 'audio' }, [{ title: '', panels }]);
