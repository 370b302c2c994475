import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DEFAULT_SCENARIO, readOptions } from './options.ts';

/** Variables set defaults, too. */
beforeEach(() => {
  vi.stubEnv('FIREDRILL_RUNTIME', undefined);
  vi.stubEnv('FIREDRILL_IMAGE_PREFIX', undefined);
});
afterEach(() => vi.unstubAllEnvs());

const read = (...argv: string[]) => readOptions(argv, '1.2.3');

describe('options', () => {
  it('have defaults for everything', () => {
    expect(read()).toEqual({
      names: [],
      list: false,
      all: false,
      speed: 60,
      runtime: 'auto',
      images: { overrides: {} },
      with: [],
      seed: 1,
      out: 'reports/out',
      keep: false,
      json: false,
      full: false,
    });
  });

  it.each<[string[], object]>([
    [['flash-sale/quiet', 'flash-sale/*-down'], { names: ['flash-sale/quiet', 'flash-sale/*-down'] }],
    [['--list'], { list: true }],
    [['--runtime', 'containers'], { runtime: 'containers' }],
    [['--image-prefix', 'mirror.example'], { images: { overrides: {}, prefix: 'mirror.example' } }],
    [
      ['--image', 'postgres=pg:17', '--image', 'redis=r:7'],
      { images: { overrides: { postgres: 'pg:17', redis: 'r:7' } } },
    ],
    [['--with', 'grafana', '--with', 'redis-exporter'], { with: ['grafana', 'redis-exporter'] }],
    [['-a', '-k'], { all: true, keep: true }],
    [['--speed', '10'], { speed: 10 }],
    [['--speed=1'], { speed: 1 }],
    [['-s', '300'], { speed: 300 }],
    [['-s', '7.5'], { speed: 7.5 }],
    [['--seed', '0'], { seed: 0 }],
    [['--load', 'k6'], { load: 'k6' }],
    [['--out', '/tmp/runs'], { out: '/tmp/runs' }],
    [['--full', 'flash-sale/quiet', '--json'], { full: true, json: true, names: ['flash-sale/quiet'] }],
  ])('are read from %j', (argv, expected) => {
    expect(read(...argv)).toMatchObject(expected);
  });

  const speed = "expected a number from 1 (production's own time) to 300.";
  const seed = 'expected a whole number from 0 to 2147483648.';
  it.each<[string[], string]>([
    [['--speed', '0'], `--speed is '0'; ${speed}`],
    [['--speed', '0.5'], `--speed is '0.5'; ${speed}`],
    [['--speed', '301'], `--speed is '301'; ${speed}`],
    [['--speed', 'fast'], `--speed is 'fast'; ${speed}`],
    [['--speed', '60x'], `--speed is '60x'; ${speed}`],
    [['--speed', ''], `--speed is ''; ${speed}`],
    [['--speed', 'Infinity'], `--speed is 'Infinity'; ${speed}`],
    [['--speed=-1'], `--speed is '-1'; ${speed}`],
    [['--seed', '1.5'], `--seed is '1.5'; ${seed}`],
    [['--seed=-1'], `--seed is '-1'; ${seed}`],
    [['--seed', '4294967296'], `--seed is '4294967296'; ${seed}`],
    [['--speed'], "option '-s, --speed <n>' argument missing. See --help."],
    [['--sped', '10'], "unknown option '--sped'; did you mean one of --seed, --speed? See --help."],
    [['--frobnicate'], "unknown option '--frobnicate'. See --help."],
  ])('are refused as %j, with what was expected', (argv, message) => {
    expect(() => read(...argv)).toThrow(expect.objectContaining({ code: 'BAD_OPTION', message }));
  });
});

describe('what is asked and answered at once', () => {
  const written: string[] = [];
  const spy = () =>
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
  afterEach(() => {
    vi.restoreAllMocks();
    written.length = 0;
  });

  it('is the version', () => {
    spy();
    expect(read('--version')).toBeUndefined();
    expect(written.join('')).toBe('1.2.3\n');
  });

  it('is help, with the default scenario, examples and exit codes', () => {
    spy();
    expect(read('--help')).toBeUndefined();
    for (const part of [DEFAULT_SCENARIO, '--speed <n>', 'Examples:', 'Exit codes: 0 held, 1 broken, 2 unknown'])
      expect(written.join('')).toContain(part);
  });
});
