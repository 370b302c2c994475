/** The audio network without its monitoring, at speed 1: what the benchmarks of its pipeline and its uploads work with. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { parseMetrics } from '../harness/books.ts';
import { createClock } from '../harness/clock.ts';
import type { MetricSample } from '../harness/invariant.ts';
import { bootAlone } from '../harness/stack/boot.ts';
import { openProcesses } from '../harness/stack/processes.ts';
import type { RunningService, Stack } from '../harness/stack/service.ts';
import { type AudioOptions, audio } from '../sut/index.ts';
import type { Bench } from './benchmark.ts';

const WATCHING = ['blackbox', 'prometheus', 'alertmanager'];

export async function bootNetwork(
  { folder, signal, say }: Bench,
  options: AudioOptions,
  { without = [] }: { readonly without?: readonly string[] } = {},
): Promise<Stack> {
  return bootAlone(openProcesses, {
    services: audio(options).services.filter(({ name }) => ![...WATCHING, ...without].includes(name)),
    interceptions: [],
    outside: [],
    clock: createClock(1),
    logFolder: await mkdtemp(join(folder, 'network-')),
    say,
    signal,
    onReady: () => {},
    onCrash: ({ name }, detail) => say(`${name} ended: ${detail}`),
  });
}

const baseOf = ({ endpoint }: RunningService): string => `http://${endpoint.host}:${endpoint.port}`;

/** What a service says of itself at /metrics. */
export async function metricsOf(service: RunningService): Promise<MetricSample[]> {
  return parseMetrics(await (await request(`${baseOf(service)}/metrics`)).body.text());
}

/** A member of the network with one post after the other; a post has one audio. */
export class Member {
  readonly #base: string;
  readonly #token: string;

  private constructor(base: string, token: string) {
    this.#base = base;
    this.#token = token;
  }

  static async join(api: RunningService): Promise<Member> {
    const body = { email: `bench-${crypto.randomUUID()}@example.com`, password: 'correct horse 1' };
    const { token } = await send(`${baseOf(api)}/register`, {}, body);
    return new Member(baseOf(api), String(token));
  }

  /** Where a recording can be uploaded to. */
  async post(): Promise<string> {
    const { post_id } = await send(`${this.#base}/posts`, this.#headers, { title: 'a tune' });
    return `${this.#base}/posts/${post_id}/audio?bpm=120`;
  }

  /** Resolves once the upload is acknowledged. */
  async upload(url: string, recording: Uint8Array): Promise<void> {
    await send(url, { ...this.#headers, 'content-type': 'audio/wav' }, recording);
  }

  get #headers(): Readonly<Record<string, string>> {
    return { authorization: `Bearer ${this.#token}` };
  }
}

/** Throws where it is not answered with a 2xx. */
async function send(url: string, headers: Readonly<Record<string, string>>, body: object): Promise<Answer> {
  const bytes = body instanceof Uint8Array;
  const response = await request(url, {
    method: 'POST',
    headers: bytes ? headers : { ...headers, 'content-type': 'application/json' },
    body: bytes ? body : JSON.stringify(body),
  });
  const text = await response.body.text();
  if (response.statusCode >= 300) throw new Error(`${url} answered ${response.statusCode}: ${text}`);
  return JSON.parse(text) as Answer;
}

type Answer = Readonly<Record<string, unknown>>;
