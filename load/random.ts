/**
 * Seeded randomness: sfc32 (Chris Doty-Humphrey's Small Fast Counter, 128 bits of state, passes PractRand), seeded
 * through splitmix32 so that neighbouring seeds give unrelated streams. Each visitor has a stream of their own, so what
 * a visitor does never depends on how the answers to others were timed.
 */
export interface Random {
  /** A number in [0, 1). */
  number(): number;
  /** A whole number, both ends included. */
  integer(from: number, to: number): number;
  /** True in `share` (0..1) of the cases. */
  chance(share: number): boolean;
}

/** The same seed and stream give the same numbers in the same order, on every machine. */
export function random(seed: number, stream = 0): Random {
  const mix = splitmix32(seed ^ Math.imul(stream + 1, 0x9e3779b1));
  let a = mix();
  let b = mix();
  let c = mix() ^ stream;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // The first outputs still resemble the seed.
  for (let round = 0; round < 12; round++) next();
  return {
    number: next,
    integer: (from, to) => from + Math.floor(next() * (to - from + 1)),
    chance: (share) => next() < share,
  };
}

function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
}
