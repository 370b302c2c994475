/** The official images that build.sh makes stand-ins for, as the services' descriptions pin them: 'target image' a line. */
import { audio, flashSale } from '../../sut/index.ts';

/** Not among Debian's packages. */
const WITHOUT_STAND_IN = ['grafana'];

const all = [flashSale(), audio()].flatMap(({ services, extras = [] }) => [...services, ...extras]);
const images = all.flatMap(({ container }) => {
  if (container === undefined) return [];
  return [typeof container.image === 'string' ? container.image : container.image.base];
});
for (const image of new Set(images)) {
  const target = image.replace(/^.*\/|:.*$/g, '').replaceAll('_', '-');
  if (!WITHOUT_STAND_IN.includes(target)) process.stdout.write(`${target} ${image}\n`);
}
