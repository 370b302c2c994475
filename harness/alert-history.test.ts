import { describe, expect, it } from 'vitest';
import { alertHistory, blindSpots, evaluatedThrough, resolvedAt } from './alert-history.ts';
import type { JournalEvent } from './journal.ts';
import { ALERTS, EVALUATIONS, presenceOf } from './plan.ts';
import { anAlert, aPlan, at, points, recordOf, rules, samples } from './testing.ts';

const slow = anAlert('Slow');
const plan = aPlan({ alerts: [slow] });
const historyOf = (record: ReturnType<typeof recordOf>, from = 0, to = 900, name = 'Slow') =>
  alertHistory(plan, record, name, at(from), at(to));

describe('the history of an alert', () => {
  it('has every evaluation at which it was pending or firing, in order, of this alert alone', () => {
    const record = recordOf(
      rules(900, { Slow: { pending: [300, 330], firing: [345, 375] }, Other: { firing: [0, 900] } }),
    );
    const history = historyOf(record);
    expect(history.pending).toEqual([300, 315, 330].map(at));
    expect(history.firing.map(({ at: time }) => time)).toEqual([345, 360, 375].map(at));
    expect(history.firing[0]?.labels).toMatchObject({ alertname: 'Slow', severity: 'critical' });
  });

  it('looks at the span alone, both ends included', () => {
    const record = recordOf(rules(900, { Slow: { firing: [300, 600] } }));
    const history = historyOf(record, 315, 345);
    expect(history.firing).toHaveLength(3);
    expect(history.evaluations).toEqual([315, 330, 345].map(at));
  });

  it('reads the evaluations of its own group, each once although it is scraped several times', () => {
    const group = (name: string) => ({ rule_group: `/rules.yml;${name}` });
    const last = (second: number) => at(second - (second % 15)) / 1_000;
    const record = recordOf(
      samples(EVALUATIONS, points(0, 60, last), 60, group('shop')),
      samples(EVALUATIONS, points(60, 120, last), 120, group('workshop')),
    );
    expect(historyOf(record).evaluations).toEqual([0, 15, 30, 45, 60].map(at));
  });

  it('knows of evaluations that a later scrape told of', () => {
    const record = recordOf(samples(EVALUATIONS, [[at(70), at(59) / 1_000]], 70, { rule_group: '/rules.yml;shop' }));
    expect(historyOf(record, 0, 60).evaluations).toEqual([at(59)]);
  });

  it('says whether its rule could not be evaluated in the span', () => {
    const record = recordOf(rules(900, {}, { failing: 600 }));
    expect(historyOf(record, 0, 595).failed).toBe(false);
    expect(historyOf(record, 300, 900).failed).toBe(true);
    expect(historyOf(record, 605, 900).failed).toBe(false);
  });
});

describe('the end of an alert', () => {
  it('is the first evaluation that left no sample', () => {
    const history = historyOf(recordOf(rules(900, { Slow: { firing: [300, 600] } })));
    expect(resolvedAt(history, at(300))).toBe(at(615));
  });

  it('is not the evaluation that left the last sample, which is stored a little later than the sample', () => {
    const record = recordOf(
      samples(ALERTS, points(300, 300, 1), 400, { alertname: 'Slow', alertstate: 'firing' }),
      samples(
        EVALUATIONS,
        [
          [at(305), at(300.04) / 1_000],
          [at(320), at(315.04) / 1_000],
        ],
        400,
        { rule_group: 'f;shop' },
      ),
    );
    expect(resolvedAt(historyOf(record), at(300))).toBe(at(315.04));
  });

  it('is not known while it fires, nor from evaluations that ALERTS was not asked for', () => {
    expect(resolvedAt(historyOf(recordOf(rules(900, { Slow: { firing: [300, 900] } }))), at(300))).toBeUndefined();
    const stale = recordOf(
      samples(ALERTS, points(300, 600, 1, 15), 600, { alertname: 'Slow', alertstate: 'firing' }),
      rules(900).slice(1),
    );
    expect(resolvedAt(historyOf(stale), at(300))).toBeUndefined();
  });

  it('is the last one of an alert that came back', () => {
    const record = recordOf(rules(900, { Slow: { firing: [300, 400] } }), rules(900, { Slow: { firing: [510, 600] } }));
    expect(resolvedAt(historyOf(record), at(300))).toBe(at(615));
  });
});

describe('silence means something', () => {
  const through = (events: readonly JournalEvent[], to = 900) => {
    const record = recordOf(events);
    return evaluatedThrough(plan, historyOf(record, 0, to), at(to));
  };

  it.each<[string, readonly JournalEvent[], boolean]>([
    ['the rule was evaluated to the end', rules(900), true],
    ['the last evaluation is a few intervals old', rules(900, {}, { evaluated: 855 }), true],
    ['evaluations ended long before', rules(900, {}, { evaluated: 600 }), false],
    ['it was never evaluated', rules(900, {}, { evaluated: -1 }), false],
    ['nothing was asked', [], false],
    ['an evaluation failed', rules(900, {}, { failing: 450 }), false],
    ['ALERTS was not asked to the end', [samples(ALERTS, [], 600), ...rules(900).slice(1)], false],
  ])('when %s: %s', (_, events, answer) => {
    expect(through(events)).toBe(answer);
  });

  it('only with series of every metric it reads: the missing ones are its blind spots', () => {
    const alert = anAlert('Slow', { metrics: ['requests_total', 'errors_total'] });
    const record = recordOf(
      samples(presenceOf('requests_total'), points(0, 900, 1)),
      samples(presenceOf('errors_total'), points(0, 100, 1)),
    );
    expect(blindSpots(record, alert, presenceOf, at(0), at(900))).toEqual([]);
    expect(blindSpots(record, alert, presenceOf, at(300), at(900))).toEqual(['errors_total']);
  });
});
