/** What tests that need a container engine find here: whether there is one with images, and which. */
import { messageOf } from '../errors.ts';
import { connectEngine, type Engine } from './engine.ts';
import { imagesOfEnvironment, prefixed, unobtainable } from './images.ts';

const { FIREDRILL_REQUIRE_CONTAINERS: required } = process.env;

/** As the command line reads them. */
export const IMAGES = imagesOfEnvironment();

export const NODE_IMAGE = 'node:24.21.0-bookworm-slim';

/**
 * The engine, where it has or can get Node's image; else undefined, and the tests are reported as skipped. Throws where
 * FIREDRILL_REQUIRE_CONTAINERS is set, as CI does: there, what was not run must not look like a pass.
 */
export async function engineHere(): Promise<Engine | undefined> {
  const why = await obstacle();
  if (typeof why !== 'string') return why;
  if (required) throw new Error(`containers are required here, and ${why}`);
  return undefined;
}

async function obstacle(): Promise<Engine | string> {
  try {
    const engine = await connectEngine();
    const missing = await unobtainable(engine, [prefixed(NODE_IMAGE, IMAGES)]);
    return missing.length === 0 ? engine : `the engine cannot get ${missing.join(', ')}`;
  } catch (error) {
    return messageOf(error);
  }
}
