/** --image: an image of one's own for a service, which must be one that some scenario boots. */
import { FiredrillError } from '../harness/errors.ts';
import type { ImageChoice } from '../harness/stack/images.ts';
import type { ServiceDescription } from '../harness/stack/service.ts';
import { suggest } from '../harness/suggest.ts';

/** Throws BAD_OPTION naming the first that nobody boots. */
export function checkOverrides({ overrides }: ImageChoice, services: readonly ServiceDescription[]): void {
  const known = services.map(({ name }) => name);
  const unknown = Object.keys(overrides).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new FiredrillError(
    'BAD_OPTION',
    `--image is for '${unknown}', which nothing here boots; the services are ${known.join(', ')}${suggest(unknown, known) || '.'}`,
  );
}
