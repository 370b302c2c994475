import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGoProgram, findBuilt, type GoProgram } from '../../harness/stack/go-program.ts';
import type { Program, ServiceDescription } from '../../harness/stack/service.ts';
import { answersOk } from './http.ts';

const MODULE: GoProgram = {
  command: 'versitygw',
  package: 'github.com/versity/versitygw/cmd/versitygw',
  folder: fileURLToPath(new URL('../../tools/versitygw', import.meta.url)),
  takes: 'two to three minutes',
};

/** No distribution packages it. */
export const VERSITYGW: Program = {
  command: 'versitygw',
  why: 'the S3 server of the system',
  packages: { apt: '', dnf: '', brew: '' },
  make: async (say) => (await findBuilt(MODULE)) ?? (await buildGoProgram(MODULE, say)),
  hint: 'put Go on PATH (https://go.dev/dl) and run this again: it is built from tools/versitygw',
};

/** Of a store that lives as long as a run. */
export const S3_CREDENTIALS = { accessKey: 'firedrill', secretKey: 'firedrill-of-one-run' } as const;
export const S3_REGION = 'us-east-1';

export const s3Url = ({ host, port }: { host: string; port: number }): string => `http://${host}:${port}`;

/** An S3 server on a folder: one Go program, small enough to be booted with every run. */
export const versitygw: ServiceDescription = {
  name: 'versitygw',
  address: 'versitygw:7070',
  program: VERSITYGW,
  needs: [],
  container: { image: 'versity/versitygw:v1.8.0' },
  async prepare(context) {
    // Folders that must be there; what is in them does not matter, for a bucket is a folder.
    await context.write('objects/.keep', '');
    await context.write('metadata/.keep', '');
  },
  args: ({ endpoint, folder }) => [
    '--port',
    `${endpoint.host}:${endpoint.port}`,
    '--region',
    S3_REGION,
    '--health',
    '/health',
    '--quiet',
    'posix',
    // Beside the objects, not in their extended attributes, which not every file system has.
    '--sidecar',
    join(folder, 'metadata'),
    join(folder, 'objects'),
  ],
  env: () => ({ ROOT_ACCESS_KEY: S3_CREDENTIALS.accessKey, ROOT_SECRET_KEY: S3_CREDENTIALS.secretKey }),
  ready: (endpoint) => answersOk(endpoint, '/health'),
};
