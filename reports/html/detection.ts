/** Detection latency: where the time from the fault to the page went, beside the least it could have been. */
import { realDuration, scenarioDuration, scenarioOffset } from '../format.ts';
import type { RunReport } from '../model.ts';
import type { Detection, Moment } from '../run-json.ts';
import { floorText } from '../words.ts';
import { dataTable } from './table.ts';
import { breakable, type Html, html } from './template.ts';

const STEPS = [
  ['moved', 'metric moved'],
  ['pending', 'pending'],
  ['firing', 'firing'],
  ['notified', 'notified'],
] as const;

export function detectionSection(report: RunReport): Html {
  const { detections } = report;
  return html`<section id="detection" aria-labelledby="detection-title">
    <h2 id="detection-title">Detection</h2>
    <p class="note">From the fault to the page, in scenario time. The floor is the least that scrape, range, evaluation and
      <code>for</code> allow; what lies beyond it is the monitoring's own delay.</p>
    ${
      detections.length === 0
        ? html`<p class="nothing">No detection was recorded in this run.</p>`
        : html`${detections.map((one) => bars(one, longest(detections)))}
          ${dataTable(
            'Detection latency by alert',
            [
              'alert',
              ...STEPS.map(([, name]) => name),
              'floor',
              'beyond the floor',
              'resolved after the heal',
              'resolution notified',
            ],
            detections.map(row),
          )}`
    }
  </section>`;
}

const longest = (detections: readonly Detection[]): number =>
  Math.max(
    1,
    ...detections.flatMap((one) => [
      one.floor.total,
      ...STEPS.flatMap(([step]) => (one[step] === null ? [] : [since(one, one[step])])),
    ]),
  ) * 1.04;

const since = (one: Detection, moment: Moment): number => moment.scenarioMs - one.fault.scenarioMs;

function bars(one: Detection, scaleMs: number): Html {
  const percent = (ms: number) => `${Math.min(100, Math.max(0, (ms / scaleMs) * 100)).toFixed(2)}%`;
  let from = 0;
  const segments = STEPS.flatMap(([step, name]) => {
    const moment = one[step];
    if (moment === null) return [];
    const to = Math.max(from, since(one, moment));
    const bar = html`<span class="bar__part bar__part--${step}" style="left:${percent(from)};width:${percent(to - from)}"
      title="${name} ${scenarioOffset(to)}"></span>`;
    const part = { bar, name, to, took: to - from };
    from = to;
    return [part];
  });
  return html`<article class="detection">
    <h3>${breakable(one.alert)} <small>${one.severity}</small></h3>
    <p class="detection__sum">${summary(one)}</p>
    <div class="bar" aria-hidden="true">${segments.map(({ bar }) => bar)}
      <span class="bar__floor" style="left:${percent(one.floor.total)}"><span>floor</span></span></div>
    <ol class="detection__steps">
      <li><b>+0s</b> fault</li>
      ${STEPS.map(([step, name]) => {
        const part = segments.find((segment) => segment.name === name);
        return html`<li class="detection__step--${step}"><span class="swatch bar__part--${step}" aria-hidden="true"></span>${
          part === undefined
            ? html`<b>–</b> not ${name}`
            : html`<b>${scenarioOffset(part.to)}</b> ${name} <small>took ${scenarioDuration(part.took)}</small>`
        }</li>`;
      })}
    </ol>
  </article>`;
}

function summary(one: Detection): string {
  const floor = `Floor ${floorText(one.floor)}`;
  if (one.firingMs === null || one.excessMs === null) return `It never fired. ${floor}.`;
  const excess =
    one.excessMs >= 0
      ? `${scenarioDuration(one.excessMs)} beyond its floor`
      : `${scenarioDuration(-one.excessMs)} under its floor`;
  const resolved =
    one.resolvedMs === null ? 'not resolved' : `resolved ${scenarioDuration(one.resolvedMs)} after the heal`;
  return `Fired ${scenarioDuration(one.firingMs)} after the fault, ${excess}; ${resolved}. ${floor}.`;
}

function row(one: Detection): (string | Html)[] {
  const offset = (moment: Moment | null) =>
    moment === null
      ? '–'
      : html`${scenarioOffset(since(one, moment))}<small>${realDuration(moment.at - one.fault.at)}</small>`;
  const healed = (moment: Moment | null) =>
    moment === null || one.healed === null ? '–' : scenarioOffset(moment.scenarioMs - one.healed.scenarioMs);
  return [
    breakable(one.alert),
    ...STEPS.map(([step]) => offset(one[step])),
    scenarioDuration(one.floor.total),
    one.excessMs === null ? '–' : scenarioOffset(one.excessMs),
    healed(one.resolved),
    healed(one.resolvedNotified),
  ];
}
