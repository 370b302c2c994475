import { describe, expect, it } from 'vitest';
import { baseline, during, scenario } from '../harness/index.ts';
import { aSystem } from '../harness/testing.ts';
import { buyers, k6, rush, shoppers, stampede } from '../load/index.ts';
import { underDriver } from './drivers.ts';

const load = buyers.at('20/s');
const mixed = scenario('mixed', {
  hypothesis: 'h',
  system: aSystem(),
  load,
  phases: [
    baseline('5m'),
    during('5m').under(stampede.at('20/s')),
    during('5m').under(rush.saturating({ connections: 8 })),
    during('5m').under(load),
  ],
});

describe('a scenario under another driver', () => {
  it('has its open-model loads sent by it, and a closed loop as it was, which is said once', () => {
    const said: string[] = [];
    const moved = underDriver(mixed, 'k6', (line) => said.push(line));
    expect(moved.load).toMatchObject([{ driver: 'k6', description: 'buyers at 20/s' }]);
    expect(moved.phases.map((phase) => phase.load?.map(({ driver }) => driver))).toEqual([
      undefined,
      ['k6'],
      ['autocannon'],
      ['k6'],
    ]);
    expect(said).toEqual(['rush, 8 connections, as fast as it goes: a closed loop, stays with autocannon']);
  });

  it('leaves shoppers in their browser', () => {
    const said: string[] = [];
    const moved = underDriver({ ...mixed, load: [load, shoppers.at('1/s')] }, 'k6', (line) => said.push(line));
    expect(moved.load.map(({ driver }) => driver)).toEqual(['k6', 'browser']);
    expect(said[0]).toBe('shoppers at 1/s in a browser: stays with browser');
  });

  it('keeps a load that goes on the same, so that it goes on undisturbed', () => {
    const moved = underDriver(mixed, 'k6', () => {});
    expect(moved.phases[3]?.load?.[0]).toBe(moved.load[0]);
  });

  it('comes back from k6 as well, and leaves the scenario itself alone', () => {
    const limited = k6(load, { thresholds: { http_req_duration: ['p(95)<500'] } });
    const sent = { ...mixed, load: [limited] };
    const said: string[] = [];
    expect(underDriver(sent, 'arrivals', (line) => said.push(line)).load[0]?.driver).toBe('arrivals');
    expect(said[0]).toBe("buyers at 20/s: its thresholds are k6's, and not judged under arrivals");
    expect(underDriver(sent, 'k6', () => {}).load[0]?.thresholds).toEqual(limited.thresholds);
    expect(sent.load).toEqual([limited]);
  });
});
