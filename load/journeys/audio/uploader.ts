/** Members who post a recording. */
import type { Journey, Visitor } from '../../journey.ts';
import { clip, noise } from './clips.ts';
import { comeIn } from './members.ts';
import { AUDIO, JOB, POSTS } from './routes.ts';

const BPM = { from: 60, to: 180 };
/** Words that titles are made of, and that listeners search for. */
export const TITLE_WORDS = ['night', 'river', 'summer', 'engine', 'paper', 'north'] as const;
const SHORT_SECONDS = [1, 2, 3] as const;
/** 30 MB, with which ffmpeg is busy for two seconds or so. */
const LONG_SECONDS = 170;
const NO_RECORDING_BYTES = 20_000;
/** Longer than the 1 MiB that a scenario lets uploads be. */
const OVERSIZED_SECONDS = 8;

/** Outcome 'uploaded', or the error code that ended it; the upload's id is a receipt once it is acknowledged. */
export function* uploader(visitor: Visitor): Journey {
  return yield* post(visitor, 'uploader', clip(oneOf(visitor, SHORT_SECONDS)));
}

/** Posts a recording of three minutes. */
export function* longUploader(visitor: Visitor): Journey {
  return yield* post(visitor, 'long-uploader', clip(LONG_SECONDS));
}

/** Posts what is no recording, though it says so. */
export function* corruptUploader(visitor: Visitor): Journey {
  return yield* post(visitor, 'corrupt-uploader', noise(NO_RECORDING_BYTES));
}

/** Posts more than a small network takes. Outcome 'PAYLOAD_TOO_LARGE' where it says so. */
export function* oversizedUploader(visitor: Visitor): Journey {
  return yield* post(visitor, 'oversized-uploader', clip(OVERSIZED_SECONDS));
}

function* post(visitor: Visitor, crowd: string, recording: Uint8Array<ArrayBuffer>): Journey {
  const refused = yield* comeIn(visitor, crowd);
  if (refused !== undefined) return refused;
  const title = `${oneOf(visitor, TITLE_WORDS)} ${oneOf(visitor, TITLE_WORDS)} ${visitor.number}`;
  const posted = yield* visitor.post(POSTS, '/posts', { title });
  const postId = posted.field('post_id');
  if (postId === undefined) return posted.errorCode;
  const bpm = visitor.random.integer(BPM.from, BPM.to);
  const accepted = yield* visitor.upload(AUDIO, `/posts/${postId}/audio?bpm=${bpm}`, recording, 'audio/wav');
  if (accepted.status !== 202) return accepted.errorCode;
  const job = accepted.field('job_id');
  if (job === undefined) return 'NO_JOB';
  visitor.acknowledged(job);
  const looked = yield* visitor.get(JOB, `/jobs/${job}`);
  return looked.status === 200 ? 'uploaded' : looked.errorCode;
}

const oneOf = <T>(visitor: Visitor, choices: readonly T[]): T =>
  choices[visitor.random.integer(0, choices.length - 1)] as T;
