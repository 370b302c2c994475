import { describe, expect, it } from 'vitest';
import { detectionsIn } from './detection.ts';
import {
  anAlert,
  aPlan,
  at,
  BASELINE,
  delivered,
  FAULT,
  points,
  RECOVERY,
  recordOf,
  rules,
  samples,
  windowOf,
} from './testing.ts';

const slow = anAlert('Slow', { forMs: 60_000 });
const plan = aPlan({ alerts: [slow, anAlert('Quiet')] });
const windows = [BASELINE, FAULT, RECOVERY];
const course = rules(1_500, { Slow: { pending: [330, 390], firing: [405, 930] } });

describe('detection', () => {
  it('tells every step of an alert that fired, beside its floor, and nothing of one that did not', () => {
    const record = recordOf(
      course,
      samples(slow.condition, points(320, 910, 1)),
      delivered('Slow', 'firing', 415),
      delivered('Slow', 'resolved', 1_000),
    );
    expect(detectionsIn(plan, record, windows)).toEqual([
      {
        alert: 'Slow',
        fault: at(300),
        moved: at(320),
        pending: at(330),
        firing: at(405),
        notified: at(415),
        healed: at(900),
        resolved: at(945),
        resolvedNotified: at(1_000),
        floor: slow.floor,
      },
    ]);
  });

  it('leaves out the steps that did not happen', () => {
    const record = recordOf(rules(900, { Slow: { firing: [405, 900] } }));
    expect(detectionsIn(plan, record, [BASELINE, FAULT])).toEqual([
      { alert: 'Slow', fault: at(300), moved: at(405), firing: at(405), floor: slow.floor },
    ]);
  });

  it('never says that the condition came true after the evaluation that saw it', () => {
    const record = recordOf(course, samples(slow.condition, points(335, 910, 1)));
    expect(detectionsIn(plan, record, windows)[0]?.moved).toBe(at(330));
  });

  it('takes no notification of an earlier or a later fault for its own', () => {
    const again = windowOf(3, 'fault', 1_500, 1_800);
    const record = recordOf(course, delivered('Slow', 'firing', 100), delivered('Slow', 'firing', 1_600));
    expect(detectionsIn(plan, record, [...windows, again])[0]).not.toHaveProperty('notified');
  });

  it('says nothing of what fired before the fault and was over', () => {
    const record = recordOf(rules(1_500, { Slow: { firing: [30, 90] } }));
    expect(detectionsIn(plan, record, windows)).toEqual([]);
  });

  it('is told once for each fault phase', () => {
    const again = windowOf(3, 'fault', 1_500, 1_800);
    const record = recordOf(course, rules(1_800, { Slow: { firing: [1_600, 1_700] } }));
    expect(detectionsIn(plan, record, [...windows, again]).map(({ fault, firing }) => [fault, firing])).toEqual([
      [at(300), at(405)],
      [at(1_500), at(1_600)],
    ]);
  });
});
