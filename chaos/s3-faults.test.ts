import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Fault, Injection } from '../harness/fault.ts';
import type { Stack } from '../harness/stack/service.ts';
import type { HttpRelay } from './http-relay.ts';
import { httpRelayTowards } from './http-relay.ts';
import { s3Cut, s3Errors, s3Slow } from './index.ts';
import { inject, testStack } from './testing.ts';
import { BUCKET, BUILT_WITHIN_MS, makeBucket, s3Client, versitygw } from './testing-s3.ts';

const MiB = 1024 ** 2;
const NAME = 'versitygw';

let stack: Stack;
let relay: HttpRelay;
/** As an app reaches the store, through the relay; and past it, as the harness does. */
let client: S3Client;
let direct: S3Client;
const injections: Injection[] = [];

beforeAll(async () => {
  stack = await testStack([await versitygw()], [s3Errors(NAME, { error: 'SlowDown' })]);
  relay = stack.interceptor(httpRelayTowards(NAME));
  await makeBucket(stack.service(NAME).endpoint);
}, BUILT_WITHIN_MS);
afterAll(() => stack?.[Symbol.asyncDispose]());
beforeEach(() => {
  client = s3Client(relay.endpoint);
  direct = s3Client(stack.service(NAME).endpoint);
});
afterEach(async () => {
  for (const injection of injections.splice(0)) await injection.heal();
  client.destroy();
  direct.destroy();
});

async function broken(fault: Fault): Promise<Injection> {
  const injection = await inject(fault, stack);
  injections.push(injection);
  return injection;
}

const put = (key: string, body: string | Buffer, over: S3Client = client) =>
  over.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }));
const get = async (key: string, over: S3Client = client): Promise<Buffer> => {
  const { Body } = await over.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};
const head = (key: string, over: S3Client = client) => over.send(new HeadObjectCommand({ Bucket: BUCKET, Key: key }));
const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (error: unknown) => error,
  );
const sha = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

describe('a relay that breaks nothing', () => {
  test.each([
    ['signed as it is', {}],
    ['in signed chunks with a trailer', { requestChecksumCalculation: 'WHEN_SUPPORTED' as const }],
  ])('leaves a file of 30 MB whole and its signature valid, %s', async (_, over) => {
    const folder = await mkdtemp(join(tmpdir(), 's3-test-'));
    const data = randomBytes(30 * MiB);
    await writeFile(join(folder, 'file'), data);
    const before = relay.counters;
    const uploader = s3Client(relay.endpoint, over);
    try {
      const Body = createReadStream(join(folder, 'file'));
      await uploader.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'large', Body, ContentLength: data.length }));
    } finally {
      uploader.destroy();
      await rm(folder, { recursive: true });
    }
    expect(sha(await get('large', direct))).toBe(sha(data));
    expect(sha(await get('large'))).toBe(sha(data));
    expect(relay.counters.requests - before.requests).toBe(2);
    expect(relay.counters.passed - before.passed).toBe(2);
  });

  test('passes errors of the store, odd keys and multipart uploads', async () => {
    await expect(head('nowhere')).rejects.toMatchObject({ name: 'NotFound' });
    await expect(get('nowhere')).rejects.toMatchObject({ name: 'NoSuchKey' });
    await put('a folder/späte & laute+Töne (1)?.mp3', 'music');
    expect(String(await get('a folder/späte & laute+Töne (1)?.mp3'))).toBe('music');
    const upload = { Bucket: BUCKET, Key: 'parts' };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload));
    const part = { ...upload, UploadId, PartNumber: 1 };
    const { ETag } = await client.send(new UploadPartCommand({ ...part, Body: Buffer.alloc(5 * MiB, 'p') }));
    await client.send(
      new CompleteMultipartUploadCommand({
        ...upload,
        UploadId,
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
      }),
    );
    expect((await head('parts')).ContentLength).toBe(5 * MiB);
  });

  test('a wrong secret is refused by the store, so signatures are looked at', async () => {
    const stranger = s3Client(relay.endpoint, { credentials: { accessKeyId: 'tests', secretAccessKey: 'guessed' } });
    await expect(put('a', 'b', stranger)).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
    stranger.destroy();
  });
});

describe('s3Errors', () => {
  test.each([
    ['SlowDown', 503],
    ['InternalError', 500],
    ['AccessDenied', 403],
  ] as const)('%s reaches the client as the error of that name, and nothing is stored', async (error, status) => {
    const injection = await broken(s3Errors(NAME, { operation: 'PutObject', error }));
    expect(await injection.proof()).toMatchObject({ held: false, source: 'the HTTP relay towards versitygw' });
    // Small bodies are sent with the request, large ones after `Expect: 100-continue`, and streams as they come.
    for (const body of ['small', Buffer.alloc(3 * MiB), Buffer.alloc(12 * MiB)]) {
      const failed = await failure(put(`${error}-${body.length}`, body));
      expect(failed).toBeInstanceOf(S3ServiceException);
      expect(failed).toMatchObject({ name: error, $metadata: { httpStatusCode: status } });
      await expect(head(`${error}-${body.length}`, direct)).rejects.toMatchObject({ name: 'NotFound' });
    }
    expect(await injection.proof()).toMatchObject({
      held: true,
      seen: `3 requests answered ${status} ${error}`,
    });
    await injection.heal();
    await put(error, 'whole');
    expect(String(await get(error, direct))).toBe('whole');
  });

  test('is about one operation, and is not proven by others', async () => {
    await put('kept', 'whole');
    const injection = await broken(s3Errors(NAME, { operation: 'HeadObject', error: 'InternalError' }));
    expect(String(await get('kept'))).toBe('whole');
    await client.send(new ListObjectsV2Command({ Bucket: BUCKET }));
    expect(await injection.proof()).toMatchObject({ held: false });
    await expect(head('kept')).rejects.toMatchObject({ $metadata: { httpStatusCode: 500 } });
    expect(await injection.proof()).toMatchObject({ held: true });
  });

  test.each([
    ['CreateMultipartUpload', 'UploadPart'],
    ['UploadPart', 'CompleteMultipartUpload'],
  ] as const)('tells %s from %s', async (operation, _) => {
    await broken(s3Errors(NAME, { operation, error: 'SlowDown' }));
    const upload = { Bucket: BUCKET, Key: 'parts' };
    const created = await failure(client.send(new CreateMultipartUploadCommand(upload)));
    expect(created instanceof Error).toBe(operation === 'CreateMultipartUpload');
    const { UploadId } = await direct.send(new CreateMultipartUploadCommand(upload));
    const sent = await failure(
      client.send(new UploadPartCommand({ ...upload, UploadId, PartNumber: 1, Body: 'part' })),
    );
    expect(sent instanceof Error).toBe(operation === 'UploadPart');
  });

  test('is about some keys, and a share of them, counted to the unit', async () => {
    const before = relay.counters;
    const injection = await broken(s3Errors(NAME, { key: /^chance-/, share: '50%', error: 'SlowDown' }));
    let failures = 0;
    for (let index = 0; index < 200; index++) {
      if ((await failure(put(`chance-${index}`, 'x'))) instanceof Error) failures += 1;
    }
    await put('another', 'whole');
    // Of every ten, five.
    expect(failures).toBe(100);
    const seen = `${failures} requests answered 503 SlowDown; ${200 - failures} more spared`;
    expect(await injection.proof()).toMatchObject({ held: true, seen });
    expect(relay.counters.requests - before.requests).toBe(201);
    expect(relay.counters.passed - before.passed).toBe(201 - failures);
  });
});

describe('s3Slow', () => {
  test('answers late what was done at once, proves it, and hurries when healed', async () => {
    const injection = await broken(s3Slow(NAME, { operation: 'PutObject', delay: '400ms' }));
    const began = performance.now();
    const writing = put('late', 'whole');
    await expect.poll(() => get('late', direct).then(String, () => '')).toBe('whole');
    await writing;
    expect(performance.now() - began).toBeGreaterThan(390);
    expect(await injection.proof()).toMatchObject({
      held: true,
      seen: expect.stringMatching(/^1 requests slowed, held for 0\.[4-9] s in all$/),
    });
    await injection.heal();
    const hour = await broken(s3Slow(NAME, { delay: '1h' }));
    const waiting = put('healed', 'whole');
    await expect.poll(() => get('healed', direct).then(String, () => '')).toBe('whole');
    expect(await hour.proof()).toMatchObject({ held: false });
    await hour.heal();
    await waiting;
  });

  test('trickles what is sent and what is fetched, whole', async () => {
    const data = randomBytes(256 * 1024);
    const injection = await broken(s3Slow(NAME, { operation: 'PutObject', bytesPerSecond: '512KiB' }));
    const began = performance.now();
    await put('trickled', data);
    expect(performance.now() - began).toBeGreaterThan(450);
    expect(await injection.proof()).toMatchObject({ held: true });
    await injection.heal();
    await broken(s3Slow(NAME, { operation: 'GetObject', bytesPerSecond: '512KiB' }));
    const fetched = performance.now();
    expect(sha(await get('trickled'))).toBe(sha(data));
    expect(performance.now() - fetched).toBeGreaterThan(450);
  });

  test('a client may give up, and a body under way flows when healed', async () => {
    const injection = await broken(s3Slow(NAME, { bytesPerSecond: '1KiB' }));
    const gaveUp = await failure(
      client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'given-up', Body: Buffer.alloc(MiB) }), {
        abortSignal: AbortSignal.timeout(300),
      }),
    );
    expect(gaveUp).toMatchObject({ name: 'AbortError' });
    const patient = put('patient', Buffer.alloc(MiB, 'p'));
    await expect.poll(async () => (await injection.proof()).seen).toMatch(/^2 requests/);
    await injection.heal();
    await patient;
    expect((await head('patient', direct)).ContentLength).toBe(MiB);
  });
});

describe('s3Cut', () => {
  test.each([64 * 1024, 8 * MiB])('in the middle of a request of %d bytes, nothing is stored', async (size) => {
    // A stream is sent unsigned: nothing but the connection tells the store that it has not got all of it.
    const stream = (key: string) => {
      const Body = Readable.from([Buffer.alloc(size / 4), Buffer.alloc(size / 4), Buffer.alloc(size / 2)]);
      return client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body, ContentLength: size }));
    };
    const injection = await broken(s3Cut(NAME, { operation: 'PutObject', body: 'request' }));
    expect(await injection.proof()).toMatchObject({ held: false });
    const failed = await failure(stream(`half-${size}`));
    expect(failed).toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) });
    expect(await injection.proof()).toMatchObject({
      held: true,
      seen: '1 requests cut in the middle of the request',
    });
    await expect(head(`half-${size}`, direct)).rejects.toMatchObject({ name: 'NotFound' });
    await injection.heal();
    await stream(`half-${size}`);
    expect((await head(`half-${size}`, direct)).ContentLength).toBe(size);
  });

  test('in the middle of a response, half of it comes', async () => {
    await put('object', Buffer.alloc(4 * MiB), direct);
    const injection = await broken(s3Cut(NAME, { operation: 'GetObject', body: 'response' }));
    const { Body, ContentLength } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'object' }));
    let bytes = 0;
    const reading = (async () => {
      for await (const chunk of Body as Readable) bytes += chunk.length;
    })();
    expect(await failure(reading)).toMatchObject({ code: 'ECONNRESET' });
    expect(ContentLength).toBe(4 * MiB);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(2 * MiB);
    expect(await injection.proof()).toMatchObject({ held: true });
    await injection.heal();
    expect((await get('object')).length).toBe(4 * MiB);
  });

  test('in place of an answer without a body, the object is stored and the client cannot know', async () => {
    const injection = await broken(s3Cut(NAME, { operation: 'PutObject', body: 'response' }));
    expect(await failure(put('unknown', 'whole'))).toMatchObject({ code: 'ECONNRESET' });
    expect(String(await get('unknown', direct))).toBe('whole');
    expect(await injection.proof()).toMatchObject({ held: true });
  });
});

test('a store that is down looks through the relay as it looks without', async () => {
  await stack.service(NAME).stop();
  expect(await failure(put('a', 'b'))).toMatchObject({ code: 'ECONNRESET' });
  await stack.service(NAME).start();
  await put('a', 'b');
});
