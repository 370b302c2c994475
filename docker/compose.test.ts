/** docker-compose.yml is written for people; here it is held against the services' descriptions, which runs use. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createClock } from '../harness/clock.ts';
import type { Endpoint, ServiceContext, ServiceDescription } from '../harness/stack/service.ts';
import { flashSale } from '../sut/index.ts';
import { atRealAddresses } from '../sut/services/prometheus.ts';

interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly dockerfile: string; readonly args: { readonly BASE: string } };
  readonly command?: readonly string[];
  readonly depends_on?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly stop_signal?: string;
}

const ROOT = join(import.meta.dirname, '..');
const PREFIX = `\${FIREDRILL_IMAGE_PREFIX:-docker.io}/`;
const compose = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')) as {
  services: Readonly<Record<string, ComposeService>>;
};
const { services, extras = [] } = flashSale();
const all = [...services, ...extras];

const addressed = (name: string): Endpoint => {
  const [host = '', port = ''] = (all.find((service) => service.name === name)?.address ?? '').split(':');
  return { host, port: Number(port) };
};

/** What a container's description sees at production's own speed. */
function contextOf({ name, container }: ServiceDescription, files: Map<string, string>): ServiceContext {
  return {
    runtime: 'containers',
    folder: '/firedrill',
    data: container?.data ?? '/firedrill/data',
    shared: '',
    endpoint: { host: '0.0.0.0', port: addressed(name).port },
    clock: createClock(1),
    reach: addressed,
    ownPort: (port) => port,
    has: () => true,
    localise: (text) => text,
    write: (path, content) => {
      files.set(path, content);
      return Promise.resolve(path);
    },
  };
}

/** The text of the file that a container sees at this path, through the service's mounts. */
function mounted({ volumes = [] }: ComposeService, path: string): string | undefined {
  for (const volume of volumes) {
    const [source = '', target = ''] = volume.split(':');
    if (path !== target && !path.startsWith(`${target}/`)) continue;
    const file = join(ROOT, source, path.slice(target.length));
    if (existsSync(file)) return readFileSync(file, 'utf8');
  }
  return undefined;
}

it('has every service that runs know, and one that stands in for the pager', () => {
  expect(Object.keys(compose.services).sort()).toEqual([...all.map(({ name }) => name), 'receiver'].sort());
});

describe.each(all)('$name', (description) => {
  const service = compose.services[description.name] ?? {};
  const context = contextOf(description, new Map());

  it('has the image of its description', () => {
    const image = description.container?.image;
    if (typeof image === 'string') {
      expect(service.image).toBe(`${PREFIX}${image}`);
    } else {
      expect(join(ROOT, service.build?.dockerfile ?? '')).toBe(image?.dockerfile);
      expect(service.build?.args.BASE).toBe(`${PREFIX}${image?.base}`);
    }
  });

  it('is started with the same arguments, variables and signal, after the same services', async () => {
    expect(service.command ?? []).toEqual(await description.args(context));
    expect(service.environment ?? {}).toEqual({ ...description.container?.env, ...description.env?.(context) });
    expect(service.stop_signal).toBe(description.stopSignal);
    expect(service.depends_on ?? []).toEqual(description.needs);
  });

  it('is published on its production port, on loopback alone', () => {
    const { port } = addressed(description.name);
    expect(service.ports).toEqual([`127.0.0.1:${port}:${port}`]);
  });

  it('sees the production files that a run gives it a copy of', async () => {
    const files = new Map<string, string>();
    await description.prepare?.(contextOf(description, files));
    for (const [name, content] of files) {
      if (name.startsWith('dashboards/')) {
        expect(mounted(service, `/etc/grafana/${name}`), name).toBe(content);
      } else if (name === 'provisioning/dashboards/dashboards.yml') {
        // A run's copies of the dashboards are elsewhere.
        expect(mounted(service, `/firedrill/${name}`)).toContain('path: /etc/grafana/dashboards');
      } else {
        const production = mounted(service, `/firedrill/${name}`) ?? '';
        const given = name === 'prometheus.yml' ? atRealAddresses(production, (text) => text) : production;
        expect(parse(content), name).toEqual(parse(given));
      }
    }
  });
});

it('answers where Alertmanager delivers', () => {
  const { command } = compose.services.receiver ?? {};
  const alertmanager = readFileSync(join(ROOT, 'monitoring/alertmanager/alertmanager.yml'), 'utf8');
  const port = /http:\/\/receiver:(\d+)\//.exec(alertmanager)?.[1];
  expect(command?.at(-1)).toContain(`.listen(${port})`);
});
