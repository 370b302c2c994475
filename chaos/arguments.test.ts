import { expect, test } from 'vitest';
import {
  blockEventLoop,
  exhaustPool,
  hangPrograms,
  httpErrors,
  httpHangs,
  killService,
  leakMemory,
  redeploy,
  s3Cut,
  s3Errors,
  s3Slow,
  slowLink,
  slowQueries,
  starveCpu,
} from './index.ts';

test.each([
  [() => slowLink('redis', { latency: '300' as never }), 'BAD_UNIT', 'slowLink: latency is "300"; expected a duration'],
  [() => slowLink('redis', { latency: '0s' }), 'BAD_OPTION', 'slowLink: latency is "0s"; expected more than nothing.'],
  [() => leakMemory('app', { bytes: '400MB' as never }), 'BAD_UNIT', 'leakMemory: bytes is "400MB"; expected a size'],
  [() => exhaustPool({ sessions: 0 }), 'BAD_OPTION', 'exhaustPool: sessions is 0; expected a whole number above 0.'],
  [() => killService(''), 'BAD_OPTION', 'killService: the service is ""; expected a name.'],
  [() => redeploy('app', { env: {} }), 'BAD_OPTION', 'redeploy: env is empty'],
  [
    () => blockEventLoop('app', { forEach: '300ms', every: '300ms' }),
    'BAD_OPTION',
    "blockEventLoop: forEach is '300ms' and every is '300ms'; expected pauses between the blocks.",
  ],
  [
    () => slowQueries({ table: 'posts', forEach: '2s', every: '1s' }),
    'BAD_OPTION',
    "slowQueries: forEach is '2s' and every is '1s'; expected pauses between the locks.",
  ],
  [
    () => s3Errors('s3', { error: 'Slow' as never }),
    'BAD_OPTION',
    's3Errors: error is "Slow"; expected one of SlowDown, InternalError, AccessDenied.',
  ],
  [
    () => s3Errors('s3', { error: 'SlowDown', operation: 'put' as never }),
    'BAD_OPTION',
    's3Errors: operation is "put"; expected one of ListBuckets,',
  ],
  [
    () => s3Errors('s3', { error: 'SlowDown', share: '0%' }),
    'BAD_OPTION',
    's3Errors: share is "0%"; expected more than 0%, up to 100%.',
  ],
  [() => s3Slow('s3', {}), 'BAD_OPTION', 's3Slow: neither delay nor bytesPerSecond is given'],
  [() => s3Slow('s3', { delay: '2' as never }), 'BAD_UNIT', 's3Slow: delay is "2"; expected a duration'],
  [
    () => s3Cut('s3', { body: 'both' as never }),
    'BAD_OPTION',
    's3Cut: body is "both"; expected one of request, response.',
  ],
  [() => httpErrors('a', { status: 200 }), 'BAD_OPTION', 'httpErrors: status is 200; expected 400 to 599.'],
  [() => httpHangs('a', { method: 'post' }), 'BAD_OPTION', 'httpHangs: method is "post"; expected one of GET, HEAD,'],
  [() => httpHangs('a', { path: '/x' as never }), 'BAD_OPTION', 'httpHangs: path is "/x"; expected a pattern such as'],
  [() => hangPrograms('worker', ''), 'BAD_OPTION', 'hangPrograms: the program is ""; expected a name.'],
  [
    () => starveCpu('worker', { program: 'ffmpeg', share: '60%' }),
    'BAD_OPTION',
    "starveCpu: share is '60%'; expected 1% to 50%.",
  ],
])('a bad argument is one clear error (%#)', (make, code, message) => {
  expect(make).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
});
