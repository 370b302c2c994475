/** An S3 server that takes its time: answers come late, bodies trickle. */
import { FiredrillError } from '../harness/errors.ts';
import type { Fault } from '../harness/fault.ts';
import type { Bytes, Duration } from '../harness/units.ts';
import { aName, someBytes, someTime } from './arguments.ts';
import { httpFault } from './http-fault.ts';
import { type S3Selection, s3Selection } from './s3-selection.ts';

export interface S3SlowOptions extends S3Selection {
  /** How much later its answers come, once it has them; real time. */
  readonly delay?: Duration;
  /** What it takes in, and gives out, a second; real time. */
  readonly bytesPerSecond?: Bytes;
}

/** What is asked of the server is done, and only late. Throws BAD_UNIT, BAD_OPTION. */
export function s3Slow(service: string, { delay, bytesPerSecond, ...selection }: S3SlowOptions): Fault {
  aName(service, 's3Slow: the service');
  if (delay === undefined && bytesPerSecond === undefined) {
    throw new FiredrillError(
      'BAD_OPTION',
      "s3Slow: neither delay nor bytesPerSecond is given; expected one of them, such as delay: '2s'.",
    );
  }
  const delayMs = delay === undefined ? 0 : someTime(delay, 's3Slow: delay');
  const rate = bytesPerSecond === undefined ? undefined : someBytes(bytesPerSecond, 's3Slow: bytesPerSecond');
  const { what, ...selected } = s3Selection(selection, 's3Slow');
  const how = [
    ...(delay === undefined ? [] : [`are answered ${delay} late`]),
    ...(bytesPerSecond === undefined ? [] : [`trickle at ${bytesPerSecond}/s`]),
  ].join(' and ');
  return httpFault({
    name: 's3Slow',
    description: `${what} to ${service} ${how}.`,
    to: service,
    rule: {
      ...selected,
      breakage: { kind: 'slow', delayMs, ...(rate === undefined ? {} : { bytesPerSecond: rate }) },
    },
    done: 'slowed',
    // One that is still under way has not been held yet.
    proves: ({ heldMs }) => heldMs > 0 && heldMs >= delayMs * 0.9,
  });
}
