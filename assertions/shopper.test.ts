import { describe, expect, it } from 'vitest';
import { check } from '../harness/check.ts';
import type { EventOf } from '../harness/journal.ts';
import { during } from '../harness/scenario.ts';
import { anAlert, aPlan, at, delivered, idleLoad, RECOVERY } from '../harness/testing.ts';
import { shopper } from './shopper.ts';
import { inRecovery, judged, judgedAt } from './testing.ts';

/** A visit that ended at a second of the run; the fault is from 300 to 900. */
const visit = (second: number, over: Partial<EventOf<'visit'>> = {}): EventOf<'visit'> => ({
  ...{ type: 'visit', at: at(second), began: at(second - 2), number: 0, outcome: 'bought', step: 'buy' },
  ...{ usableMs: 300, waitedMs: 400, message: '', pageErrors: [] },
  ...over,
});
const refused = (second: number, message = 'The shop is having trouble') =>
  visit(second, { outcome: 'refused', step: 'reserve', message });
const gaveUp = (second: number) => visit(second, { outcome: 'gave up', step: 'reserve', waitedMs: 10_000 });

const fails = shopper.fails().within('3m');
const buys = shopper.buys().within('3m');
const reads = shopper.reads(/trouble/).within('3m');
const waits = shopper.waitsOver('3s').within('3m');

describe('a claim that shoppers meet something', () => {
  it.each([
    [fails, refused(340), 'was refused at the step "reserve", reading "The shop is having trouble", at +40s'],
    [fails, gaveUp(340), 'gave up at the step "reserve", at +40s'],
    [buys, visit(340), 'bought after 400ms, at +40s'],
    [reads, refused(340), 'read "The shop is having trouble", at +40s'],
    [waits, gaveUp(340), 'waited 10s, at +40s'],
  ])('%# holds with the first visit that shows it', (claim, shows, received) => {
    const other = claim === buys ? refused(320) : visit(320);
    expect(judged(claim, [other, shows, shows])).toMatchObject({ verdict: 'held', received, decidedAt: at(340) });
  });

  it.each([
    [fails, visit(340), "no shopper's purchase failed", 'none of 1 visits'],
    [buys, refused(340), 'no shopper bought', 'none of 1 visits'],
    [reads, refused(340, 'Sold out'), 'no shopper read /trouble/', 'none of 1 visits; read was "Sold out"'],
    [waits, visit(340), 'no shopper waited over 3s', 'none of 1 visits, at most 400ms'],
  ])('%# is broken by visits that show something else', (claim, only, headline, received) => {
    expect(judged(claim, [only])).toMatchObject({ verdict: 'broken', headline, received });
  });

  it.each([fails, buys, reads, waits])('%# is unknown where no visit ended in time', (claim) => {
    const late = claim === buys ? visit(500) : gaveUp(500);
    const early = claim === buys ? visit(299) : refused(299);
    expect(judged(claim, [early, late]).verdict).toBe('unknown');
    expect(judged(claim, []).verdict).toBe('unknown');
  });

  it('is open until its deadline has passed', () => {
    expect(judgedAt(fails, [visit(310)], 100)).toBeUndefined();
    expect(judgedAt(fails, [visit(310)], 181)?.verdict).toBe('broken');
    expect(judgedAt(fails, [refused(310)], 60)?.verdict).toBe('held');
  });
});

describe('a claim that shoppers never meet something', () => {
  it.each([
    [
      shopper.alwaysBuys(),
      refused(400),
      'a shopper was refused at the step "reserve", reading "The shop is having trouble"',
    ],
    [shopper.neverWaitsOver('3s'), gaveUp(400), 'a shopper waited 10s'],
    [shopper.alwaysUsableWithin('2s'), visit(400, { usableMs: 2_500 }), 'the storefront was usable after 2.5s'],
    [shopper.alwaysUsableWithin('2s'), visit(400, { usableMs: null }), 'the storefront was never usable'],
    [
      shopper.seesNoPageErrors(),
      visit(400, { pageErrors: ['x is not a function'] }),
      'the page threw: x is not a function',
    ],
  ])('%# is broken by the first that does, held without, unknown without visits', (claim, wrong, headline) => {
    expect(judged(claim, [visit(350), wrong, visit(450)])).toMatchObject({
      verdict: 'broken',
      headline,
      received: '1 of 3 visits, first at +1m40s',
    });
    expect(judgedAt(claim, [wrong], 200)?.verdict).toBe('broken');
    expect(judgedAt(claim, [visit(350)], 200)).toBeUndefined();
    expect(judged(claim, [visit(350)]).verdict).toBe('held');
    expect(judged(claim, []).verdict).toBe('unknown');
    expect(inRecovery(claim, [visit(350)]).verdict).toBe('unknown');
  });

  it('does not look beyond its phase', () => {
    expect(judged(shopper.alwaysBuys(), [visit(950), refused(800)], RECOVERY).verdict).toBe('held');
  });
});

describe('a claim that somebody is told while shoppers are hurt', () => {
  const NAME = 'FlashSaleHighLatency';
  const pages = shopper.fails().pages(NAME).within('5m');
  it('holds with a notification soon enough after the first failure, or before it', () => {
    expect(judged(pages, [visit(310), refused(330), refused(350), delivered(NAME, 'firing', 600)])).toMatchObject({
      verdict: 'held',
      received: 'notified 4m30s after the first failed purchase (+30s)',
    });
    expect(judged(pages, [delivered(NAME, 'firing', 320), gaveUp(330)]).received).toMatch(/^notified 10s before/);
  });

  it('is broken by a late one, by none, and by one about something else', () => {
    const others = [delivered(NAME, 'resolved', 400), delivered('FlashSaleRedisUnreachable', 'firing', 400)];
    expect(judged(pages, [refused(330), delivered(NAME, 'firing', 700)]).received).toBe('notified at +6m40s');
    expect(judged(pages, [refused(330), ...others])).toMatchObject({ verdict: 'broken', received: 'no notification' });
  });

  it('is unknown where nobody was hurt, or where the phase ended first', () => {
    expect(judged(pages, [visit(330), delivered(NAME, 'firing', 400)]).verdict).toBe('unknown');
    expect(judged(pages, [refused(700)])).toMatchObject({
      verdict: 'unknown',
      received: 'the phase ended before its 5m were over',
    });
    expect(judgedAt(pages, [refused(330)], 200)).toBeUndefined();
  });
});

describe('check', () => {
  const plan = (shoppers: boolean) =>
    aPlan({
      alerts: [anAlert('FlashSaleHighLatency')],
      phases: [during('10m').expect(fails)],
      scenario: { load: [idleLoad, { ...idleLoad, shoppers }] },
    });
  it('refuses a claim about shoppers where there are none', () => {
    expect(() => check(plan(false))).toThrow(
      `phase 1 (under load): "a shopper's purchase fails within 3m" is about shoppers and the phase has none; add some`,
    );
    expect(() => check(plan(true))).not.toThrow();
  });
});
