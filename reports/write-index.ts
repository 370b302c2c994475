export async function writeIndex(
  _out: string,
  _folders: readonly string[],
  _lists: { metrics: readonly string[] },
): Promise<{ path: string; text: string }> {
  return { path: '', text: '' };
}
