/** Processes or containers: what was asked for, or what this machine is ready for. */

import { messageOf } from '../errors.ts';
import { openContainers } from './containers.ts';
import { connectEngine } from './engine.ts';
import { imageVersions } from './image-versions.ts';
import { type ImageChoice, imageOf, unobtainable } from './images.ts';
import { openProcesses } from './processes.ts';
import { programVersions } from './program-versions.ts';
import type { OpenRuntime } from './runtime.ts';
import type { RuntimeName, ServiceDescription } from './service.ts';

export interface ChosenRuntime {
  readonly name: RuntimeName;
  /** 'asked for', or what was found. */
  readonly why: string;
  readonly open: OpenRuntime;
  /** By service, for the report. */
  versions(services: readonly ServiceDescription[], say: (line: string) => void): Promise<Record<string, string>>;
}

/**
 * Containers where an engine answers and holds or can get every image, else processes. Throws ENGINE_UNAVAILABLE where
 * containers were asked for and there is no engine.
 */
export async function chooseRuntime(
  asked: RuntimeName | 'auto',
  services: readonly ServiceDescription[],
  images: ImageChoice,
): Promise<ChosenRuntime> {
  if (asked === 'processes') return processes('asked for');
  if (asked === 'containers') {
    await connectEngine();
    return containers('asked for', images);
  }
  const without = services.filter((service) => imageOf(service, images) === undefined).map(({ name }) => name);
  if (without.length > 0) return processes(`${without.join(', ')} has no image`);
  try {
    const engine = await connectEngine();
    const missing = await unobtainable(
      engine,
      services.map((service) => imageOf(service, images) ?? ''),
    );
    return missing.length === 0
      ? containers('a container engine answers and has, or can get, every image', images)
      : processes(`the container engine neither holds nor can get ${missing.join(', ')}`);
  } catch (error) {
    return processes(firstSentence(messageOf(error)));
  }
}

const processes = (why: string): ChosenRuntime => ({
  name: 'processes',
  why,
  open: openProcesses,
  versions: programVersions,
});

const containers = (why: string, images: ImageChoice): ChosenRuntime => ({
  name: 'containers',
  why,
  open: openContainers(images),
  versions: (services) => imageVersions(services, images),
});

const firstSentence = (text: string): string => text.split(/\. (?=[A-Z])/)[0] ?? text;
