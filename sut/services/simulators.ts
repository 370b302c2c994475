import type { ContainerRecipe, ServiceDescription } from '../../harness/stack/service.ts';
import { answersOk } from './http.ts';
import { INSPECTOR_PORT, node, nodeArgs } from './node.ts';

/** The simulator of an outside service in sut/third-party, in the image of the system that calls it. */
export const simulator = (name: string, port: number, why: string, container: ContainerRecipe): ServiceDescription => ({
  name,
  address: `${name}:${port}`,
  program: node(why),
  needs: [],
  container,
  ports: [INSPECTOR_PORT],
  args: nodeArgs(`sut/third-party/${name}.ts`),
  env: ({ endpoint }) => ({ HOST: endpoint.host, PORT: String(endpoint.port), NODE_ENV: 'production' }),
  ready: (endpoint) => answersOk(endpoint, '/health'),
});
