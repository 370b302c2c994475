/** How the run was made, so that it can be made again: phases, services, versions, settings, and what went wrong. */
import { realDuration, scenarioDuration, scenarioOffset } from '../format.ts';
import type { RunReport } from '../model.ts';
import { dataTable, pairs } from './table.ts';
import { type Html, html } from './template.ts';

const MOST_LOG_LINES = 200;

export function detailsSection(report: RunReport): Html {
  return html`<section id="details" aria-labelledby="details-title">
    <h2 id="details-title">Run details</h2>
    ${part('Troubles', troubles(report))}
    ${part('Phases', phases(report))}
    ${report.faults.length > 0 && part('Faults', faults(report))}
    ${report.remedies.length > 0 && part('Remedies', remedies(report))}
    ${part('Proved by this run', coverage(report))}
    <div class="columns">
      ${part('Versions', pairs(report.versions))}
      ${part('Settings', pairs({ ...report.settings, ...intervals(report) }))}
    </div>
    ${part('Services', services(report))}
    ${report.logs.length > 0 && part('Log lines that were looked at', logs(report))}
  </section>`;
}

const part = (title: string, body: Html): Html => html`<section class="group"><h3>${title}</h3>${body}</section>`;

function troubles({ troubles: all }: RunReport): Html {
  if (all.length === 0) return html`<p class="nothing">None: the harness and its tools worked without a hitch.</p>`;
  return html`<ul class="troubles">${all.map(
    ({ moment, code, message }) => html`<li><code>${code}</code> ${message}
      <small>${scenarioOffset(moment.scenarioMs)}, ${realDuration(moment.realMs)} real</small></li>`,
  )}</ul>`;
}

function phases(report: RunReport): Html {
  return dataTable(
    'Phases',
    ['phase', 'began', 'lasted', 'planned at most', 'ended because'],
    report.phases.map(({ kind, title, plannedMs, from, to, reason }) => [
      title === kind || title === '' ? kind : `${kind}: ${title}`,
      from === null ? 'not reached' : scenarioOffset(from.scenarioMs),
      from === null ? '–' : lasted(from, to ?? report.ended),
      scenarioDuration(plannedMs),
      to === null ? (from === null ? '–' : 'the record stops') : (reason ?? ''),
    ]),
  );
}

function lasted(from: RunReport['started'], to: RunReport['started']): Html {
  return html`${scenarioDuration(to.scenarioMs - from.scenarioMs)}<small>${realDuration(to.at - from.at)} real</small>`;
}

function faults({ faults: all }: RunReport): Html {
  return html`${all.map(
    ({ name, description, from, to, proof, failure }) => html`<div class="fault">
      <p><strong>${name}</strong> ${description}</p>
      <p class="quiet">${from === null ? 'Never in place' : `In place ${scenarioOffset(from.scenarioMs)}`}, ${
        to === null ? 'not healed' : `healed ${scenarioOffset(to.scenarioMs)}`
      }. Proof: ${proof.state === 'none' ? 'none recorded' : `${proof.state}, ${proof.detail}`}.</p>
      ${failure !== null && html`<p class="callout">${failure}</p>`}
    </div>`,
  )}`;
}

function remedies({ remedies: all }: RunReport): Html {
  return html`${all.map(
    ({ name, description, state, moment, seen, source, ms }) => html`<div class="fault">
      <p><strong>${name}</strong> ${description}</p>
      <p class="quiet">${state === 'applied' ? 'Applied' : 'Could not be applied'} ${scenarioOffset(moment.scenarioMs)}, in
        ${realDuration(ms)} real: ${seen} (${source}).</p>
    </div>`,
  )}`;
}

function coverage({ coverage: { alerts, panels, metrics } }: RunReport): Html {
  const list = (names: readonly string[]) => (names.length === 0 ? 'none' : names.join(', '));
  return pairs({ Alerts: list(alerts), Panels: list(panels), Metrics: list(metrics) });
}

function intervals({ intervals: { scrape, evaluation } }: RunReport): Record<string, string> {
  return { 'scrape interval': scenarioDuration(scrape), 'evaluation interval': scenarioDuration(evaluation) };
}

function services({ services: all }: RunReport): Html {
  if (all.length === 0) return html`<p class="nothing">No service was recorded.</p>`;
  return dataTable(
    'Services',
    ['service', 'state', 'when, real', 'took', 'detail'],
    all.map(({ name, state, moment, ms, detail }) => [
      name,
      state,
      realDuration(moment.realMs),
      ms === null ? '–' : realDuration(ms),
      detail,
    ]),
  );
}

function logs({ logs: all }: RunReport): Html {
  const shown = all.slice(-MOST_LOG_LINES);
  return html`${shown.length < all.length && html`<p class="note">The last ${shown.length} of ${all.length}; the journal has all.</p>`}
    ${dataTable(
      'Log lines',
      ['scenario', 'service', 'line'],
      shown.map(({ moment, service, fields }) => [
        scenarioOffset(moment.scenarioMs),
        service,
        html`<code>${JSON.stringify(fields)}</code>`,
      ]),
    )}`;
}
