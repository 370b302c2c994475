import { realDuration, scenarioDuration } from '../format.ts';
import type { RunReport } from '../model.ts';
import type { RunVerdict } from '../run-json.ts';
import { countsText, loadText, SIGN } from '../words.ts';
import { breakable, type Html, html } from './template.ts';

/** A verdict as a sign and a word; the colour only repeats them. */
export function chip(verdict: RunVerdict): Html {
  return html`<span class="chip chip--${verdict}"><span aria-hidden="true">${SIGN[verdict]}</span> ${verdict}</span>`;
}

/** The opening: the verdict in one sentence, then what was tried and at what scale. */
export function verdictSection(report: RunReport): Html {
  const { verdict, started, ended, speed, span } = report;
  const startedAt = new Date(started.at).toISOString();
  const scenarioMs = span.to.scenarioMs - span.from.scenarioMs;
  return html`<section class="verdict verdict--${verdict}" aria-labelledby="sentence">
    <p class="verdict__run">${chip(verdict)} <code>${report.id}</code></p>
    <h1 id="sentence">${breakable(report.sentence)}</h1>
    <p class="verdict__name"><strong>${capitalised(report.name)}.</strong> ${report.hypothesis}</p>
    ${
      !report.complete &&
      html`<p class="callout">This record stops before the run's own end. What follows is what had been written until
        then; the verdict stays unknown.</p>`
    }
    ${report.interrupted && html`<p class="callout">The run was interrupted by hand; it healed and cleaned up.</p>`}
    <dl class="facts">
      ${fact('Expectations', ...expectations(report))}
      ${fact('Duration', `${realDuration(ended.at - started.at)} real`, `${scenarioDuration(scenarioMs)} of scenario at ×${speed}`)}
      ${fact('Slowest page', ...slowestPage(report))}
      ${fact('Load', loadText(report))}
      ${fact('System', report.system)}
      ${fact('Started', startedAt.slice(0, 10), `${startedAt.slice(11, 16)} UTC, seed ${report.seed}`)}
    </dl>
  </section>`;
}

function expectations({ counts }: RunReport): [string, string?] {
  const { held, broken, unknown } = counts;
  const total = held + broken + unknown;
  if (total === 0) return ['nothing judged'];
  return [`${held} of ${total} held`, held === total ? 'none broken' : countsText({ held: 0, broken, unknown })];
}

function slowestPage({ detections, complete }: RunReport): [string, string?] {
  const paged = detections.filter((one) => one.notifiedMs !== null);
  const slowest = paged.toSorted((a, b) => (b.notifiedMs ?? 0) - (a.notifiedMs ?? 0))[0];
  if (slowest?.notifiedMs != null) {
    return [scenarioDuration(slowest.notifiedMs), `after the fault; floor ${scenarioDuration(slowest.floor.total)}`];
  }
  if (detections.length > 0) return ['nobody was notified'];
  return [complete ? 'none expected' : 'not known'];
}

const capitalised = (text: string): string => text.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase());

function fact(name: string, value: string, small?: string): Html {
  return html`<div><dt>${name}</dt><dd>${value}${small !== undefined && html` <small>${small}</small>`}</dd></div>`;
}
