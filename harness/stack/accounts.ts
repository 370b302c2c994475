/** The account a service that refuses root runs as. Only root can change accounts; others run it as themselves. */
import { readFile } from 'node:fs/promises';
import { FiredrillError } from '../errors.ts';

export async function accountIds(account: string): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const passwd = await readFile('/etc/passwd', 'utf8');
  const fields = passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === account);
  if (!fields) {
    throw new FiredrillError(
      'SERVICE_FAILED',
      `we run as root and the service must not: there is no account '${account}'. Create it (useradd --system ${account}) or run as another user.`,
    );
  }
  return { uid: Number(fields[2]), gid: Number(fields[3]) };
}
