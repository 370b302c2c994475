/** Which images a run uses, for its report. */
import { connectEngine } from './engine.ts';
import { type ImageChoice, imageOf } from './images.ts';
import type { ServiceDescription } from './service.ts';

/** A stand-in says in this label what is really in it: its tag is the one of the image it stands in for. */
const REALLY = 'firedrill.version';

/** By service: the image's name, with what it really holds where it says so. */
export async function imageVersions(
  services: readonly ServiceDescription[],
  choice: ImageChoice,
): Promise<Record<string, string>> {
  const { dockerode } = (await connectEngine()).container;
  const entries = services.map(async (service) => {
    const image = imageOf(service, choice);
    const name = typeof image === 'string' ? image : image?.base;
    if (name === undefined) return undefined;
    const really = await dockerode
      .getImage(name)
      .inspect()
      .then(
        ({ Config }) => Config.Labels?.[REALLY],
        () => undefined,
      );
    return [service.name, really === undefined ? name : `${name} (${really})`] as const;
  });
  return Object.fromEntries((await Promise.all(entries)).filter((entry) => entry !== undefined));
}
