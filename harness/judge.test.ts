import { describe, expect, it } from 'vitest';
import type { View } from './expectation.ts';
import { judgePhase } from './judge.ts';
import { during } from './scenario.ts';
import { aJudgement, anExpectation, aPlan, BASELINE, FAULT, recordOf } from './testing.ts';

const plan = aPlan();
const record = recordOf();
const judge = (expectations: Parameters<typeof anExpectation>[0][], ended = true) =>
  judgePhase(plan, record, during('10m').expect(...expectations.map(anExpectation)), FAULT, BASELINE, ended);

describe('judging a phase', () => {
  it('names each judgement after its phase and place, and says what was claimed', () => {
    const { judgements } = judge([{ title: 'errors rise' }, { title: 'the pager rings', kind: 'notification' }]);
    expect(judgements).toMatchObject([
      { id: '1.0', kind: 'metric', phase: 1, title: 'errors rise', verdict: 'held' },
      { id: '1.1', kind: 'notification', phase: 1, title: 'the pager rings', verdict: 'held' },
    ]);
  });

  it('shows the judge the plan, the record, the phase, its baseline, and whether it is over', () => {
    const views: View[] = [];
    const open = (view: View) => {
      views.push(view);
      return undefined;
    };
    judge([{ judge: open }], false);
    expect(views).toEqual([{ plan, record, phase: FAULT, baseline: BASELINE, ended: false }]);
  });

  it('counts as open only what is undecided and has a deadline to wait for', () => {
    const undecided = { judge: () => undefined };
    expect(judge([undecided, { ...undecided, deadline: 60_000 }, { deadline: 60_000 }], false).open).toBe(1);
  });

  it('answers unknown for what the end of the run left undecided', () => {
    expect(judge([{ judge: () => undefined }]).judgements[0]).toMatchObject({
      verdict: 'unknown',
      headline: 'errors rise',
      received: 'the run ended before it was decided',
    });
  });

  it('answers unknown where the judge crashes, says why, and judges the others', () => {
    const { judgements } = judge([
      {
        judge: () => {
          throw new Error('no such label', { cause: new Error('x is undefined') });
        },
      },
      { judge: () => aJudgement('broken') },
    ]);
    expect(judgements.map(({ verdict }) => verdict)).toEqual(['unknown', 'broken']);
    expect(judgements[0]?.received).toBe('the judge failed: no such label (x is undefined)');
  });
});
