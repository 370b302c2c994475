import { describe, expect, it } from 'vitest';
import type { Judgement } from '../harness/expectation.ts';
import type { JournalEvent } from '../harness/journal.ts';
import { at, delivered, rules } from '../harness/testing.ts';
import { alert } from './alert.ts';
import { inBaseline, inRecovery, judged, judgedAt, PLAN, SLOW } from './testing.ts';

const slow = alert(SLOW);
type Case = readonly [what: string, events: readonly JournalEvent[], verdict: Judgement['verdict'], received: string];
const blind = rules(900, {}, { evaluated: -1 });
const failing = rules(900, {}, { failing: 330 });

describe('a claim that an alert fires', () => {
  const fires = slow.fires({ severity: 'critical' }).within('5m');

  it.each<Case>([
    [
      'it fires in time',
      rules(900, { [SLOW]: { pending: [330, 375], firing: [390, 900] } }),
      'held',
      'firing at +1m30s',
    ],
    ['it fires at the deadline', rules(900, { [SLOW]: { firing: [600, 900] } }), 'held', 'firing at +5m'],
    [
      'it fires too late',
      rules(900, { [SLOW]: { pending: [600, 630], firing: [645, 900] } }),
      'broken',
      'pending since +5m',
    ],
    ['it is only pending', rules(900, { [SLOW]: { pending: [330, 900] } }), 'broken', 'pending since +30s'],
    ['it does nothing', rules(900), 'broken', 'inactive throughout'],
    [
      'another one fires',
      rules(900, { FlashSaleRedisUnreachable: { firing: [330, 900] } }),
      'broken',
      'inactive throughout',
    ],
    ['it was firing in the baseline', rules(900, { [SLOW]: { firing: [240, 900] } }), 'broken', 'firing since -1m'],
    [
      'it fires with other labels',
      rules(900, { [SLOW]: { firing: [390, 900], labels: { severity: 'warning' } } }),
      'broken',
      'firing at +1m30s with severity="warning"',
    ],
    ['its rule is not evaluated', blind, 'unknown', 'its rule was not seen to be evaluated'],
    ['its rule fails', failing, 'unknown', 'its rule could not be evaluated'],
    ['nothing is known', [], 'unknown', 'its rule was not seen to be evaluated'],
  ])('when %s', (_, events, verdict, received) => {
    expect(judged(fires, events)).toMatchObject({ verdict, received });
  });

  it('holds although its rule failed once it had fired', () => {
    expect(judged(fires, rules(900, { [SLOW]: { firing: [390, 500] } }, { failing: 510 })).verdict).toBe('held');
  });

  it('tells its course in order', () => {
    expect(judged(fires, rules(900, { [SLOW]: { pending: [330, 375], firing: [390, 900] } }))).toMatchObject({
      headline: `${SLOW} fires`,
      expected: 'firing, severity="critical", within 5m',
      query: `ALERTS{alertname="${SLOW}"}`,
      timeline: [
        { at: at(330), what: 'pending' },
        { at: at(390), what: 'firing' },
      ],
      decidedAt: at(390),
      floor: { total: 80_000 },
      proves: { alert: SLOW, step: 'fires' },
    });
    expect(judged(fires, rules(900, { [SLOW]: { pending: [330, 900] } }))).toMatchObject({
      headline: `${SLOW} did not fire`,
      timeline: [
        { at: at(330), what: 'pending' },
        { at: at(600), what: 'deadline' },
      ],
    });
    expect(judged(fires, blind).headline).toBe(`nothing shows that ${SLOW} did not fire`);
  });

  it('is open until the deadline has been evaluated', () => {
    expect(judgedAt(fires, rules(590), 290)).toBeUndefined();
    expect(judgedAt(fires, rules(595), 310)).toBeUndefined();
    expect(judgedAt(fires, rules(620), 310)?.verdict).toBe('broken');
    expect(judgedAt(fires, rules(420, { [SLOW]: { firing: [390, 420] } }), 120)?.verdict).toBe('held');
  });

  it('waits for the right labels while another instance of it fires', () => {
    const other = { firing: [330, 420], labels: { severity: 'warning' } } as const;
    expect(judgedAt(fires, rules(420, { [SLOW]: other }), 120)).toBeUndefined();
  });

  it('takes any labels where none are asked for', () => {
    const any = slow.fires().within('5m');
    expect(judged(any, rules(900, { [SLOW]: { firing: [390, 900], labels: { severity: 'warning' } } })).verdict).toBe(
      'held',
    );
  });
});

describe('a claim that an alert goes pending', () => {
  const pends = slow.goesPending().within('2m');

  it.each<Case>([
    ['it does', rules(900, { [SLOW]: { pending: [330, 375] } }), 'held', 'pending at +30s'],
    ['it fires at once', rules(900, { [SLOW]: { firing: [345, 900] } }), 'held', 'pending at +45s'],
    ['it does too late', rules(900, { [SLOW]: { pending: [435, 900] } }), 'broken', 'inactive throughout'],
    ['its rule is not evaluated', blind, 'unknown', 'its rule was not seen to be evaluated'],
  ])('when %s', (_, events, verdict, received) => {
    expect(judged(pends, events)).toMatchObject({ verdict, received });
  });

  it('does not wait for what comes after: its floor has no `for`', () => {
    expect(pends.floor(PLAN)).toMatchObject({ for: 0, total: 20_000 });
  });
});

describe('a claim that an alert resolves', () => {
  const resolves = slow.resolves().within('5m');
  const fired = (to: number) => rules(1_500, { [SLOW]: { firing: [390, to] } });

  it.each<Case>([
    ['it is over in time', fired(930), 'held', 'over at +45s'],
    ['it was over when the recovery began', fired(870), 'held', 'over before +0s, as it healed'],
    ['it fires on', fired(1_500), 'broken', 'still firing at +5m'],
    ['it is over too late', fired(1_200), 'broken', 'still firing at +5m'],
    [
      'it comes back',
      [...fired(930), ...rules(1_500, { [SLOW]: { firing: [1_050, 1_500] } })],
      'broken',
      'still firing at +5m',
    ],
    ['it never fired', rules(1_500), 'broken', 'inactive throughout'],
    ['nothing is known', [], 'unknown', 'its rule was not seen to be evaluated'],
    [
      'its rule fails, which leaves no sample either',
      rules(1_500, { [SLOW]: { firing: [390, 930] } }, { failing: 935 }),
      'unknown',
      'its rule could not be evaluated',
    ],
    [
      'its rule is no longer evaluated',
      rules(1_500, { [SLOW]: { firing: [390, 930] } }, { evaluated: 930 }),
      'unknown',
      'its rule was not seen to be evaluated',
    ],
  ])('when %s', (_, events, verdict, received) => {
    expect(inRecovery(resolves, events)).toMatchObject({ verdict, received });
  });

  it('says that it never fired', () => {
    expect(inRecovery(resolves, rules(1_500)).headline).toBe(`${SLOW} never fired, so it could not resolve`);
  });
});

describe('a claim that somebody is told', () => {
  const notifies = slow.notifies().within('5m');
  const over = slow.notifiesResolved().within('5m');
  const fired = rules(1_500, { [SLOW]: { firing: [390, 930] } });
  const [told, late] = [delivered(SLOW, 'firing', 420), delivered(SLOW, 'firing', 660)];

  it.each<Case>([
    ['in time', [...fired, told], 'held', 'delivered to on-call at +2m'],
    ['too late', [...fired, late], 'broken', 'delivered only at +6m'],
    [
      'of another alert',
      [...fired, delivered('FlashSaleRedisUnreachable', 'firing', 420)],
      'broken',
      'no such notification was delivered',
    ],
    ['that it is over', [...fired, delivered(SLOW, 'resolved', 420)], 'broken', 'no such notification was delivered'],
    ['before the fault', [...fired, delivered(SLOW, 'firing', 200)], 'broken', 'no such notification was delivered'],
    ['of nothing', fired, 'broken', 'no such notification was delivered'],
  ])('that it fires, %s', (_, events, verdict, received) => {
    expect(judged(notifies, events)).toMatchObject({ verdict, received });
  });

  it.each<Case>([
    ['in time', [...fired, delivered(SLOW, 'resolved', 1_000)], 'held', 'delivered to on-call at +1m40s'],
    [
      'while the fault was being healed',
      [...fired, delivered(SLOW, 'resolved', 895)],
      'held',
      'delivered to on-call at -5s',
    ],
    ['not at all', [...fired, told], 'broken', 'no such notification was delivered'],
  ])('that it is over, %s', (_, events, verdict, received) => {
    expect(inRecovery(over, events)).toMatchObject({ verdict, received });
  });

  it('is open while there is time, with the wait of the group in its floor', () => {
    expect(judgedAt(notifies, rules(420), 120)).toBeUndefined();
    expect(notifies.floor(PLAN)?.total).toBe(90_000);
    expect(over.floor(PLAN)?.total).toBe(80_000);
  });
});

describe('a claim that an alert stays silent', () => {
  const silent = slow.staysSilent();

  it.each<Case>([
    ['it does', rules(300), 'held', 'silent in 21 evaluations'],
    ['it is pending for a while', rules(300, { [SLOW]: { pending: [100, 130] } }), 'held', 'silent in 21 evaluations'],
    ['it fires', rules(300, { [SLOW]: { firing: [210, 240] } }), 'broken', 'firing since +3m30s'],
    ['its rule is not evaluated', blind, 'unknown', 'nothing shows that its rule was evaluated to the end'],
    [
      'its rule fails',
      rules(300, {}, { failing: 100 }),
      'unknown',
      'nothing shows that its rule was evaluated to the end',
    ],
    ['nothing is known', [], 'unknown', 'nothing shows that its rule was evaluated to the end'],
  ])('when %s', (_, events, verdict, received) => {
    expect(inBaseline(silent, events)).toMatchObject({ verdict, received });
  });

  it('is open until the phase is over, unless it fires', () => {
    expect(judgedAt(silent, rules(400), 100)).toBeUndefined();
    expect(judgedAt(silent, rules(400, { [SLOW]: { firing: [330, 400] } }), 100)?.verdict).toBe('broken');
    expect(silent).toMatchObject({ deadline: undefined, needs: { alerts: [SLOW] } });
    expect(silent.floor(PLAN)).toBeUndefined();
  });
});
