/** The systems a scenario can boot. */
export { AUDIO_ADMIN_TOKEN, type AudioOptions, audio } from './audio.ts';
export { discardDeadLetters, requeueDeadLetters, setFfmpegTimeout } from './audio-operations.ts';
export { flashSale } from './flash-sale.ts';
