/**
 * A run with Grafana beside it compares what Grafana draws with what Prometheus holds. The real Grafana cannot be had
 * everywhere, so a small program answers its query API here, from the run's own Prometheus, truly or not. The last test
 * asks the real one, and is reported as skipped where there is no engine with its image.
 */
import { expect, test } from 'vitest';
import { metric } from '../assertions/index.ts';
import { baseline, scenario, warmUp } from '../harness/index.ts';
import type { Scenario } from '../harness/scenario.ts';
import { imageOf, unobtainable } from '../harness/stack/images.ts';
import type { ServiceDescription } from '../harness/stack/service.ts';
import { engineHere, IMAGES } from '../harness/stack/testing-containers.ts';
import { buyers } from '../load/index.ts';
import { flashSale } from '../sut/index.ts';
import { answersOk } from '../sut/services/http.ts';
import { place } from './command.ts';
import { drill } from './drill.ts';

const TITLE = 'Grafana draws what Prometheus holds';

/** `draw` sees every value on its way; NaN is null in a frame. */
const PROGRAM = (draw: string) => `
  const { text } = require('node:stream/consumers');
  const draw = ${draw};
  require('node:http').createServer(async (request, response) => {
    if (request.method === 'GET') return response.end('ok');
    const { queries: [{ expr, intervalMs }], from, to } = JSON.parse(await text(request));
    const range = { query: expr, start: from / 1000, end: to / 1000, step: intervalMs / 1000 };
    const answer = await fetch(process.env.PROMETHEUS + '/api/v1/query_range', { method: 'POST', body: new URLSearchParams(range) });
    const { data } = await answer.json();
    const frames = data.result.map(({ metric, values }) => ({
      schema: { fields: [{ name: 'Time' }, { name: 'Value', labels: metric }] },
      data: { values: [values.map(([time]) => Math.round(time * 1000)), values.map(([, value]) => value === 'NaN' ? null : draw(Number(value)))] },
    }));
    response.end(JSON.stringify({ results: { A: { frames } } }));
  }).listen(process.env.PORT, '127.0.0.1');`;

const standIn = (draw: string): ServiceDescription => ({
  name: 'grafana',
  address: 'grafana:3000',
  program: { command: process.execPath, why: 'tests', packages: { apt: '', dnf: '', brew: '' } },
  needs: ['prometheus'],
  args: () => ['-e', PROGRAM(draw)],
  env: ({ endpoint, reach }) => ({
    PORT: String(endpoint.port),
    PROMETHEUS: `http://${reach('prometheus').host}:${reach('prometheus').port}`,
  }),
  ready: (endpoint) => answersOk(endpoint, '/api/health'),
});

function withGrafana(draw: string): Scenario {
  const system = flashSale();
  return scenario('somebody looks', {
    hypothesis: 'What is judged is what is drawn.',
    system: { ...system, services: [...system.services, standIn(draw)] },
    load: buyers.at('20/s'),
    phases: [warmUp('1m'), baseline('2m').expect(metric('http_requests_total').rate().staysAbove('1/s'))],
  });
}

test.concurrent('what it draws as Prometheus holds it is held', async () => {
  const { exitCode, verdictOf, told } = await drill(withGrafana('(value) => value'));
  expect([exitCode, verdictOf(TITLE)], told).toEqual([0, 'held']);
});

test.concurrent('what it draws otherwise is broken, and named', async () => {
  const { exitCode, verdictOf, told } = await drill(withGrafana('(value) => value > 0 ? value * 1.01 : value'));
  expect([exitCode, verdictOf(TITLE)], told).toEqual([1, 'broken']);
  expect(told).toMatch(/Flash Sale \/ .*in Grafana/);
});

const engine = await engineHere();
const grafana = flashSale().extras?.find(({ name }) => name === 'grafana');
const image = grafana && imageOf(grafana, IMAGES);
const real = engine !== undefined && image !== undefined && (await unobtainable(engine, [image])).length === 0;

test.runIf(real)('the real Grafana draws what Prometheus holds', async () => {
  using here = place();
  const { code, stdout, stderr } = await here.run(
    'flash-sale/quiet',
    ...['--runtime', 'containers', '--with', 'grafana', '--json'],
  ).finished;
  expect(code, stderr).toBe(0);
  expect(stdout).toContain(TITLE);
});
