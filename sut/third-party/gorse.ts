/** A recommender: takes feedback, and recommends what is liked most among what a user has not liked yet. */
import { Bounded, serveSimulator } from './server.ts';

const ITEMS = 50_000;
const CONSIDERED = 500;

/** Who liked what. */
const likes = new Bounded<Set<string>>(ITEMS);

interface Feedback {
  readonly UserId: string;
  readonly ItemId: string;
}

serveSimulator(({ method, path, url, body }) => {
  const [api, what, user] = path;
  if (api !== 'api') return undefined;
  if (what === 'feedback' && method === 'POST') {
    if (!Array.isArray(body)) return { status: 400, body: { error: 'feedback is a list' } };
    for (const { UserId, ItemId } of body as Feedback[]) {
      likes.set(ItemId, (likes.get(ItemId) ?? new Set()).add(UserId));
    }
    return { status: 200, body: { RowAffected: body.length } };
  }
  if (what === 'recommend' && method === 'GET' && user !== undefined) {
    const n = Number(url.searchParams.get('n') ?? 10);
    const recommended = [...likes]
      .slice(-CONSIDERED)
      .filter(([, users]) => !users.has(user))
      .sort(([, one], [, other]) => other.size - one.size)
      .slice(0, n)
      .map(([item]) => item);
    return { status: 200, body: recommended };
  }
  return undefined;
});
