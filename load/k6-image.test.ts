/** k6 from its image, where a container engine answers. The image is made here, from the k6 that was built or found. */
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { find } from '../harness/stack/programs.ts';
import { locateK6 } from './k6/program.ts';
import { constantRate } from './schedule.ts';
import { counted, targetOf, testServer } from './testing.ts';
import { k6Here } from './testing-k6.ts';
import { startInThread } from './thread.ts';

const there = await k6Here();
/** Needs an engine that answers; CI without one is covered by the table of its command (k6/program.test.ts). */
const engine = find({ command: 'docker', why: '', packages: { apt: '', dnf: '', brew: '' } });
const answers =
  engine !== undefined && (await execa(engine, ['version'], { reject: false, timeout: 5_000 })).exitCode === 0;

describe.runIf(there && answers)('k6 from its image', () => {
  const image = 'firedrill-test/k6:2.2.0';
  const containers = async () =>
    (await execa(engine ?? '', ['ps', '-q', '--filter', `ancestor=${image}`])).stdout.split('\n').filter(Boolean);
  beforeAll(async () => {
    const built = await locateK6();
    if (built.kind !== 'program') throw new Error('the image is made from a k6 that was built or found');
    const folder = await mkdtemp(join(tmpdir(), 'k6-image-'));
    await copyFile(built.path, join(folder, 'k6'));
    await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY k6 /k6\nENTRYPOINT ["/k6"]\n');
    await execa(engine ?? '', ['build', '-q', '-t', image, folder]);
    await rm(folder, { recursive: true });
  });
  afterAll(() => execa(engine ?? '', ['rmi', '-f', image], { reject: false }));

  const start = (url: string) =>
    startInThread(
      {
        plan: {
          driver: 'k6',
          rate: constantRate('50/s'),
          capacity: 50,
          thresholds: { http_req_duration: ['p(95)<5000'] },
          program: { kind: 'image', engine: engine ?? '', image, version: '2.2.0' },
        },
        journey: { module: new URL('./journeys/buyers.ts', import.meta.url).href, name: 'buyer' },
        target: targetOf({ url }),
      },
      () => {},
    );

  test('counts to the unit, and leaves no container', async () => {
    await using server = await testServer({ delayMs: 50 });
    const load = await start(server.url);
    expect(await containers()).toHaveLength(1);
    await sleep(500);
    const totals = await load.stop();
    expect(totals.started).toBeGreaterThan(10);
    expect(counted(totals)).toEqual(server.answers);
    expect(totals.report?.thresholds[0]?.held).toBe(true);
    await expect.poll(containers, { timeout: 10_000 }).toEqual([]);
  });

  test('ends its container when it is abandoned', async () => {
    await using server = await testServer();
    const load = await start(server.url);
    await load.abandon();
    await expect.poll(containers, { timeout: 10_000 }).toEqual([]);
  });
});
