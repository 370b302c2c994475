/** What scenarios read: `during('10m', exhaustPool())`. */
export { type BlockEventLoopOptions, blockEventLoop } from './block-event-loop.ts';
export { renameTable } from './break-schema.ts';
export { cutLink } from './cut-link.ts';
export { type ExhaustPoolOptions, exhaustPool } from './exhaust-pool.ts';
export { flushRedis } from './flush-redis.ts';
export { killService } from './kill-service.ts';
export { type LeakMemoryOptions, leakMemory } from './leak-memory.ts';
export { pauseService } from './pause-service.ts';
export { type RedeployOptions, redeploy } from './redeploy.ts';
export { type SlowLinkOptions, slowLink } from './slow-link.ts';
export { stallLink } from './stall-link.ts';
export { stopService } from './stop-service.ts';
