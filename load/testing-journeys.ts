/** Journeys that only tests send. */
import type { Journey, Visitor } from './journey.ts';

// biome-ignore lint/correctness/useYield: it is meant to fail before its first request
export function* broken(_visitor: Visitor): Journey {
  throw new Error('a defect in a journey');
}

/** Says its number and what it draws. */
export function* drawing(visitor: Visitor): Journey {
  const draws = [visitor.random.integer(1, 1000), visitor.random.integer(1, 1000)];
  const answer = yield* visitor.post('checkout', '/checkout', { number: visitor.number, draws });
  return `HTTP ${answer.status}`;
}

/** Several clicks at once, then another request. */
export function* clicking(visitor: Visitor): Journey {
  const clicks = yield* visitor.postTogether(4, 'checkout', '/checkout', { user_id: 'ada', item_id: 1 });
  yield* visitor.get('sale', '/sale');
  return `${clicks.length} clicks`;
}

/** Logs in, and sends bytes that are no text. */
export function* uploading(visitor: Visitor): Journey {
  visitor.logIn('a-token');
  const answer = yield* visitor.upload('upload', '/upload', Uint8Array.of(0, 255, 128, 10, 13), 'audio/wav');
  yield* visitor.post('checkout', '/checkout', { user_id: 'ada', item_id: 1 });
  return `HTTP ${answer.status}`;
}
