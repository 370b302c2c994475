/** What tests that need k6 find here: whether there is one, built where Go is there. */
import { messageOf } from '../harness/errors.ts';
import { locateK6 } from './k6/program.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);

/**
 * Where k6 cannot be had, the reason is said and the tests are reported as skipped. Throws where FIREDRILL_REQUIRE_K6 is
 * set, as CI does: there, what was not run must not look like a pass.
 */
export async function k6Here(): Promise<boolean> {
  try {
    await locateK6(say);
    return true;
  } catch (error) {
    if (process.env.FIREDRILL_REQUIRE_K6) throw error;
    say(messageOf(error));
    return false;
  }
}
