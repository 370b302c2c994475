/**
 * The first scrapes of an API and a worker nobody has used yet, against the catalogue that monitoring is built on. The
 * catalogue is read as data: the apps themselves import nothing of monitoring/.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, type Ground, parseExposition, type Service, startApi, startGround, startWorker } from './testing.ts';

interface CatalogMetric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly values?: Readonly<Record<string, readonly string[]>>;
}

const catalog = JSON.parse(readFileSync(new URL('../../monitoring/catalog.json', import.meta.url), 'utf8')) as {
  systems: { audio: { metrics: CatalogMetric[] } };
};
const metrics = catalog.systems.audio.metrics.filter(({ type }) => type !== 'rule');

let ground: Ground;
let api: Api;
let worker: Service;
const pages = { api: '', worker: '' };

beforeAll(async () => {
  ground = await startGround();
  [api, worker] = await Promise.all([startApi(ground), startWorker(ground)]);
  for (const [name, { base }] of Object.entries({ api, worker })) {
    pages[name as keyof typeof pages] = await (await fetch(`${base}/metrics`)).text();
  }
});
afterAll(async () => {
  await Promise.all([api?.[Symbol.asyncDispose](), worker?.[Symbol.asyncDispose]()]);
  await ground?.[Symbol.asyncDispose]();
});

const both = () => `${pages.api}\n${pages.worker}`;

/** The text of a metric's series. */
const seriesOf = (name: string, page = both()) =>
  [...parseExposition(page).keys()].filter(
    (series) => series === name || series.startsWith(`${name}{`) || series.startsWith(`${name}_bucket{`),
  );

const labelsOf = (series: string) =>
  [...series.matchAll(/(\w+)="/g)]
    .map(([, label]) => label)
    .filter((label) => label !== 'le')
    .sort()
    .join(',');

test('the catalogue has what this table is about', () => {
  expect(metrics).toHaveLength(36);
});

describe.each(metrics)('$name', ({ name, type, labels, values = {} }) => {
  test(`is a ${type} with help and exactly its labels, from the first scrape on`, () => {
    expect(both()).toMatch(new RegExp(`^# HELP ${name} .{5}`, 'm'));
    expect(both()).toContain(`# TYPE ${name} ${type}\n`);
    expect(new Set(seriesOf(name).map(labelsOf))).toEqual(new Set([[...labels].sort().join(',')]));
  });

  for (const [label, known] of Object.entries(values)) {
    test.each(known)(`begins with ${label}="%s"`, (value) => {
      expect(seriesOf(name).some((series) => series.includes(`${label}="${value}"`))).toBe(true);
    });
  }
});

test.each([
  'http_requests_total{method="POST",path="/posts/:post_id/audio",status="202",error_code=""}',
  'http_requests_total{method="POST",path="/login",status="401",error_code="CREDENTIALS_INVALID"}',
  'http_requests_total{method="GET",path="/search",status="502",error_code="EXTERNAL_SERVICE_FAILED"}',
  'http_errors_total{endpoint="/register",status="400",error_code="VALIDATION",field="password"}',
  'handler_errors_total{handler="upload_audio",error_code="DISK_FULL"}',
  'validation_failures_total{field="bpm",reason="out_of_range"}',
  'cache_misses_total{cache_name="feed"}',
  'cache_evictions_total{cache_name="post"}',
  'cache_invalidations_total{reason="liked",resource_type="post"}',
  'external_call_errors_total{service="elasticsearch",operation="search",error_type="timeout"}',
  'audio_queue_pending_jobs',
  'audio_queue_dlq_jobs{reason="max_retries_exceeded"}',
  'queue_jobs_pending{status="retrying"}',
  'queue_jobs_submitted_total',
])('the API: %s begins at 0', (series) => {
  expect(parseExposition(pages.api).get(series)).toBe(0);
});

test.each([
  'audio_processing_failures_total{stage="ffmpeg",reason="ffmpeg_timeout"}',
  'audio_processing_failures_total{stage="s3_upload",reason="network_timeout"}',
  'audio_processing_retries_total{attempt="3"}',
  'audio_processing_duration_seconds_count{stage="waveform"}',
  'queue_job_duration_seconds_count{stage="total"}',
  'queue_job_failures_total{reason="invalid_audio"}',
  'db_slow_queries_total{type="update",table="jobs"}',
])('the worker: %s begins at 0', (series) => {
  expect(parseExposition(pages.worker).get(series)).toBe(0);
});

test('no series has an id for a label', () => {
  expect(both()).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
});

test('the queue is told by the API alone: two reports of one queue would be summed up', () => {
  for (const name of [
    'audio_queue_pending_jobs',
    'audio_queue_processing_jobs',
    'audio_queue_dlq_jobs',
    'queue_jobs_pending',
  ]) {
    expect(seriesOf(name, pages.worker)).toEqual([]);
  }
});
