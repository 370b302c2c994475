/**
 * Watches a run: asks Prometheus for what came since the last time, reads new log lines, and writes both to the journal.
 * Nothing is judged here.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import type { LogQuery, Query } from './expectation.ts';
import type { EventOf, Point, Series } from './journal.ts';
import type { Journal } from './journal-file.ts';
import { ALERTS, EVALUATIONS, FAILURES, onTheClock, type Plan } from './plan.ts';
import type { Prometheus } from './prometheus.ts';
import type { RunRecord } from './record.ts';
import type { Stack } from './stack/service.ts';

/** Matching lines kept of one log expectation; the first ones tell the story. */
const LINES_KEPT = 50;

export class Watch {
  readonly #plan: Plan;
  readonly #prometheus: Prometheus;
  readonly #journal: Journal;
  readonly #record: RunRecord;
  readonly #start: number;
  /** Real ms: a scrape or an evaluation that began this long ago has been stored. */
  readonly #lag: number;
  readonly #states = new Map<string, EventOf<'alert'>['state']>();
  readonly #newest = new Map<string, number>();

  constructor(plan: Plan, prometheus: Prometheus, journal: Journal, record: RunRecord, start: number) {
    this.#plan = plan;
    this.#prometheus = prometheus;
    this.#journal = journal;
    this.#record = record;
    this.#start = start;
    this.#lag = plan.clock.real(Math.max(plan.intervals.scrape, plan.intervals.evaluation));
  }

  /** Real ms to wait until everything up to now has been stored. */
  get lag(): number {
    return this.#lag;
  }

  /** Asks for the alerts' states and these queries. Throws PROMETHEUS_UNREACHABLE. */
  async poll(queries: readonly Query[]): Promise<void> {
    await this.record([ALERTS, EVALUATIONS, FAILURES, ...queries]);
    this.#noteAlertStates();
  }

  /** Brings the record of each query up to now. */
  async record(queries: readonly Query[]): Promise<void> {
    const byKey = new Map(queries.map((query) => [query.key, query]));
    await Promise.all([...byKey.values()].map((query) => this.#bringUpToDate(query)));
  }

  async #bringUpToDate(query: Query): Promise<void> {
    const now = Date.now();
    const known = Math.max(this.#record.until(query), this.#start);
    const expr = onTheClock(this.#plan, query);
    if (query.mode === 'raw') {
      const series = await this.#prometheus.raw(expr, known - this.#lag, now);
      this.#append(query, now - this.#lag, series);
      return;
    }
    const step = Math.round(this.#plan.clock.real(this.#plan.intervals.scrape));
    const from = Math.floor(known / step) * step + step;
    const to = Math.floor((now - this.#lag) / step) * step;
    if (to >= from) this.#append(query, to, await this.#prometheus.range(expr, from, to, step));
  }

  /** Journals the points not seen before. */
  #append(query: Query, until: number, series: readonly Series[]): void {
    const fresh: { labels: Record<string, string>; points: Point[] }[] = [];
    for (const { labels, points } of series) {
      const id = `${query.key} ${JSON.stringify(labels)}`;
      const newest = this.#newest.get(id) ?? Number.NEGATIVE_INFINITY;
      const unseen = points.filter(([at]) => at > newest);
      const last = unseen.at(-1);
      if (!last) continue;
      this.#newest.set(id, last[0]);
      fresh.push({ labels: { ...labels }, points: unseen });
    }
    this.#journal.append({ type: 'samples', at: Date.now(), key: query.key, until, series: fresh });
  }

  #noteAlertStates(): void {
    const evaluated = this.#newestOf(EVALUATIONS) || Date.now();
    const recent = evaluated - 1.5 * this.#plan.clock.real(this.#plan.intervals.evaluation);
    for (const { name } of this.#plan.alerts) {
      let state: EventOf<'alert'>['state'] = 'inactive';
      let at = evaluated;
      for (const { labels, points } of this.#record.series(ALERTS, recent)) {
        if (labels.alertname !== name || state === 'firing') continue;
        state = labels.alertstate === 'firing' ? 'firing' : 'pending';
        at = points.at(0)?.[0] ?? at;
      }
      if ((this.#states.get(name) ?? 'inactive') === state) continue;
      this.#states.set(name, state);
      this.#journal.append({ type: 'alert', at, name, state });
    }
  }

  #newestOf(query: Query): number {
    return Math.max(
      0,
      ...this.#record.series(query, Date.now() - 10 * this.#lag).map(({ points }) => points.at(-1)?.[0] ?? 0),
    );
  }
}

/** Follows the services' JSON logs for the lines that expectations ask for. */
export class LogWatch {
  readonly #stack: Stack;
  readonly #journal: Journal;
  readonly #offsets = new Map<string, number>();
  readonly #kept = new Map<LogQuery, number>();
  #from = Number.NEGATIVE_INFINITY;

  constructor(stack: Stack, journal: Journal) {
    this.#stack = stack;
    this.#journal = journal;
  }

  /** Journals the new lines since `from`, the start of the phase in real ms: what came before it must not use up its share. */
  poll(queries: readonly LogQuery[], from: number): void {
    if (from !== this.#from) this.#kept.clear();
    this.#from = from;
    for (const service of new Set(queries.map((query) => query.service))) {
      for (const line of this.#newLines(service)) this.#keep(service, line, queries);
    }
  }

  #keep(service: string, line: string, queries: readonly LogQuery[]): void {
    const fields = parseFields(line);
    if (!fields) return;
    const time = typeof fields.time === 'number' ? fields.time : Date.parse(String(fields.time));
    const at = Number.isNaN(time) ? Date.now() : time;
    if (at < this.#from) return;
    for (const query of queries) {
      const kept = this.#kept.get(query) ?? 0;
      if (query.service !== service || kept >= LINES_KEPT || !matches(fields, query)) continue;
      this.#kept.set(query, kept + 1);
      this.#journal.append({ type: 'log', at, service, fields });
      return;
    }
  }

  #newLines(service: string): string[] {
    const file = openSync(this.#stack.service(service).logFile, 'r');
    try {
      const chunks: Buffer[] = [];
      let offset = this.#offsets.get(service) ?? 0;
      for (;;) {
        const chunk = Buffer.alloc(64 * 1024);
        const read = readSync(file, chunk, 0, chunk.length, offset);
        if (read === 0) break;
        chunks.push(chunk.subarray(0, read));
        offset += read;
      }
      const text = Buffer.concat(chunks);
      const whole = text.lastIndexOf(10) + 1; // what follows the last newline is still being written
      this.#offsets.set(service, offset - (text.length - whole));
      return text.subarray(0, whole).toString('utf8').split('\n');
    } finally {
      closeSync(file);
    }
  }
}

/** Whether a log line's fields are those asked for, compared as text. */
export function matches(fields: Readonly<Record<string, unknown>>, { match }: LogQuery): boolean {
  return Object.entries(match).every(([name, wanted]) => {
    const value = fields[name];
    if (value === undefined) return false;
    return typeof wanted === 'string' ? String(value) === wanted : String(value).search(wanted) >= 0; // unlike test(), keeps no place of a /g
  });
}

function parseFields(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
