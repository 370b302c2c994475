/** The official images that build.sh makes stand-ins for, as the services' descriptions pin them: 'target image' a line. */
import { flashSale } from '../../sut/index.ts';

/** Not among Debian's packages. */
const WITHOUT_STAND_IN = ['grafana'];

const { services, extras = [] } = flashSale();
for (const { container } of [...services, ...extras]) {
  if (container === undefined) continue;
  const image = typeof container.image === 'string' ? container.image : container.image.base;
  const target = image.replace(/^.*\/|:.*$/g, '').replaceAll('_', '-');
  if (!WITHOUT_STAND_IN.includes(target)) process.stdout.write(`${target} ${image}\n`);
}
