import { describe, expect, it } from 'vitest';
import type { EventOf } from '../harness/journal.ts';
import { at } from '../harness/testing.ts';
import { log } from './log.ts';
import { atLeast, field } from './log-values.ts';
import { judged, judgedAt } from './testing.ts';

const errors = log('flash-sale', { level: 'error', error_code: /DATABASE/ })
  .appears()
  .within('2m');
const line = (
  second: number,
  over: Readonly<Record<string, unknown>> = {},
  service = 'flash-sale',
): EventOf<'log'> => ({
  type: 'log',
  at: at(second),
  service,
  fields: { level: 'error', error_code: 'DATABASE_TIMEOUT', message: 'checkout failed', ...over },
});

describe('a claim about log lines', () => {
  it('says in its title which lines it means', () => {
    expect(errors.title).toBe('flash-sale logs level="error" error_code=/DATABASE/ within 2m');
    expect(errors.needs.logs).toEqual([{ service: 'flash-sale', match: { level: 'error', error_code: /DATABASE/ } }]);
  });

  it('holds with the first such line of the phase', () => {
    expect(judged(errors, [line(200), line(330), line(340)])).toMatchObject({
      verdict: 'held',
      received: 'checkout failed at +30s',
      decidedAt: at(330),
    });
  });

  it('holds with a line that says nothing but its fields', () => {
    expect(judged(errors, [line(330, { message: undefined })]).received).toBe('a line at +30s');
  });

  it.each([
    ['before the fault', line(299)],
    ['after the deadline', line(421)],
    ['of another service', line(330, {}, 'postgres')],
    ['with another field', line(330, { level: 'warn' })],
    ['without the field', line(330, { error_code: undefined })],
  ])('is broken by a line %s alone', (_, only) => {
    expect(judged(errors, [only])).toMatchObject({
      verdict: 'broken',
      headline: 'flash-sale did not log level="error" error_code=/DATABASE/',
      received: 'no such line',
    });
  });

  it('is open until its deadline has passed', () => {
    expect(judgedAt(errors, [], 100)).toBeUndefined();
    expect(judgedAt(errors, [], 121)?.verdict).toBe('broken');
    expect(judgedAt(errors, [line(330)], 60)?.verdict).toBe('held');
  });
});

describe('a claim about what every such line has', () => {
  const timeouts = log('audio-worker', { level: 'error', error_code: 'ffmpeg_timeout' });
  const named = timeouts
    .allHave({ audio_file_size: atLeast('8MiB'), ffmpeg_duration: atLeast(field('timeout')), stage: /^ff/ })
    .within('2m');
  const failure = (second: number, over: Readonly<Record<string, unknown>> = {}) =>
    line(
      second,
      {
        ...{ error_code: 'ffmpeg_timeout', stage: 'ffmpeg', post_id: 'p1', msg: 'audio processing failed' },
        ...{ audio_file_size: 31.2 * 1024 ** 2, ffmpeg_duration: 60.1, timeout: 60 },
        ...over,
      },
      'audio-worker',
    );
  const enough = [failure(330), failure(340, { post_id: 'p2' }), failure(350, { post_id: 'p3' })];

  it('holds with the third such line, and names what was seen', () => {
    expect(named.title).toBe(
      'every line of audio-worker with level="error" error_code="ffmpeg_timeout" has audio_file_size ≥ 8MiB, ffmpeg_duration ≥ timeout, stage=/^ff/ within 2m',
    );
    expect(judged(named, [...enough, failure(360)])).toMatchObject({
      verdict: 'held',
      received: '4 lines; post_id p1, audio_file_size 31.2MiB, ffmpeg_duration 60.1s, timeout 60s, stage ffmpeg',
      decidedAt: at(350),
    });
    expect(judged(named, enough).timeline.map(({ what }) => what.slice(0, 10))).toEqual([
      'post_id p1',
      'post_id p2',
      'post_id p3',
    ]);
  });

  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['a file that is too small', { audio_file_size: 1024 ** 2 }, 'audio_file_size ≥ 8MiB'],
    ['a size that is no number', { audio_file_size: '31 MB' }, 'audio_file_size ≥ 8MiB'],
    ['no size', { audio_file_size: undefined }, 'audio_file_size ≥ 8MiB'],
    ['a duration below the timeout of its own line', { timeout: 90 }, 'ffmpeg_duration ≥ timeout'],
    ['no timeout', { timeout: undefined }, 'ffmpeg_duration ≥ timeout'],
    ['another text', { stage: 'upload' }, 'stage=/^ff/'],
  ])('is broken by one line with %s, which it names', (_, over, missing) => {
    const claim = judged(named, [...enough, failure(360, { post_id: 'p4', ...over }), failure(370)]);
    expect(claim).toMatchObject({
      verdict: 'broken',
      headline: `a line of audio-worker with level="error" error_code="ffmpeg_timeout" lacks ${missing}`,
      received: expect.stringMatching(/^post_id p4, audio_file_size .* at \+1m$/),
      decidedAt: at(360),
    });
  });

  it.each([
    ['none', [], 'no such line'],
    ['too few', enough.slice(0, 2), /^2 of 3 lines; post_id p1/],
    ['too few in time', [...enough.slice(0, 2), failure(421)], /^2 of 3 lines/],
    ['only others', enough.map((one) => ({ ...one, service: 'audio-api' })), 'no such line'],
    ['only some of before', [failure(100), ...enough.slice(0, 2)], /^2 of 3 lines/],
  ] as const)('is broken where there are %s', (_, lines, received) => {
    expect(judged(named, lines)).toMatchObject({
      verdict: 'broken',
      headline: 'audio-worker wrote too few lines with level="error" error_code="ffmpeg_timeout"',
      received: typeof received === 'string' ? received : expect.stringMatching(received),
    });
  });

  it('is open until three are there or its deadline has passed, and broken at once by one that lacks it', () => {
    expect(judgedAt(named, enough.slice(0, 2), 60)).toBeUndefined();
    expect(judgedAt(named, enough, 60)?.verdict).toBe('held');
    expect(judgedAt(named, enough.slice(0, 2), 121)?.verdict).toBe('broken');
    expect(judgedAt(named, [failure(330, { timeout: 61 })], 60)?.verdict).toBe('broken');
  });

  it.each([
    [60, 60, true],
    [60, 59.9, false],
    ['60s', 60, true],
    ['1m', 59, false],
    ['500ms', 0.5, true],
    ['1KiB', 1_024, true],
    ['1KiB', 1_023, false],
  ] as const)('at least %s: %s %s', (least, value, held) => {
    const claim = timeouts.allHave({ value: atLeast(least) }).within('2m');
    const lines = [330, 340, 350].map((second) => failure(second, { value }));
    expect(judged(claim, lines).verdict).toBe(held ? 'held' : 'broken');
  });

  it('takes a text as it is', () => {
    const lines = enough.map((one) => ({ ...one, fields: { ...one.fields, attempt: 1 } }));
    expect(judged(timeouts.allHave({ attempt: '1' }).within('2m'), lines).verdict).toBe('held');
    expect(judged(timeouts.allHave({ attempt: '2' }).within('2m'), lines).verdict).toBe('broken');
  });

  it('refuses a size or a duration that is none', () => {
    expect(() => atLeast('8MB' as '8MiB')).toThrow('atLeast() is "8MB"');
    expect(() => atLeast('soon' as '1s')).toThrow('atLeast() is "soon"');
  });
});
