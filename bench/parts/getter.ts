/** The smallest journey: one GET. */
import type { Journey, Visitor } from '../../load/journey.ts';

export function* getter(visitor: Visitor): Journey {
  const { status } = yield* visitor.get('index', '/');
  return `HTTP ${status}`;
}

export const GETTER = { module: import.meta.url, name: 'getter' };

export function* prober(visitor: Visitor): Journey {
  const { status } = yield* visitor.get('health', '/health');
  return `HTTP ${status}`;
}
