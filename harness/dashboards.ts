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
const variable = z.looseObject({
  name: z.string(),
  includeAll: z.boolean().optional(),
  current: z.looseObject({ value: z.union([z.string(), z.array(z.string())]).optional() }).optional(),
});
const dashboardFile = z.looseObject({
  title: z.string(),
  templating: z.looseObject({ list: z.array(variable).optional() }).optional(),
  panels: z.array(basePanel.extend({ panels: z.array(basePanel).optional() })),
});

export interface DashboardPanel {
  readonly dashboard: string;
  readonly row: string;
  readonly panel: string;
  /** Grafana's unit id ('s', 'percentunit', 'reqps'); '' where there is none. */
  readonly unit: string;
  readonly queries: readonly { readonly expr: string; readonly legend: string }[];
  /** What each variable stands for when the dashboard is opened: its saved value, or everything ('.*'). */
  readonly variables: Readonly<Record<string, string>>;
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
  const variables = Object.fromEntries(
    (parsed.templating?.list ?? []).map(({ name, includeAll, current }) => [
      name,
      savedValue(includeAll, current?.value),
    ]),
  );
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
        variables,
      });
    }
  }
  return result;
}

/** A panel's query as Grafana sends it when the dashboard is opened, with intervals from the scrape interval. */
export function fillVariables(
  expr: string,
  intervals: { readonly scrape: string; readonly rate: string },
  variables: DashboardPanel['variables'],
): string {
  const builtIn: Readonly<Record<string, string>> = {
    __rate_interval: intervals.rate,
    __interval: intervals.scrape,
    __range: '1h',
  };
  return expr.replace(
    /\$(?:\{(\w+)(?::\w+)?\}|(\w+))/g,
    (whole, braced: string | undefined, plain: string | undefined) => {
      const name = braced ?? plain ?? '';
      return builtIn[name] ?? variables[name] ?? whole;
    },
  );
}

function savedValue(includeAll: boolean | undefined, value: string | readonly string[] | undefined): string {
  const values = typeof value === 'string' ? [value] : (value ?? []);
  const all = values.length === 0 || values.includes('$__all') || values.includes('All');
  return all || (includeAll && values.includes('')) ? '.*' : values.join('|');
}
