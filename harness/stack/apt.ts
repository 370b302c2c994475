/**
 * Installs Debian and Ubuntu packages when we are root, or when sudo works without a password. Does nothing elsewhere:
 * the caller then says what is missing.
 */
import { access, unlink, writeFile } from 'node:fs/promises';
import { execa } from 'execa';

/** Debian starts a daemon when it is installed, unless this file says no (exit 101): we want the programs only. */
const POLICY = '/usr/sbin/policy-rc.d';

export async function installWithApt(packages: readonly string[], say: (line: string) => void): Promise<void> {
  if (!(await exists('/usr/bin/apt-get'))) return;
  const root = process.getuid?.() === 0;
  if (!root && (await execa('sudo', ['-n', 'true'], { reject: false })).exitCode !== 0) return;
  say(`Installing with apt-get: ${packages.join(' ')} (as ${root ? 'root' : 'sudo'}; their daemons are not started)`);
  const apt = (...args: string[]) =>
    execa(root ? 'apt-get' : 'sudo', root ? args : ['-n', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args], {
      env: { DEBIAN_FRONTEND: 'noninteractive' },
      reject: false,
      all: true,
      stdin: 'ignore',
    });
  const guarded = root && !(await exists(POLICY));
  if (guarded) await writeFile(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const options = ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
    await apt('update', '-o', 'DPkg::Lock::Timeout=300');
    const result = await apt(...options, ...packages);
    if (result.exitCode !== 0) say(`apt-get did not succeed:\n${(result.all ?? '').split('\n').slice(-8).join('\n')}`);
  } finally {
    if (guarded) await unlink(POLICY);
  }
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
