/**
 * A histogram for hot paths. The client library's own looks its series up by their labels at every observation: it checks
 * the label names, joins their values to a key and turns the bucket's bound into text, which together cost more than
 * everything else that is measured of a request. Here a series is looked up once, kept by whoever observes, and an
 * observation is a few additions. It stands in the library's registry beside the others and is exposed alike.
 */
import type { Metric, Registry } from 'prom-client';

export type Labels = Readonly<Record<string, string>>;

export interface DistributionOptions {
  readonly name: string;
  readonly help: string;
  /** Upper bounds in ascending order, without +Inf. */
  readonly buckets: readonly number[];
  readonly registry: Registry;
}

/** One set of label values. */
export class Series {
  readonly labels: Labels;
  readonly #bounds: readonly number[];
  /** Observations by bucket, not cumulative; the last is what exceeds every bound. */
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(labels: Labels, bounds: readonly number[]) {
    this.labels = labels;
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    // NaN and what exceeds every bound end in the last one; a search by halves would not pay for a dozen bounds.
    while (bucket < bounds.length && !(value <= (bounds[bucket] as number))) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#sum += value;
  }

  get sum(): number {
    return this.#sum;
  }

  get count(): number {
    return this.#counts.reduce((total, count) => total + count, 0);
  }

  /** Observations at or below each bound, the bounds in ascending order. */
  cumulative(): number[] {
    let total = 0;
    return this.#bounds.map((_, bucket) => {
      total += this.#counts[bucket] as number;
      return total;
    });
  }
}

export class Distribution {
  readonly #options: DistributionOptions;
  readonly #series: Series[] = [];

  constructor(options: DistributionOptions) {
    this.#options = options;
    const { name, help } = options;
    expose(options.registry, { name, help, type: 'histogram' }, () => this.#values());
  }

  /** A new series, at 0 and exposed from now on. The caller keeps it: asking again would expose it twice. */
  add(labels: Labels): Series {
    const series = new Series(labels, this.#options.buckets);
    this.#series.push(series);
    return series;
  }

  /** Exposes a counter of everything observed, so that counting need not be paid for again. */
  countAs(name: string, help: string): void {
    expose(this.#options.registry, { name, help, type: 'counter' }, () =>
      this.#series.map(({ labels, count }) => ({ metricName: name, labels: {}, sharedLabels: labels, value: count })),
    );
  }

  #values(): ExposedValue[] {
    const { name, buckets } = this.#options;
    return this.#series.flatMap((series) => {
      const { labels: sharedLabels, count, sum } = series;
      const cumulative = series.cumulative();
      return [
        ...buckets.map((le, bucket) => ({
          metricName: `${name}_bucket`,
          labels: { le },
          sharedLabels,
          value: cumulative[bucket] ?? 0,
        })),
        { metricName: `${name}_bucket`, labels: { le: '+Inf' }, sharedLabels, value: count },
        { metricName: `${name}_sum`, labels: {}, sharedLabels, value: sum },
        { metricName: `${name}_count`, labels: {}, sharedLabels, value: count },
      ];
    });
  }
}

interface ExposedValue {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  /** Rendered once for all the lines of a series; the registry remembers the text. */
  readonly sharedLabels: Labels;
  readonly value: number;
}

interface Heading {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'histogram';
}

/** What the registry asks of a metric: get() for its values as objects, getForPromString() for the exposition. */
function expose(registry: Registry, heading: Heading, values: () => readonly ExposedValue[]): void {
  const metric = {
    ...heading,
    aggregator: 'sum',
    get: async () => ({
      ...heading,
      aggregator: 'sum',
      values: values().map(({ sharedLabels, labels, ...rest }) => ({
        ...rest,
        labels: { ...labels, ...sharedLabels },
      })),
    }),
    getForPromString: async () => ({ ...heading, aggregator: 'sum', values: values() }),
    reset: () => {},
  };
  registry.registerMetric(metric as unknown as Metric);
}

/** What is kept under a key, made where it is missing. */
export function kept<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
