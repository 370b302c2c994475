/** Where versitygw comes from: no distribution packages it. */
import { fileURLToPath } from 'node:url';
import type { GoProgram } from '../../harness/stack/go-program.ts';

export const VERSITYGW: GoProgram = {
  command: 'versitygw',
  package: 'github.com/versity/versitygw/cmd/versitygw',
  folder: fileURLToPath(new URL('../../tools/versitygw', import.meta.url)),
  takes: 'two to three minutes',
};
