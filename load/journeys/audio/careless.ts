/** People, or a broken client, whose data is refused: bad addresses, weak passwords, impossible tempos. */
import type { Journey, Visitor } from '../../journey.ts';
import { clip } from './clips.ts';
import { comeIn, PASSWORD } from './members.ts';
import { AUDIO, POSTS, REGISTER } from './routes.ts';

/** Outcome 'VALIDATION' where all of it is refused as it should be. */
export function* careless(visitor: Visitor): Journey {
  const email = `careless-${visitor.number}@example.com`;
  const attempts = [
    { email: 'nobody at nowhere', password: PASSWORD },
    { email, password: 'short' },
    { email, password: '12345678901234' },
  ];
  for (const attempt of attempts) {
    const answer = yield* visitor.post(REGISTER, '/register', attempt);
    if (answer.errorCode !== 'VALIDATION') return answer.errorCode;
  }
  const refused = yield* comeIn(visitor, 'careless');
  if (refused !== undefined) return refused;
  const posted = yield* visitor.post(POSTS, '/posts', { title: 'far too fast' });
  const postId = posted.field('post_id');
  if (postId === undefined) return posted.errorCode;
  for (const bpm of ['9000', 'quick']) {
    const answer = yield* visitor.upload(AUDIO, `/posts/${postId}/audio?bpm=${bpm}`, clip(1), 'audio/wav');
    if (answer.errorCode !== 'VALIDATION') return answer.errorCode;
  }
  return 'VALIDATION';
}
