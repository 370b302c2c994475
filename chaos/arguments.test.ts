import { expect, test } from 'vitest';
import { blockEventLoop, exhaustPool, killService, leakMemory, redeploy, slowLink } from './index.ts';

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
])('a bad argument is one clear error (%#)', (make, code, message) => {
  expect(make).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
});
