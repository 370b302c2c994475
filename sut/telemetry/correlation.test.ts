import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { acceptCorrelationId, correlationId, withCorrelationId } from './correlation.ts';

test('whatever is sent, the id is short and harmless', () => {
  fc.assert(
    fc.property(fc.option(fc.string({ maxLength: 200 }), { nil: undefined }), (sent) => {
      expect(acceptCorrelationId(sent)).toMatch(/^[A-Za-z0-9._:-]{1,64}$/);
    }),
  );
});

test('an acceptable id is kept as it is', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9._:-]{1,64}$/), (sent) => {
      expect(acceptCorrelationId(sent)).toBe(sent);
    }),
  );
});

test('each of several requests at once sees its own', async () => {
  const seen = await Promise.all(
    ['a', 'b', 'c'].map((id, index) =>
      withCorrelationId(id, async () => {
        await sleep(5 - index);
        return correlationId();
      }),
    ),
  );
  expect(seen).toEqual(['a', 'b', 'c']);
  expect(correlationId()).toBeUndefined();
});
