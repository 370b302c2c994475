import { rangeWithUnit, valueWithUnit } from '../format.ts';
import type { RunReport } from '../model.ts';
import type { PanelReport, Stats } from '../run-json.ts';
import { figure } from './charts.ts';
import { dataTable } from './table.ts';
import { type Html, html } from './template.ts';
import { chip } from './verdict.ts';

/** Every panel of the dashboards, row by row: its chart over the run, and its numbers before, during and after. */
export function panelsSection(report: RunReport): Html {
  const rows = Map.groupBy(report.panels, ({ dashboard, row }) => JSON.stringify([dashboard, row]));
  return html`<section id="panels" aria-labelledby="panels-title">
    <h2 id="panels-title">Panels</h2>
    <p class="note">Each panel's own queries, run as its dashboard runs them. Before, during and after are means over the
      baseline, fault and recovery phases; below them the lowest and the highest.</p>
    ${rows.size === 0 && html`<p class="nothing">This system has no dashboards.</p>`}
    ${[...rows].map(
      ([, panels]) => html`<section class="group">
        <h3>${panels[0]?.row} <small>dashboard ${panels[0]?.dashboard}</small></h3>
        <div class="panels">${panels.map((panel) => panelCard(report, panel))}</div>
      </section>`,
    )}
  </section>`;
}

function panelCard(report: RunReport, panel: PanelReport): Html {
  const { unit, series, queries } = panel;
  return html`<article class="panel">
    <header class="panel__head"><h4>${panel.panel}</h4>${panel.verdict !== null && chip(panel.verdict)}</header>
    ${figure(report, { title: panel.panel, unit, keys: queries })}
    ${
      series.length > 0 &&
      dataTable(
        `${panel.panel}: before, during and after`,
        ['series', 'before', 'during', 'after'],
        series.map(({ name, before, during, after }) => [
          name,
          ...[before, during, after].map((one) => stats(one, unit)),
        ]),
      )
    }
    <details class="data"><summary>Queries<span class="visually-hidden"> of ${panel.panel}</span></summary>
      ${queries.map(({ expr }) => html`<pre class="query" tabindex="0">${expr}</pre>`)}
    </details>
  </article>`;
}

function stats(value: Stats | null, unit: string): Html {
  if (value === null) return html`<span class="quiet" title="no samples">–</span>`;
  return html`${valueWithUnit(value.mean, unit)}<small>${rangeWithUnit(value.min, value.max, unit)}</small>`;
}
