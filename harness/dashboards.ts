/** Reads Grafana's classic dashboard JSON: its panels, their rows and their PromQL with the variables filled in. */
import { z } from 'zod';
import { FiredrillError, messageOf } from './errors.ts';

const target = z.looseObject({ expr: z.string().optional(), legendFormat: z.string().optional() });
const basePanel = z.looseObject({
  type: z.string(),
  title: z.string().optional(),
  targets: z.array(target).optional(),
  fieldConfig: z.looseObject({ defaults: z.looseObject({ unit: z.string().optional() }).optional() }).optional(),
});
const dashboardFile = z.looseObject({
  title: z.string(),
  panels: z.array(basePanel.extend({ panels: z.array(basePanel).optional() })),
});

export interface DashboardPanel {
  readonly dashboard: string;
  readonly row: string;
  readonly panel: string;
  /** Grafana's unit id ('s', 'percentunit', 'reqps'); '' where there is none. */
  readonly unit: string;
  readonly queries: readonly { readonly expr: string; readonly legend: string }[];
}

/** Throws RULES_UNREADABLE naming the file and the field. */
export function readDashboard(text: string, file: string): DashboardPanel[] {
  let parsed: z.infer<typeof dashboardFile>;
  try {
    parsed = dashboardFile.parse(JSON.parse(text));
  } catch (error) {
    const what = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new FiredrillError('RULES_UNREADABLE', `${file} is no Grafana dashboard: ${what}`, { cause: error });
  }
  const result: DashboardPanel[] = [];
  let row = '';
  for (const panel of parsed.panels) {
    if (panel.type === 'row') row = panel.title ?? '';
    for (const { type, title, targets, fieldConfig } of panel.type === 'row' ? (panel.panels ?? []) : [panel]) {
      if (type === 'row' || targets === undefined) continue;
      const queries = targets.flatMap(({ expr, legendFormat }) => (expr ? [{ expr, legend: legendFormat ?? '' }] : []));
      result.push({
        dashboard: parsed.title,
        row,
        panel: title ?? '',
        unit: fieldConfig?.defaults?.unit ?? '',
        queries,
      });
    }
  }
  return result;
}

/**
 * A panel's query as Grafana would send it: intervals from the scrape interval, and every other variable as "All" (a
 * matcher `=~"$instance"` becomes `=~".*"`), since a run has one of each.
 */
export function fillVariables(expr: string, intervals: { readonly scrape: string; readonly rate: string }): string {
  return expr
    .replace(/\$__rate_interval|\$\{__rate_interval\}/g, intervals.rate)
    .replace(/\$__interval|\$\{__interval\}/g, intervals.scrape)
    .replace(/\$__range|\$\{__range\}/g, '1h')
    .replace(/=~?\s*"\$\{?\w+(?::\w+)?\}?"/g, '=~".*"');
}
