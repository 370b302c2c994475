/** The systems a scenario can boot. */
export { AUDIO_ADMIN_TOKEN, audio } from './audio.ts';
export { flashSale } from './flash-sale.ts';
