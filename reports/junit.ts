/**
 * JUnit XML, as CI servers read it: a suite for each phase, a case for each expectation. Broken is a failure. Unknown is
 * an error, not a skip: a run that cannot tell must not turn a pipeline green.
 */
import { create } from 'xmlbuilder2';
import { scenarioOffset } from './format.ts';
import type { Judgement, RunJson } from './run-json.ts';
import { countsText, durationText, explained } from './words.ts';

/** The document, with its XML declaration. Characters XML cannot hold become U+FFFD. */
export function junit(run: RunJson): string {
  const suites = run.judgements.map(({ phase, title, judgements }) => ({
    name: `${run.id} · ${title}`,
    ms: phaseMs(run, phase),
    cases: judgements.map((judgement) => caseOf(run, judgement)),
  }));
  if (!run.complete) suites.push({ name: `${run.id} · the run`, ms: 0, cases: [unfinished(run)] });
  if (suites.length === 0) suites.push({ name: run.id, ms: 0, cases: [nothingJudged(run)] });

  const root = create({ version: '1.0', encoding: 'UTF-8', invalidCharReplacement: '\ufffd' }).ele('testsuites', {
    name: run.id,
    ...sums(suites.flatMap(({ cases }) => cases)),
    time: seconds(run.ended.at - run.started.at),
    timestamp: new Date(run.started.at).toISOString(),
  });
  for (const { name, ms, cases } of suites) {
    const suite = root.ele('testsuite', {
      name,
      ...sums(cases),
      skipped: 0,
      time: seconds(ms),
      timestamp: new Date(run.started.at).toISOString(),
    });
    const properties = suite.ele('properties');
    for (const [key, value] of Object.entries({ verdict: run.verdict, ...run.settings, ...run.versions })) {
      properties.ele('property', { name: key, value });
    }
    for (const one of cases) {
      const node = suite.ele('testcase', { classname: run.id, name: one.name, time: seconds(one.ms) });
      if (one.problem !== null) {
        const { tag, message, text } = one.problem;
        node.ele(tag, { message, type: tag === 'failure' ? 'broken' : 'unknown' }).txt(text);
      }
    }
    suite.ele('system-out').txt(`${run.sentence}\n${countsText(run.counts)}; ${durationText(run)}`);
    if (run.troubles.length > 0) {
      suite.ele('system-err').txt(run.troubles.map(({ code, message }) => `${code}: ${message}`).join('\n'));
    }
  }
  return `${root.end({ prettyPrint: true })}\n`;
}

interface Case {
  readonly name: string;
  readonly ms: number;
  readonly problem: { readonly tag: 'failure' | 'error'; readonly message: string; readonly text: string } | null;
}

function caseOf(run: RunJson, judgement: Judgement): Case {
  const text = explained(judgement, scenarioOffset);
  const phase = run.judgements.find((group) => group.judgements.includes(judgement))?.phase ?? null;
  const began = run.phases.find((one) => one.index === phase)?.from?.at;
  return {
    name: judgement.chapter === null ? judgement.title : `${judgement.chapter}: ${judgement.title}`,
    ms: began === undefined || judgement.decided === null ? 0 : Math.max(0, judgement.decided.at - began),
    problem:
      judgement.verdict === 'held'
        ? null
        : { tag: judgement.verdict === 'broken' ? 'failure' : 'error', message: judgement.headline, text },
  };
}

function unfinished(run: RunJson): Case {
  return {
    name: 'the run reaches its end',
    ms: 0,
    problem: { tag: 'error', message: run.sentence, text: run.sentence },
  };
}

function nothingJudged(run: RunJson): Case {
  const problem = { tag: 'error', message: 'Nothing was judged.', text: run.sentence } as const;
  return { name: 'something is judged', ms: 0, problem: run.verdict === 'held' ? null : problem };
}

function sums(cases: readonly Case[]): Record<'tests' | 'failures' | 'errors', number> {
  const count = (tag: 'failure' | 'error') => cases.filter(({ problem }) => problem?.tag === tag).length;
  return { tests: cases.length, failures: count('failure'), errors: count('error') };
}

function phaseMs(run: RunJson, index: number | null): number {
  if (index === null) return run.ended.at - run.started.at;
  const phase = run.phases.find((one) => one.index === index);
  return phase?.from == null ? 0 : (phase.to ?? run.ended).at - phase.from.at;
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(3);
