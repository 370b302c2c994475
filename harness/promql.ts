/**
 * What the rule files say: which series an expression reads, how far back it looks, and which alerts and recorded
 * metrics there are. `check` and the detection floors are computed from this; nothing here asks Prometheus.
 */
import type { SyntaxNode } from '@lezer/common';
import type { PromqlTree } from './promql-tree.ts';
import { comparisonOf, durationOf, functionName, isRange, parsePromql, rangeUser, walk } from './promql-tree.ts';
import { ms, ruleFile } from './rule-files.ts';
import { readYaml } from './yaml-file.ts';

export interface PromqlFacts {
  /** Names of the metrics selected, each once, in the order they appear. */
  readonly metrics: string[];
  readonly selectors: { readonly metric: string; readonly text: string }[];
  /** Every range and subquery with the function it is an argument of; scenario milliseconds. */
  readonly ranges: { readonly fn: string; readonly ms: number; readonly selector: string }[];
  /**
   * How long new values can take to dominate the answer, scenario milliseconds: the longest chain of nested ranges,
   * without those whose value follows the newest sample (last_over_time, irate, max_over_time that must exceed …).
   */
  readonly reactionRangeMs: number;
}

/** Throws RULES_UNREADABLE with the position of a syntax error; `where` leads the message. */
export function inspectPromql(expr: string, where: string): PromqlFacts {
  const tree = parsePromql(expr, where);
  const selectors: PromqlFacts['selectors'] = [];
  const ranges: PromqlFacts['ranges'] = [];
  let reactionRangeMs = 0;
  walk(tree.root, (node) => {
    if (node.name === 'VectorSelector') selectors.push({ metric: metricName(node, tree), text: tree.text(node) });
    if (!isRange(node)) return;
    const call = rangeUser(node);
    const inner = node.firstChild;
    ranges.push({
      fn: call ? functionName(call, tree.text) : '',
      ms: rangeMs(node, tree),
      selector: inner ? tree.text(inner) : '',
    });
    reactionRangeMs = Math.max(reactionRangeMs, chainMs(node, tree));
  });
  const metrics = [...new Set(selectors.map(({ metric }) => metric).filter((name) => name !== ''))];
  return { metrics, selectors, ranges, reactionRangeMs };
}

/** The name written before the braces, as `__name__="…"`, or quoted inside the braces; '' where it is a pattern. */
function metricName(selector: SyntaxNode, { text }: PromqlTree): string {
  const plain = selector.getChild('Identifier');
  if (plain) return text(plain);
  const matchers = selector.getChild('LabelMatchers');
  const quoted = matchers?.getChild('QuotedLabelName');
  if (quoted) return text(quoted).slice(1, -1);
  for (const matcher of matchers?.getChildren('UnquotedLabelMatcher') ?? []) {
    const [label, operator, value] = [matcher.firstChild, matcher.getChild('MatchOp'), matcher.lastChild];
    if (label && operator && value && text(label) === '__name__' && text(operator) === '=')
      return text(value).slice(1, -1);
  }
  return '';
}

function rangeMs(range: SyntaxNode, { text }: PromqlTree): number {
  const length = range.getChild('DurationExpr');
  return (length && durationOf(length, text)) ?? 0;
}

/** A range and those it stands in, outermost included. */
function chainMs(range: SyntaxNode, tree: PromqlTree): number {
  let total = 0;
  for (let node: SyntaxNode | null = range; node; node = node.parent) {
    if (isRange(node) && !followsNewest(node, tree)) total += rangeMs(node, tree);
  }
  return total;
}

const RISING = new Set(['Gtr', 'Gte']);
const FALLING = new Set(['Lss', 'Lte']);

function followsNewest(range: SyntaxNode, { text }: PromqlTree): boolean {
  const call = rangeUser(range);
  if (!call) return false;
  const fn = functionName(call, text);
  const operator = comparisonOf(call, text)?.operator ?? '';
  if (fn === 'max_over_time') return RISING.has(operator);
  if (fn === 'min_over_time') return FALLING.has(operator);
  return ['last_over_time', 'present_over_time', 'irate', 'idelta', 'ts_of_last_over_time'].includes(fn);
}

interface RuleBase {
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly group: string;
  /** How often the group is evaluated in production, scenario milliseconds. */
  readonly evaluationMs: number;
  readonly file: string;
  /** Line of the rule's name, from 1. */
  readonly line: number;
}

export interface AlertRule extends RuleBase {
  readonly name: string;
  readonly forMs: number;
  readonly keepFiringForMs: number;
  /** Its `severity` label and `summary` annotation; '' where it has none. */
  readonly severity: string;
  readonly summary: string;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RecordingRule extends RuleBase {
  readonly record: string;
}

/**
 * Every rule of the files, expressions parsed. `defaultEvaluationMs` is Prometheus' evaluation_interval. Throws
 * RULES_UNREADABLE with file:line.
 */
export function readRules(
  files: readonly { readonly path: string; readonly text: string }[],
  defaultEvaluationMs: number,
): { alerts: AlertRule[]; recordings: RecordingRule[] } {
  const alerts: AlertRule[] = [];
  const recordings: RecordingRule[] = [];
  for (const { path, text } of files) {
    const { value, line, at } = readYaml(text, path, ruleFile);
    for (const [g, group] of value.groups.entries()) {
      for (const [r, rule] of (group.rules ?? []).entries()) {
        const place = ['groups', g, 'rules', r];
        const name = rule.alert ?? rule.record ?? '';
        inspectPromql(rule.expr, `${at([...place, 'expr'])}, ${rule.alert === undefined ? 'record' : 'alert'} ${name}`);
        const base: RuleBase = {
          expr: rule.expr,
          labels: rule.labels ?? {},
          group: group.name,
          evaluationMs: group.interval === undefined ? defaultEvaluationMs : ms(group.interval),
          file: path,
          line: line([...place, rule.alert === undefined ? 'record' : 'alert']),
        };
        if (rule.alert === undefined) recordings.push({ ...base, record: name });
        else {
          const annotations = rule.annotations ?? {};
          alerts.push({
            ...base,
            name,
            forMs: ms(rule.for ?? '0'),
            keepFiringForMs: ms(rule.keep_firing_for ?? '0'),
            severity: base.labels.severity ?? '',
            summary: annotations.summary ?? '',
            annotations,
          });
        }
      }
    }
  }
  return { alerts, recordings };
}
