/** Members who look around: search, read, follow, like, and come back to their feed. */
import type { Answer, Journey, Visitor } from '../../journey.ts';
import { comeIn, logInAgain } from './members.ts';
import { FEED, FOLLOW, LIKE, POST, POSTS, RECOMMENDATIONS, SEARCH, STREAM } from './routes.ts';
import { TITLE_WORDS } from './uploader.ts';

const COMES_BACK = 0.2;
const LIKES = 0.15;
const ASKS_OUTSIDE = 0.5;
const WRITES = 0.1;

/** Outcome 'listened', or the error code that ended it. */
export function* listener(visitor: Visitor): Journey {
  const refused = yield* comeIn(visitor, 'listener');
  if (refused !== undefined) return refused;
  const word = TITLE_WORDS[visitor.random.integer(0, TITLE_WORDS.length - 1)];
  const [found, searchFailed] = postsIn(yield* visitor.get(SEARCH, `/search?q=${word}`));
  for (const { post_id } of found.slice(0, 2)) {
    const post = yield* visitor.get(POST, `/posts/${post_id}`);
    if (post.status !== 200) return post.errorCode;
    const author = post.field('user_id');
    if (visitor.random.chance(LIKES) && author !== undefined) {
      const followed = yield* visitor.post(FOLLOW, `/users/${author}/follow`, {});
      const liked = yield* visitor.post(LIKE, `/posts/${post_id}/like`, {});
      const failed = [followed, liked].find(({ status }) => status >= 500);
      if (failed !== undefined) return failed.errorCode;
    }
  }
  if (visitor.random.chance(WRITES)) {
    const posted = yield* visitor.post(POSTS, '/posts', { title: `${word} listened to` });
    if (posted.status !== 201) return posted.errorCode;
  }
  let outsideFailed: string | undefined = searchFailed;
  if (visitor.random.chance(ASKS_OUTSIDE)) {
    const recommended = yield* visitor.get(RECOMMENDATIONS, '/recommendations');
    const activities = yield* visitor.get(STREAM, '/stream');
    outsideFailed ??= [recommended, activities].find(({ status }) => status !== 200)?.errorCode;
  }
  if (visitor.random.chance(COMES_BACK)) {
    const failed = yield* logInAgain(visitor, 'listener');
    if (failed !== undefined) return failed;
  }
  for (let look = 0; look < 4; look += 1) {
    const feed = yield* visitor.get(FEED, '/feed');
    if (feed.status !== 200) return feed.errorCode;
  }
  return outsideFailed ?? 'listened';
}

/** Who cannot search still reads the feed. */
function postsIn(answer: Answer): [readonly { readonly post_id: string }[], string | undefined] {
  if (answer.status !== 200) return [[], answer.errorCode];
  return [(answer.json() as { posts: { post_id: string }[] }).posts, undefined];
}
