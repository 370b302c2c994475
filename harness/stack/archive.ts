/** Files for a container, or for the build of an image, as the engine takes them. */
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';

/** A tar stream of these contents, by path relative to where it is unpacked. */
export function archiveOf(files: ReadonlyMap<string, string | Buffer>): NodeJS.ReadableStream {
  const archive = pack();
  for (const [name, content] of files) archive.entry({ name, mode: 0o644 }, content);
  archive.finalize();
  return Readable.from(archive);
}
