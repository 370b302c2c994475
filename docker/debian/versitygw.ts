/** The path of the versitygw that tools/versitygw pins, built where it was not: what its stand-in is made of. */
import { locatePrograms } from '../../harness/stack/programs.ts';
import { VERSITYGW } from '../../sut/services/versitygw.ts';

const located = await locatePrograms([VERSITYGW], (line) => process.stderr.write(`${line}\n`));
process.stdout.write(`${located(VERSITYGW)}\n`);
