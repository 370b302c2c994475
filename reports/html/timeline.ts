/** The run on one axis: phases, the fault's band through everything, load, a swim lane for each alert, notifications. */
import { realDuration, scenarioDuration, scenarioOffset } from '../format.ts';
import { lanesOf } from '../model/loads.ts';
import type { RunReport } from '../model.ts';
import type { AlertReport, Moment } from '../run-json.ts';
import { axisNote, figure, laneKey } from './charts.ts';
import { dataTable } from './table.ts';
import { breakable, type Html, html } from './template.ts';

export function timelineSection(report: RunReport): Html {
  const place = placing(report);
  return html`<section id="timeline" aria-labelledby="timeline-title">
    <h2 id="timeline-title">Timeline</h2>
    <p class="note">${axisNote(report)}</p>
    <div class="timeline">
      <div class="timeline__bands" aria-hidden="true">${report.faults.map(
        ({ from, to }) =>
          from !== null && html`<div class="timeline__band" style="${place(from, to ?? report.span.to)}"></div>`,
      )}</div>
      ${lane('Phases', phaseSegments(report, place))}
      ${report.faults.map((fault) =>
        lane(
          'Fault',
          fault.from === null
            ? html`<span class="lane__silent">${fault.name} was never in place</span>`
            : segment(place(fault.from, fault.to ?? report.span.to), 'fault', `⚡ ${fault.name}`, fault.from, fault.to),
        ),
      )}
      ${report.remedies.map(({ name, state, moment, seen }) =>
        lane(
          name,
          html`<span class="mark mark--${state === 'applied' ? 'remedy' : 'firing'}" style="${place(moment)}"
            title="${name} ${state}: ${seen}, ${scenarioOffset(moment.scenarioMs)}">${state === 'applied' ? '+' : '✗'}</span>`,
          { note: 'remedy' },
        ),
      )}
      <div class="timeline__load">
        <p class="lane__name" id="load-lane">Load${report.load.totals !== null && ` (${report.load.totals.driver})`} <small>answers and failures a second</small></p>
        ${figure(report, {
          title: 'Load: answers and failures a second',
          unit: '/s',
          kind: 'timeline',
          keys: loadLines(report),
        })}
      </div>
      ${report.alerts.map((alert) => alertLane(report, alert, place))}
      ${axis(report, place)}
    </div>
    <ul class="key" aria-label="Signs in the lanes">
      <li><span class="segment segment--pending"></span> pending</li>
      <li><span class="segment segment--firing"></span> firing</li>
      <li><span class="mark mark--firing">!</span> notified: firing</li>
      <li><span class="mark mark--resolved">✓</span> notified: resolved</li>
      <li><span class="key__band"></span> fault in place</li>
      ${report.remedies.length > 0 && html`<li><span class="mark mark--remedy">+</span> remedy applied</li>`}
    </ul>
    <details class="data"><summary>Data table<span class="visually-hidden"> of the timeline</span></summary>
      ${dataTable('Everything on the timeline', ['scenario', 'real', 'what', 'detail'], history(report))}
    </details>
  </section>`;
}

/** With one load at a time there is nothing to tell apart; side by side, each line says whose it is. */
function loadLines({ loadRuns }: RunReport): { key: string; legend: string }[] {
  const lanes = lanesOf(loadRuns);
  return (['answered', 'errors'] as const).flatMap((value) =>
    lanes.map((lane, index) => {
      const names = [...new Set(lane.map(({ report }) => report.description))].join(', ');
      const what = value === 'answered' ? 'answered' : '5xx or no answer';
      return { key: laneKey(index, value), legend: lanes.length > 1 ? `${names}: ${what}` : what };
    }),
  );
}

type Place = (from: Moment, to?: Moment) => string;

/** Where a span, or a single moment, lies on the axis, as inline style in percent. */
function placing({ span }: RunReport): Place {
  const length = Math.max(1, span.to.at - span.from.at);
  const percent = (at: number) => Math.min(100, Math.max(0, ((at - span.from.at) / length) * 100));
  return (from, to) => {
    const left = percent(from.at);
    const width = to === undefined ? '' : `;width:${Math.max(0, percent(to.at) - left).toFixed(2)}%`;
    return `left:${left.toFixed(2)}%${width}`;
  };
}

function lane(name: string, track: Html | readonly (Html | false)[], { note = '', kind = '' } = {}): Html {
  return html`<div class="lane ${kind}"><p class="lane__name" title="${name}">${breakable(name)}${note !== '' && html` <small>${note}</small>`}</p>
    <div class="lane__track">${track}</div></div>`;
}

function segment(style: string, kind: string, text: string, from: Moment, to: Moment | null): Html {
  const span = `${scenarioOffset(from.scenarioMs)} to ${to === null ? 'the end' : scenarioOffset(to.scenarioMs)}`;
  return html`<span class="segment segment--${kind}" style="${style}" title="${text}, ${span}"><span>${text}</span></span>`;
}

function phaseSegments({ phases, span }: RunReport, place: Place): Html[] {
  return phases.flatMap(({ kind, from, to }) =>
    from === null ? [] : [segment(place(from, to ?? span.to), `phase phase--${kind}`, kind, from, to)],
  );
}

function alertLane(report: RunReport, alert: AlertReport, place: Place): Html {
  const notified = report.notifications.filter((one) => one.alert === alert.name);
  const silent = alert.bands.length === 0 && notified.length === 0;
  return lane(
    alert.name,
    silent
      ? html`<span class="lane__silent">silent</span>`
      : [
          ...alert.bands.map(({ state, from, to, open }) =>
            segment(place(from, to), state, state, from, open ? null : to),
          ),
          ...notified.map(
            ({ status, moment, receiver }) => html`<span class="mark mark--${status}" style="${place(moment)}"
              title="${receiver} notified: ${status}, ${scenarioOffset(moment.scenarioMs)}">${status === 'firing' ? '!' : '✓'}</span>`,
          ),
        ],
    { note: alert.severity, kind: notified.length > 0 ? 'lane--notified' : '' },
  );
}

const STEPS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 21_600, 86_400].map(
  (s) => s * 1_000,
);

function axis(report: RunReport, place: Place): Html {
  const { span, speed, origin } = report;
  const length = span.to.scenarioMs - span.from.scenarioMs;
  const step = STEPS_MS.find((one) => length / one <= 10) ?? length / 10;
  const ticks: Html[] = [];
  for (let time = Math.ceil(span.from.scenarioMs / step) * step; time <= span.to.scenarioMs; time += step) {
    const at = origin.at + time / speed;
    const moment = { at, realMs: at - report.started.at, scenarioMs: time };
    // On a narrow screen every other tick goes, never the one at the fault.
    const minor = Math.round(time / step) % 2 !== 0 && 'tick--minor';
    const last = time > span.to.scenarioMs - length / 30 && 'tick--end';
    ticks.push(
      html`<span class="tick ${minor} ${last}" style="${place(moment)}">${scenarioOffset(time)}${
        speed !== 1 && html`<small>${realDuration(moment.realMs)}</small>`
      }</span>`,
    );
  }
  return html`<div class="lane lane--axis" aria-hidden="true"><p class="lane__name">${
    origin.what === 'fault' ? 'from the fault' : 'from the start'
  }<small>${speed !== 1 && 'real time'}</small></p><div class="lane__track">${ticks}</div></div>`;
}

function history(report: RunReport): string[][] {
  const rows: [Moment, string, string][] = [
    ...report.phases.flatMap(({ kind, title, from, to, reason }): [Moment, string, string][] => [
      ...(from === null ? [] : [[from, `${kind} begins`, title === kind ? '' : title] as [Moment, string, string]]),
      ...(to === null ? [] : [[to, `${kind} ends`, reason ?? ''] as [Moment, string, string]]),
    ]),
    ...report.faults.flatMap(({ name, from, to, proof, failure }): [Moment, string, string][] => [
      ...(from === null
        ? []
        : [[from, `fault ${name} in place`, `${proof.state}: ${proof.detail}`] as [Moment, string, string]]),
      ...(to === null ? [] : [[to, `fault ${name} healed`, failure ?? ''] as [Moment, string, string]]),
    ]),
    ...report.remedies.map(({ moment, name, state, seen, source }): [Moment, string, string] => [
      moment,
      `remedy ${name} ${state}`,
      `${seen} (${source})`,
    ]),
    ...report.alerts.flatMap(({ name, bands }) =>
      bands.map(({ state, from, to, open }): [Moment, string, string] => [
        from,
        `${name} ${state}`,
        open ? 'until the record ends' : `for ${scenarioDuration(to.scenarioMs - from.scenarioMs)}`,
      ]),
    ),
    ...report.notifications.map(({ moment, alert, status, receiver }): [Moment, string, string] => [
      moment,
      `${receiver} notified`,
      `${alert} ${status}`,
    ]),
  ];
  return rows
    .sort(([a], [b]) => a.at - b.at)
    .map(([moment, what, detail]) => [scenarioOffset(moment.scenarioMs), realDuration(moment.realMs), what, detail]);
}
