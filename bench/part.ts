/** A program of ours under measurement, in a process of its own: asked over Node's channel, one question at a time. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

export interface PartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A file descriptor for its standard output; nothing by default. */
  readonly stdout?: number;
}

/** Parts say that they are up with this, and answer questions after it. */
export interface Ready {
  readonly ready: true;
}

export class Part<Question, Answer> implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #name: string;

  private constructor(child: ChildProcess, name: string) {
    this.#child = child;
    this.#name = name;
  }

  /** Starts bench/parts/<name>.ts and waits until it is up. Throws where it ends instead. */
  static async start<Question, Answer>(name: string, options: PartOptions = {}): Promise<Part<Question, Answer>> {
    const child = fork(new URL(`./parts/${name}.ts`, import.meta.url), {
      execArgv: [],
      env: { ...process.env, NODE_ENV: 'production', ...options.env },
      stdio: ['ignore', options.stdout ?? 'ignore', 'inherit', 'ipc'],
    });
    const part = new Part<Question, Answer>(child, name);
    await part.#next();
    return part;
  }

  async ask(question: Question): Promise<Answer> {
    const answer = this.#next();
    this.#child.send(question as object);
    return (await answer) as Answer;
  }

  async #next(): Promise<unknown> {
    const settled = new AbortController();
    const { signal } = settled;
    const ended = once(this.#child, 'exit', { signal }).then(([code]) => {
      throw new Error(`${this.#name} ended with code ${code}`);
    });
    try {
      const [message] = await Promise.race([once(this.#child, 'message', { signal }), ended]);
      return message;
    } finally {
      ended.catch(() => {});
      settled.abort();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}

/** In the part: says that it is up, and answers each question. The part ends with whoever asks. */
export function answer<Question, Answer>(reply: (question: Question) => Promise<Answer> | Answer): void {
  process.on('disconnect', () => process.exit());
  process.on('message', async (question: Question) => {
    process.send?.((await reply(question)) as object);
  });
  const ready: Ready = { ready: true };
  process.send?.(ready);
}

/** User and system time of this process in ms, all its threads together. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
