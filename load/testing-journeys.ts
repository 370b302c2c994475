/** Journeys that only tests send. */
import type { Journey, Visitor } from './journey.ts';

// biome-ignore lint/correctness/useYield: it is meant to fail before its first request
export function* broken(_visitor: Visitor): Journey {
  throw new Error('a defect in a journey');
}
