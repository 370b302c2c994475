/** The compose files are written for people; here they are held against the services' descriptions, which runs use. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createClock } from '../harness/clock.ts';
import type { Endpoint, ServiceContext, ServiceDescription } from '../harness/stack/service.ts';
import { audio, flashSale } from '../sut/index.ts';
import { atRealAddresses } from '../sut/services/prometheus.ts';

interface ComposeService {
  /** Taken over whole, nothing added: as every docker-compose can. */
  readonly extends?: { readonly file: string; readonly service: string };
  readonly image?: string;
  readonly build?: { readonly dockerfile: string; readonly args: { readonly BASE: string } };
  readonly command?: readonly string[];
  readonly depends_on?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly stop_signal?: string;
}

interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes?: Readonly<Record<string, null>>;
}

const ROOT = join(import.meta.dirname, '..');
const PREFIX = `\${FIREDRILL_IMAGE_PREFIX:-docker.io}/`;

const readCompose = (file: string): ComposeFile => parse(readFileSync(join(ROOT, file), 'utf8')) as ComposeFile;

/** A service as it is started, wherever it is written. */
function serviceIn({ services }: ComposeFile, name: string): ComposeService {
  const service = services[name] ?? {};
  if (service.extends === undefined) return service;
  expect(Object.keys(service), name).toEqual(['extends']);
  const { file, service: base } = service.extends;
  const extended = serviceIn(readCompose(file), base);
  expect(extended.depends_on, `${name}: docker-compose 1 does not extend what depends on others`).toBeUndefined();
  return extended;
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

describe.each([
  { file: 'docker-compose.yml', system: flashSale() },
  { file: 'docker-compose.audio.yml', system: audio() },
])('$file', ({ file, system }) => {
  const compose = readCompose(file);
  const all = [...system.services, ...(system.extras ?? [])];

  const addressed = (name: string): Endpoint => {
    const [host = '', port = ''] = (all.find((service) => service.name === name)?.address ?? '').split(':');
    return { host, port: Number(port) };
  };

  /** What a container's description sees at production's own speed. */
  const contextOf = ({ name, container, shared }: ServiceDescription, files: Map<string, string>): ServiceContext => ({
    runtime: 'containers',
    folder: '/firedrill',
    data: container?.data ?? '/firedrill/data',
    shared: shared?.path ?? '',
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
  });

  it('has every service that runs know, and one that stands in for the pager', () => {
    expect(Object.keys(compose.services).sort()).toEqual([...all.map(({ name }) => name), 'receiver'].sort());
  });

  describe.each(all)('$name', (description) => {
    const service = serviceIn(compose, description.name);
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

    it('shares the volume that it shares in a run', () => {
      const { shared } = description;
      const named = Object.keys(compose.volumes ?? {}).map((name) => `${name}:`);
      const volumes = (service.volumes ?? []).filter((volume) => named.some((name) => volume.startsWith(name)));
      if (shared) expect(volumes).toEqual([`${shared.name}:${shared.path}`]);
    });

    it('sees the production files that a run gives it a copy of', async () => {
      const files = new Map<string, string>();
      await description.prepare?.(contextOf(description, files));
      for (const [name, content] of files) {
        if (content === '') {
          // Only its folder matters: a volume is one.
          const targets = (service.volumes ?? []).map((volume) => volume.split(':')[1]);
          expect(targets, name).toContain(dirname(`/firedrill/${name}`));
        } else if (name.startsWith('dashboards/')) {
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
    const { command } = serviceIn(compose, 'receiver');
    const alertmanager = readFileSync(join(ROOT, 'monitoring/alertmanager/alertmanager.yml'), 'utf8');
    const port = /http:\/\/receiver:(\d+)\//.exec(alertmanager)?.[1];
    expect(command?.at(-1)).toContain(`.listen(${port})`);
  });
});
