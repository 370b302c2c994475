import { describe, expect, it } from 'vitest';
import type { EventOf } from '../harness/journal.ts';
import { at } from '../harness/testing.ts';
import { log } from './log.ts';
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
  fields: { level: 'error', error_code: 'DATABASE_TIMEOUT', msg: 'checkout failed', ...over },
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
    expect(judged(errors, [line(330, { msg: undefined })]).received).toBe('a line at +30s');
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
