import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exitCodeOf, overall, type Verdict } from './verdict.ts';

const verdicts = fc.array(fc.constantFrom<Verdict>('held', 'broken', 'unknown'));

describe('a verdict', () => {
  it.each<[Verdict[], Verdict, number]>([
    [[], 'unknown', 2],
    [['held', 'held'], 'held', 0],
    [['held', 'unknown'], 'unknown', 2],
    [['unknown', 'broken', 'held'], 'broken', 1],
  ])('over %j is %s, which the run leaves as exit code %d', (given, verdict, code) => {
    expect(overall(given)).toBe(verdict);
    expect(exitCodeOf(verdict)).toBe(code);
  });

  it('is the same in whatever order the parts come, and however they are grouped', () => {
    fc.assert(
      fc.property(verdicts, verdicts, (a, b) => {
        expect(overall([...a, ...b])).toBe(overall([...b, ...a]));
        if (a.length > 0 && b.length > 0) expect(overall([overall(a), overall(b)])).toBe(overall([...a, ...b]));
      }),
    );
  });

  it('is never held when a part is not', () => {
    fc.assert(
      fc.property(verdicts, (given) => {
        if (overall(given) === 'held') expect(given.every((verdict) => verdict === 'held')).toBe(true);
      }),
    );
  });
});
