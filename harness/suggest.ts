import { distance } from 'fastest-levenshtein';

/** The end of a sentence: "; did you mean 'x'?" for the nearest name, or '' where none is near. */
export function suggest(name: string, known: readonly string[]): string {
  const [nearest] = [...known].sort((a, b) => distance(name, a) - distance(name, b));
  return nearest !== undefined && distance(name, nearest) <= Math.max(3, name.length / 3)
    ? `; did you mean '${nearest}'?`
    : '';
}
