/** Why k6 ended by itself, in words. Codes: https://github.com/grafana/k6/blob/v2.2.0/errext/exitcodes/codes.go */

const MEANINGS: Readonly<Record<number, string>> = {
  99: 'thresholds were crossed',
  104: 'its options are not valid',
  105: 'somebody ended it by a signal',
  107: 'the script threw',
  108: 'the script ended the test',
  109: 'it crashed',
  110: 'the script marked the test as failed',
};

/** `how` is its exit code, or the signal or error that ended it; `words` the last lines it wrote. */
export function explainExit(how: number | string, words: readonly string[]): string {
  const what = typeof how === 'number' ? `exit code ${how}${MEANINGS[how] ? `: ${MEANINGS[how]}` : ''}` : how;
  const told = words.filter((line) => line.trim() !== '');
  return `k6 ended by itself (${what})${told.length > 0 ? `. Its last words:\n${told.join('\n').replace(/^/gm, '  | ')}` : ''}`;
}
