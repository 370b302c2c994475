import { describe, expect, it } from 'vitest';
import { suggest } from './suggest.ts';

describe('a suggestion', () => {
  const known = ['flash-sale/redis-down', 'flash-sale/postgres-down', 'quiet'];

  it.each([
    ['flash-sale/redis-dwon', 'flash-sale/redis-down'],
    ['flash-sale/postgre-down', 'flash-sale/postgres-down'],
    ['quite', 'quiet'],
    ['quiet', 'quiet'],
  ])('for %s is %s', (name, near) => {
    expect(suggest(name, known)).toBe(`; did you mean '${near}'?`);
  });

  it.each([['vod/upload-stalls'], ['zzzzzz']])('is not made for %s, which is near nothing', (name) => {
    expect(suggest(name, known)).toBe('');
  });

  it('is not made where nothing is known', () => {
    expect(suggest('quiet', [])).toBe('');
  });
});
