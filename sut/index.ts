/** The systems a scenario can boot. */
export { flashSale } from './flash-sale.ts';
