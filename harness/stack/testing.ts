/** Tiny real services for the tests of the stack: Node programs of a few lines. */
import { existsSync, readFileSync } from 'node:fs';
import type { Endpoint, ServiceDescription } from './service.ts';

/** Answers GREETING; /crash ends it with exit code 7; /child starts a child that shrugs off SIGTERM, and answers its pid. */
const APP = `
  const { createServer } = require('node:http');
  const { spawn } = require('node:child_process');
  const CHILD = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")';
  createServer((request, response) => {
    if (request.url === '/crash') { console.log('something is wrong'); process.exit(7); }
    if (request.url !== '/child') return response.end(process.env.GREETING ?? 'hello');
    const child = spawn(process.execPath, ['-e', CHILD], { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.once('data', () => response.end(String(child.pid)));
  }).listen(process.env.PORT, '127.0.0.1', () => console.log('listening'));
`;

export const nodeService = (name: string, code = APP, over: Partial<ServiceDescription> = {}): ServiceDescription => ({
  name,
  program: { command: process.execPath, why: 'tests', packages: { apt: '', dnf: '', brew: '' } },
  needs: [],
  address: `${name}:8080`,
  args: () => ['-e', code],
  env: ({ endpoint }) => ({ PORT: String(endpoint.port) }),
  ready: (endpoint) => ask(endpoint).then(() => {}),
  ...over,
});

export async function ask({ host, port }: Endpoint, path = '/', withinMs = 5_000): Promise<string> {
  const response = await fetch(`http://${host}:${port}${path}`, { signal: AbortSignal.timeout(withinMs) });
  return response.text();
}

/** Whether a process is there and not merely waiting for its parent to take notice of its end. */
export function alive(pid: number): boolean {
  if (existsSync('/proc/self/stat')) return !['', 'Z', 'X'].includes(stateOf(pid));
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The state letter of a process on Linux; '' where there is none. */
export function stateOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).charAt(0);
  } catch {
    return '';
  }
}
