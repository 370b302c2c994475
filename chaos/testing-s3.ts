/** A real S3 server and a real client of it, for the tests of faults. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { buildGoProgram, findBuilt, type GoProgram } from '../harness/stack/go-program.ts';
import type { Endpoint, ServiceDescription } from '../harness/stack/service.ts';

const MODULE: GoProgram = {
  command: 'versitygw',
  package: 'github.com/versity/versitygw/cmd/versitygw',
  folder: fileURLToPath(new URL('../tools/versitygw', import.meta.url)),
  takes: 'two to three minutes',
};

/** How long its build may take, where it was not built yet. */
export const BUILT_WITHIN_MS = 600_000;
export const BUCKET = 'bucket';

/** Throws where it was not built and there is no Go to build it with. */
export async function versitygw(): Promise<ServiceDescription> {
  const command = (await findBuilt(MODULE)) ?? (await buildGoProgram(MODULE, () => {}));
  if (command === undefined) throw new Error('there is no Go to build versitygw with');
  return {
    name: 'versitygw',
    address: 'versitygw:7070',
    program: { command, why: 'tests', packages: { apt: '', dnf: '', brew: '' } },
    needs: [],
    async prepare(context) {
      await context.write('objects/.keep', '');
      await context.write('metadata/.keep', '');
    },
    args: ({ endpoint: { host, port }, folder }) => [
      ...['--port', `${host}:${port}`, '--region', 'us-east-1', '--health', '/health', '--quiet', 'posix'],
      ...['--sidecar', join(folder, 'metadata'), join(folder, 'objects')],
    ],
    env: () => ({ ROOT_ACCESS_KEY: 'tests', ROOT_SECRET_KEY: 'secret-of-tests' }),
    async ready({ host, port }) {
      const answer = await fetch(`http://${host}:${port}/health`);
      if (!answer.ok) throw new Error(`answers ${answer.status}`);
    },
  };
}

/** One request each: the client's own retries would hide what a fault does. */
export function s3Client({ host, port }: Endpoint, over: ConstructorParameters<typeof S3Client>[0] = {}): S3Client {
  return new S3Client({
    endpoint: `http://${host}:${port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'tests', secretAccessKey: 'secret-of-tests' },
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...over,
  });
}

export async function makeBucket(endpoint: Endpoint): Promise<void> {
  const client = s3Client(endpoint);
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  client.destroy();
}
