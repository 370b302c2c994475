/**
 * Recordings, as bytes: WAV files of noise, which an encoder has to work for, unlike silence. Made once and kept, since a
 * generator's work is taken from the system it loads.
 */
import { random } from '../../random.ts';

const RATE = 44_100;
const CHANNELS = 2;
const SAMPLE_BYTES = 2;
const HEADER_BYTES = 44;
const SECOND_BYTES = RATE * CHANNELS * SAMPLE_BYTES;
/** Noise that a recording repeats, a tenth of a second: each VU of k6 makes its own, and k6 interprets what makes it. */
const TILE_BYTES = 16_384;

const made = new Map<number, Uint8Array<ArrayBuffer>>();

/** A WAV file of so many seconds, 44.1 kHz in stereo: 176,400 bytes each, and a header. The same bytes every time. */
export function clip(seconds: number): Uint8Array<ArrayBuffer> {
  const known = made.get(seconds);
  if (known !== undefined) return known;
  const bytes = Math.round(seconds * SECOND_BYTES);
  const file = new Uint8Array(HEADER_BYTES + bytes);
  writeHeader(new DataView(file.buffer), bytes);
  const tile = noise(Math.min(TILE_BYTES, bytes));
  for (let at = 0; at < bytes; at += TILE_BYTES) {
    file.set(tile.subarray(0, Math.min(TILE_BYTES, bytes - at)), HEADER_BYTES + at);
  }
  made.set(seconds, file);
  return file;
}

/** So many bytes that are no recording of any kind. */
export function noise(bytes: number): Uint8Array<ArrayBuffer> {
  const draw = random(bytes);
  const words = Uint32Array.from({ length: Math.ceil(bytes / 4) }, () => draw.number() * 2 ** 32);
  return new Uint8Array(words.buffer).slice(0, bytes);
}

/** The header of a WAV file with `bytes` of PCM samples (http://soundfile.sapp.org/doc/WaveFormat). */
function writeHeader(view: DataView, bytes: number): void {
  const text = (at: number, value: string) => {
    for (let i = 0; i < value.length; i += 1) view.setUint8(at + i, value.charCodeAt(i));
  };
  text(0, 'RIFF');
  view.setUint32(4, HEADER_BYTES - 8 + bytes, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, CHANNELS, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, SECOND_BYTES, true);
  view.setUint16(32, CHANNELS * SAMPLE_BYTES, true);
  view.setUint16(34, SAMPLE_BYTES * 8, true);
  text(36, 'data');
  view.setUint32(40, bytes, true);
}
