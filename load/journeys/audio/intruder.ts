/** Somebody with a list of stolen addresses and passwords, and with a stolen session. */
import type { Journey, Visitor } from '../../journey.ts';
import { clip } from './clips.ts';
import { comeIn, emailOf } from './members.ts';
import { AUDIO, FEED, LOGIN, POST, SEARCH } from './routes.ts';

const GUESSES = 5;
const ADMIN = '/admin/settings';

/** Tries passwords at members' doors, then a forged token. Outcome 'CREDENTIALS_INVALID' where nothing opens. */
export function* intruder(visitor: Visitor): Journey {
  for (let guess = 0; guess < GUESSES; guess += 1) {
    const email = emailOf('listener', visitor.random.integer(0, 200));
    const answer = yield* visitor.post(LOGIN, '/login', { email, password: `guess-${guess}-of-many` });
    if (answer.errorCode !== 'CREDENTIALS_INVALID') return answer.errorCode;
  }
  visitor.logIn('00000000-0000-0000-0000-000000000000.9999999999999.forged');
  return (yield* visitor.get(FEED, '/feed')).errorCode;
}

/** A member who reaches for what is others': their posts' audio, the administrators' settings. Outcome 'FORBIDDEN'. */
export function* trespasser(visitor: Visitor): Journey {
  const refused = yield* comeIn(visitor, 'trespasser');
  if (refused !== undefined) return refused;
  const settings = yield* visitor.get(ADMIN, ADMIN);
  if (settings.errorCode !== 'FORBIDDEN') return settings.errorCode;
  const found = yield* visitor.get(SEARCH, '/search?q=night');
  const [first] = found.status === 200 ? (found.json() as { posts: { post_id: string }[] }).posts : [];
  if (first === undefined) return 'FORBIDDEN';
  const post = yield* visitor.get(POST, `/posts/${first.post_id}`);
  if (post.status !== 200) return post.errorCode;
  return (yield* visitor.upload(AUDIO, `/posts/${first.post_id}/audio?bpm=100`, clip(1), 'audio/wav')).errorCode;
}
