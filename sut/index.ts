/** The systems a scenario can boot. */
export { AUDIO_ADMIN_TOKEN, type AudioOptions, audio } from './audio.ts';
export { flashSale } from './flash-sale.ts';
