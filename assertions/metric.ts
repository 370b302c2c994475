/** Claims about the system's metrics, as Prometheus answers them. */

import type { Expectation } from '../harness/expectation.ts';
import { type Query, rangeQuery, rawQuery } from '../harness/expectation.ts';
import type { Plan } from '../harness/plan.ts';
import {
  type Bytes,
  bytes,
  type Duration,
  fraction,
  milliseconds,
  perSecond,
  type Rate,
  type Share,
} from '../harness/units.ts';
import type { HistogramName, LabelsOf, MetricName } from '../monitoring/catalog.gen.ts';
import { type Claim, comesBack, crosses, departs, type Signal, stays } from './signal.ts';

/** What thresholds of a metric are written in: its name says its unit. */
type Quantity<M extends string> = M extends `${string}_seconds`
  ? Duration
  : M extends `${string}_bytes`
    ? Bytes
    : number;
type Where<M extends MetricName> = { readonly [L in LabelsOf<M>]?: string | RegExp };

export interface Claims<T> {
  exceeds(threshold: T): Claim;
  fallsBelow(threshold: T): Claim;
  staysBelow(threshold: T): Expectation;
  staysAbove(threshold: T): Expectation;
  /** Leaves its steady state, whichever way. */
  reacts(): Claim;
  rises(): Claim;
  falls(): Claim;
  returnsToBaseline(): Claim;
}

export interface MetricOf<M extends MetricName> {
  /** Only series with these labels; a RegExp matches as in PromQL, whole. */
  where(labels: Where<M>): MetricOf<M>;
  /** Over this range instead of a minute (longer where the speed needs it). */
  over(range: Duration): MetricOf<M>;
  /** Of a histogram: the latency that this share of observations stays below. Needs some traffic to mean anything. */
  quantile: M extends HistogramName ? (q: number) => Claims<Duration> : never;
  /** Per second, all series together. */
  rate(): Claims<Rate>;
  /** The share of the rate that has these labels. */
  share(labels: Where<M>): Claims<Share>;
  /** The value as scraped, of a gauge. */
  value(): Claims<Quantity<M>>;
}

export function metric<M extends MetricName>(name: M): MetricOf<M> {
  return of(name, {}, undefined);
}

function of<M extends MetricName>(name: M, labels: Where<M>, range: Duration | undefined): MetricOf<M> {
  const matchers = (more: Where<M> = {}) => selector({ ...labels, ...more });
  const needs = (more: Where<M> = {}) => ({ metrics: [{ name, labels: Object.keys({ ...labels, ...more }) }] });
  const window = (plan: Plan) => range ?? plan.window;
  const signal = (
    label: string,
    unit: string,
    expr: (plan: Plan) => Query,
    ranged: boolean,
    more?: Where<M>,
  ): Signal => ({
    name: label,
    kind: 'metric',
    needs: needs(more),
    unit: () => unit,
    queries: (plan) => [expr(plan)],
    lookBack: (plan) => (ranged ? milliseconds(window(plan)) : 0),
    proves: { metric: name },
  });
  const shown = `${name}${matchers()}`;
  const quantile = (q: number) =>
    claims<Duration>(
      signal(
        `p${Number((q * 100).toFixed(6))} of ${shown}`,
        's',
        (plan) =>
          rangeQuery(`histogram_quantile(${q}, sum by (le) (rate(${name}_bucket${matchers()}[${window(plan)}])))`),
        true,
      ),
      (text) => milliseconds(text, `the threshold of ${shown}`) / 1000,
    );
  return {
    where: (more) => of(name, { ...labels, ...more }, range),
    over: (longer) => of(name, labels, longer),
    quantile: quantile as MetricOf<M>['quantile'],
    rate: () =>
      claims<Rate>(
        signal(
          `the rate of ${shown}`,
          'reqps',
          (plan) => rangeQuery(`sum(rate(${name}${matchers()}[${window(plan)}]))`),
          true,
        ),
        (text) => perSecond(text),
      ),
    share: (part) =>
      claims<Share>(
        signal(
          `the share of ${name}${matchers(part)}`,
          'percentunit',
          (plan) =>
            rangeQuery(
              `sum(rate(${name}${matchers(part)}[${window(plan)}])) / sum(rate(${name}${matchers()}[${window(plan)}]))`,
            ),
          true,
          part,
        ),
        (text) => fraction(text),
      ),
    value: () =>
      claims<Quantity<M>>(
        signal(shown, unitOf(name), () => rawQuery(`${name}${matchers()}`), false),
        quantity,
      ),
  };
}

function claims<T extends string | number>(signal: Signal, number: (threshold: T) => number): Claims<T> {
  return {
    exceeds: (threshold) => crosses(signal, 'above', number(threshold), String(threshold)),
    fallsBelow: (threshold) => crosses(signal, 'below', number(threshold), String(threshold)),
    staysBelow: (threshold) => stays(signal, 'below', number(threshold), String(threshold)),
    staysAbove: (threshold) => stays(signal, 'above', number(threshold), String(threshold)),
    reacts: () => departs(signal, 'moves'),
    rises: () => departs(signal, 'rises'),
    falls: () => departs(signal, 'falls'),
    returnsToBaseline: () => comesBack(signal),
  };
}

function selector(labels: Readonly<Record<string, string | RegExp | undefined>>): string {
  const parts = Object.entries(labels).flatMap(([label, value]) => {
    if (value === undefined) return [];
    return value instanceof RegExp
      ? [`${label}=~${JSON.stringify(value.source)}`]
      : [`${label}=${JSON.stringify(value)}`];
  });
  return parts.length === 0 ? '' : `{${parts.join(', ')}}`;
}

const unitOf = (name: string): string => (name.endsWith('_seconds') ? 's' : name.endsWith('_bytes') ? 'bytes' : '');

/** '2s' of a metric in seconds, '400MiB' of one in bytes, or the plain number of any other. */
function quantity(threshold: string | number): number {
  if (typeof threshold === 'number') return threshold;
  return /B$/.test(threshold) ? bytes(threshold) : milliseconds(threshold) / 1000;
}
