/** The pipeline's clock: its seconds, and the real milliseconds they stand for (TIME_SCALE in config.ts). */
export class PipelineClock {
  readonly #scale: number;

  constructor(scale: number) {
    this.#scale = scale;
  }

  /** What a real time reads on this clock, in seconds. */
  seconds(realMs: number): number {
    return (realMs / 1000) * this.#scale;
  }

  /** How long to really wait for these seconds, in milliseconds. */
  realMs(seconds: number): number {
    return (seconds * 1000) / this.#scale;
  }
}
