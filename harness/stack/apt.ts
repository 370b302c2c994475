/**
 * Installs Debian and Ubuntu packages when we are root, or when sudo works without a password. Does nothing elsewhere:
 * the caller then says what is missing.
 */
import { access } from 'node:fs/promises';
import { execa } from 'execa';

/** Debian starts a daemon when it is installed, unless this file says no (exit 101): we want the programs only. */
const POLICY = '/usr/sbin/policy-rc.d';

export async function installWithApt(packages: readonly string[], say: (line: string) => void): Promise<void> {
  if (!(await exists('/usr/bin/apt-get'))) return;
  const root = process.getuid?.() === 0;
  if (!root && (await execa('sudo', ['-n', 'true'], { reject: false })).exitCode !== 0) return;
  say(`Installing with apt-get: ${packages.join(' ')} (as ${root ? 'root' : 'sudo'}; their daemons are not started)`);
  const asRoot = (...command: string[]) =>
    execa(
      'sh',
      ['-c', root ? '"$@"' : 'exec sudo -n "$@"', 'sh', 'env', 'DEBIAN_FRONTEND=noninteractive', ...command],
      {
        reject: false,
        all: true,
        stdin: 'ignore',
      },
    );
  const guarded = !(await exists(POLICY));
  if (guarded) await asRoot('sh', '-c', `printf '#!/bin/sh\\nexit 101\\n' > ${POLICY} && chmod 755 ${POLICY}`);
  try {
    await asRoot('apt-get', 'update', ...WAIT);
    const result = await asRoot('apt-get', 'install', '-y', '--no-install-recommends', ...WAIT, ...packages);
    if (result.exitCode !== 0) say(`apt-get did not succeed:\n${(result.all ?? '').split('\n').slice(-8).join('\n')}`);
  } finally {
    if (guarded) await asRoot('rm', '-f', POLICY);
  }
}

/** Another apt may be at work; wait for it rather than fail. */
const WAIT = ['-o', 'DPkg::Lock::Timeout=300'];

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
