/** The parts that are plain functions of their input. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newCode, parseCode } from './codes.ts';
import { readConfig } from './config.ts';
import { productsOfSale } from './products.ts';

describe('codes', () => {
  test('survive being typed in another case, with or without hyphens', () => {
    for (let i = 0; i < 200; i++) {
      const code = newCode();
      for (const typed of [code, code.toLowerCase(), code.replaceAll('-', ''), ` ${code}\n`]) {
        expect(parseCode(typed)).toBe(code);
      }
    }
  });

  test('are recognised or refused, whatever is typed', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), (typed) => {
        const code = parseCode(typed);
        expect(code === undefined || parseCode(code) === code).toBe(true);
      }),
    );
  });

  test.each(['', '0000', '0000-0000-0000-000I', '0000-0000-0000-00000', 'ÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅ'])('%j is none', (typed) => {
    expect(parseCode(typed)).toBeUndefined();
  });
});

describe('the products of a sale', () => {
  test('share its stock to the unit, none more than one ahead of another', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 100_000 }), (count, extra) => {
        const stocks = productsOfSale(count, count + extra).map(({ stock }) => stock);
        expect(stocks).toHaveLength(count);
        expect(stocks.reduce((sum, stock) => sum + stock, 0)).toBe(count + extra);
        expect(Math.max(...stocks) - Math.min(...stocks)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('have names of their own', () => {
    expect(new Set(productsOfSale(35, 35).map(({ name }) => name)).size).toBe(35);
  });
});

describe('configuration', () => {
  const GOOD = { PORT: '8080', DATABASE_URL: 'postgres://db/shop', REDIS_URL: 'redis://cache' };

  test('has production defaults', () => {
    expect(readConfig(GOOD)).toMatchObject({
      PORT: 8080,
      HOST: '127.0.0.1',
      DB_POOL_MAX: 10,
      SALE_ITEMS: 10_000,
      USER_LIMIT: 10,
    });
  });

  test.each<[variables: NodeJS.ProcessEnv, message: string]>([
    [{ PORT: undefined }, 'PORT is not set.'],
    [{ PORT: '0' }, 'PORT="0": must be at least 1.'],
    [{ PORT: '80a' }, 'PORT="80a": is not a whole number.'],
    [{ PORT: '70000' }, 'PORT="70000": must be at most 65535.'],
    [{ DATABASE_URL: '' }, 'DATABASE_URL is not set.'],
    [{ DATABASE_URL: 'shop' }, 'DATABASE_URL is not an address that starts with postgres:// or postgresql://.'],
    [{ SALE_DURATION_MS: '-5' }, 'SALE_DURATION_MS="-5": is not a whole number.'],
    [{ SALE_ITEMS: '5' }, 'SALE_PRODUCTS (10) must not exceed SALE_ITEMS (5).'],
  ])('%j: %s', (variables, message) => {
    expect(() => readConfig({ ...GOOD, ...variables })).toThrow(message);
  });
});
