/** What the tests here need to know of an expression, read with Prometheus' own grammar. */
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

interface Span {
  readonly from: number;
  readonly to: number;
}

const COMPARISONS = ['Gtr', 'Lss', 'Gte', 'Lte', 'Eql', 'Neq'];

function find(expr: string, wanted: (node: SyntaxNode) => boolean): Span[] {
  const found: Span[] = [];
  parser.parse(expr).iterate({
    enter: ({ node }) => {
      if (wanted(node)) found.push({ from: node.from, to: node.to });
    },
  });
  return found;
}

/** Where metrics are named. */
const metricSpans = (expr: string): Span[] =>
  find(expr, (node) => node.name === 'Identifier' && node.parent?.name === 'VectorSelector');

/** Where numbers stand that something is compared with. */
const thresholdSpans = (expr: string): Span[] =>
  find(
    expr,
    ({ name, parent }) =>
      name === 'NumberDurationLiteral' && parent !== null && COMPARISONS.some((operator) => parent.getChild(operator)),
  );

export interface Selector {
  readonly metric: string;
  /** What it is narrowed by. */
  readonly labels: readonly string[];
}

/** Every selection of an expression, in order. */
export function selectorsOf(expr: string): Selector[] {
  const text = ({ from, to }: Span) => expr.slice(from, to);
  const selectors: Selector[] = [];
  parser.parse(expr).iterate({
    enter: ({ node }) => {
      const name = node.name === 'VectorSelector' ? node.getChild('Identifier') : null;
      if (name === null) return;
      const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
      const labels = matchers.flatMap((matcher) => matcher.getChildren('LabelName').map(text));
      selectors.push({ metric: text(name), labels });
    },
  });
  return selectors;
}

/** The labels an expression groups and matches by. */
export const groupingsOf = (expr: string): string[] => [
  ...new Set(
    find(expr, ({ name, parent }) => name === 'LabelName' && parent?.name === 'GroupingLabels').map(({ from, to }) =>
      expr.slice(from, to),
    ),
  ),
];

/** Names of the metrics an expression selects. */
export const metricsOf = (expr: string): string[] => metricSpans(expr).map(({ from, to }) => expr.slice(from, to));

/** The expression with each metric called something else. */
export const renameMetrics = (expr: string, rename: (metric: string) => string): string =>
  rewrite(expr, metricSpans(expr), rename);

/** The expression with each threshold multiplied. */
export const multiplyThresholds = (expr: string, factor: number): string =>
  rewrite(expr, thresholdSpans(expr), (threshold) => String(Number(threshold) * factor));

function rewrite(expr: string, spans: readonly Span[], change: (text: string) => string): string {
  return spans
    .toReversed()
    .reduce((text, { from, to }) => text.slice(0, from) + change(expr.slice(from, to)) + text.slice(to), expr);
}
