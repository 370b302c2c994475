/**
 * One direction of a relayed connection. Chunks are delayed, not serialised: each is passed on its own latency after it
 * came in, so that a slow link keeps its throughput, and never before an earlier one. What waits here is bounded; past
 * that the sender is held back, as a full network would.
 */
import type { Socket } from 'node:net';

/** Enough for 4 MiB/s on a link with a latency of a second. */
const MOST_HELD_BYTES = 4 * 1024 * 1024;

/** How a line treats what passes. */
export interface LinkWeather {
  readonly latencyMs: number;
  /** Up to this much more, evenly spread. */
  readonly jitterMs: number;
  /** Nothing passes at all. */
  readonly stalled: boolean;
}

/** What passed, for proof. */
export interface LineReport {
  /** A chunk (or an end, 0 bytes) was passed on, after being held for so long. */
  passed(bytes: number, heldMs: number): void;
}

interface Held {
  /** undefined for the end of the stream. */
  readonly chunk: Buffer | undefined;
  readonly cameAt: number;
  dueAt: number;
}

export class TcpLine {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #report: LineReport;
  readonly #held: Held[] = [];
  #weather: LinkWeather;
  #heldBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, weather: LinkWeather, report: LineReport) {
    this.#from = from;
    this.#to = to;
    this.#weather = weather;
    this.#report = report;
    from.on('data', (chunk) => this.#take(chunk));
    from.on('end', () => this.#take(undefined));
    to.on('drain', () => this.#flow());
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** New weather holds for what is on its way, too. */
  setWeather(weather: LinkWeather): void {
    this.#weather = weather;
    let earliest = 0;
    for (const held of this.#held) {
      earliest = Math.max(earliest, held.cameAt + this.#latency());
      held.dueAt = earliest;
    }
    this.#flow();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#held.length = 0;
    this.#heldBytes = 0;
  }

  #latency(): number {
    return this.#weather.latencyMs + Math.random() * this.#weather.jitterMs;
  }

  #take(chunk: Buffer | undefined): void {
    const cameAt = performance.now();
    const dueAt = Math.max(cameAt + this.#latency(), this.#held.at(-1)?.dueAt ?? 0);
    this.#held.push({ chunk, cameAt, dueAt });
    this.#heldBytes += chunk?.length ?? 0;
    this.#flow();
  }

  /** Passes on what is due, then sees to the sender and to the next time. */
  #flow(): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    while (!this.#weather.stalled && !this.#to.writableNeedDrain) {
      const [next] = this.#held;
      // A timer may fire up to a millisecond early; waiting again for less would only spin.
      if (next === undefined || next.dueAt > now + 1) break;
      this.#held.shift();
      this.#pass(next, now);
    }
    if (this.#heldBytes >= MOST_HELD_BYTES || this.#to.writableNeedDrain) this.#from.pause();
    else if (this.#from.isPaused()) this.#from.resume();
    const [next] = this.#held;
    if (next !== undefined && !this.#weather.stalled && !this.#to.writableNeedDrain) {
      this.#timer = setTimeout(() => this.#flow(), Math.max(1, next.dueAt - now));
    }
  }

  #pass({ chunk, cameAt }: Held, now: number): void {
    if (chunk === undefined) {
      this.#to.end();
    } else {
      this.#heldBytes -= chunk.length;
      this.#to.write(chunk);
    }
    this.#report.passed(chunk?.length ?? 0, now - cameAt);
  }
}
