/** Rejects unless the path answers with 2xx. */
export async function answersOk({ host, port }: { host: string; port: number }, path: string): Promise<void> {
  const response = await fetch(`http://${host}:${port}${path}`, { signal: AbortSignal.timeout(2_000) });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`GET ${path} answered ${response.status}`);
}
