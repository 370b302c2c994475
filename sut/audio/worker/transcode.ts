/** The first stage: ffmpeg makes of whatever was uploaded one AAC track that every player plays. */
import { StageFailure } from '../reasons.ts';
import type { Work } from './pipeline.ts';
import { type Ended, run } from './program.ts';

/** What is opened at all. Playlists are not: they would make ffmpeg read other files, or other hosts. */
const FORMATS = 'mp3,wav,flac,ogg,aac,mov,matroska,aiff,w64,caf';
/** What ffmpeg says of a file that no second attempt will make better. */
const NOT_AUDIO =
  /Invalid data found|Format not on whitelist|matches no streams|does not contain any stream|moov atom not found|could not find codec parameters|Failed to (read frame size|find two consecutive MPEG audio frames)|Output file is empty/i;
/** ffmpeg says this of a track without its end, as on a full disk, and then ends with 0 all the same (seen with 5.1). */
const UNFINISHED = /Error (writing trailer|closing file)/i;
const NO_ROOM = /No space left on device|Disk quota exceeded/i;

/** Writes `target`. Throws a StageFailure; what there is of the file then is the caller's to remove. */
export async function transcode(work: Work, source: string, target: string): Promise<void> {
  const { clock, ffmpeg, ffmpegTimeoutSeconds: timeout, signal } = work;
  const input = [
    '-nostdin',
    '-hide_banner',
    '-loglevel',
    'error',
    '-protocol_whitelist',
    'file',
    '-format_whitelist',
    FORMATS,
  ];
  const output = [
    '-map',
    '0:a:0',
    '-vn',
    '-map_metadata',
    '-1',
    '-threads',
    '1',
    '-c:a',
    'aac',
    '-b:a',
    '96k',
    '-f',
    'mp4',
  ];
  const ended = await run({
    command: ffmpeg,
    args: [...input, '-i', source, ...output, '-y', target],
    timeoutMs: clock.realMs(timeout),
    signal,
  });
  if (ended.code === 0 && !UNFINISHED.test(ended.said)) return;
  signal.throwIfAborted();
  const facts = { ffmpeg_duration: clock.seconds(ended.tookMs), timeout, said: lastLine(ended.said) };
  throw new StageFailure('ffmpeg', reasonOf(ended), explain(ended, timeout), facts);
}

function reasonOf({ timedOut, said }: Ended) {
  if (timedOut) return 'ffmpeg_timeout';
  if (NO_ROOM.test(said)) return 'disk_full';
  if (/No such file or directory/.test(said)) return 'source_missing';
  return NOT_AUDIO.test(said) ? 'invalid_audio' : 'ffmpeg_failed';
}

function explain({ timedOut, code, signal }: Ended, timeout: number): string {
  if (timedOut) return `ffmpeg took more than ${timeout} s and was killed`;
  return code === 0 ? 'ffmpeg could not write the track to its end' : `ffmpeg ended with ${code ?? signal}`;
}

export const lastLine = (said: string): string => said.split('\n').at(-1)?.slice(0, 300) ?? '';
