/**
 * PromQL as a tree, read with Prometheus' own grammar. The grammar is an editor's: it recovers from every error and
 * knows no types, so what Prometheus would refuse is refused here too (errors, unclosed strings, ranges out of place).
 */
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { FiredrillError } from './errors.ts';
import { milliseconds } from './units.ts';

const CLOSED = /^(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)$/;

export interface PromqlTree {
  readonly root: SyntaxNode;
  readonly text: (node: SyntaxNode) => string;
}

/**
 * Parses an expression. `where` leads the message ('rules/a.yml:12, alert X'); throws RULES_UNREADABLE with the line
 * and column inside the expression.
 */
export function parsePromql(expr: string, where: string): PromqlTree {
  const root = parser.parse(expr).topNode;
  const text = (node: SyntaxNode): string => expr.slice(node.from, node.to);
  const refuse = (at: number, problem: string): never => {
    throw new FiredrillError('RULES_UNREADABLE', `${where}: ${problem} at ${position(expr, at)} of: ${expr.trim()}`);
  };
  // The cause before its consequences: an open quote swallows what follows, an error puts ranges where none belongs.
  walk(root, (node) => {
    if (node.name === 'StringLiteral' && !CLOSED.test(text(node))) refuse(node.from, 'expected a closing quote');
  });
  walk(root, (node) => {
    if (node.type.isError) refuse(node.from, expectation(node, expr));
  });
  walk(root, (node) => {
    if (isRange(node) && rangeUser(node) === undefined) {
      refuse(node.from, 'expected a single value per series, found a range');
    }
    if (node.name === 'MatrixSelector' && !isSelector(node.firstChild)) {
      refuse(node.from, 'expected a selector before the range (a subquery is written [range:step])');
    }
    if (node.name === 'FunctionCall' && takesRange(functionName(node, text)) && !args(node).some(holdsRange)) {
      refuse(node.from, `expected a range such as [5m] inside ${functionName(node, text)}(), found none`);
    }
  });
  return { root, text };
}

/** Visits a node and everything below it, parents first. */
export function walk(node: SyntaxNode, visit: (node: SyntaxNode) => void): void {
  visit(node);
  for (const child of children(node)) walk(child, visit);
}

export function children(node: SyntaxNode): SyntaxNode[] {
  const all: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) all.push(child);
  return all;
}

/** 'rate' of rate(x[5m]). */
export function functionName(call: SyntaxNode, text: PromqlTree['text']): string {
  const name = call.getChild('FunctionIdentifier');
  return name ? text(name) : '';
}

/** The arguments of a function call or an aggregation. */
export function args(call: SyntaxNode): SyntaxNode[] {
  const body = call.getChild('FunctionCallBody');
  return body ? children(body).filter((child) => !child.type.isError && child.name !== 'LineComment') : [];
}

const MODIFIED = new Set(['OffsetExpr', 'StepInvariantExpr', 'AnchoredExpr', 'SmoothedExpr', 'ParenExpr']);

/** The expression inside parentheses and modifiers (offset, @). */
export function unwrapped(node: SyntaxNode): SyntaxNode {
  const inner = MODIFIED.has(node.name) ? children(node).find((child) => child.name !== 'LineComment') : undefined;
  return inner ? unwrapped(inner) : node;
}

/** The nearest node above that is not parentheses, a modifier or an argument list. */
export function user(node: SyntaxNode): SyntaxNode | null {
  const above = node.parent;
  if (above && (MODIFIED.has(above.name) || above.name === 'FunctionCallBody')) return user(above);
  return above;
}

export const isRange = (node: SyntaxNode): boolean => node.name === 'MatrixSelector' || node.name === 'SubqueryExpr';

const isSelector = (node: SyntaxNode | null): boolean =>
  node !== null && (node.name === 'VectorSelector' || (node.name === 'ParenExpr' && isSelector(unwrapped(node))));

/** The function call a range is an argument of. */
export function rangeUser(range: SyntaxNode): SyntaxNode | undefined {
  const above = user(range);
  return above?.name === 'FunctionCall' ? above : undefined;
}

const holdsRange = (argument: SyntaxNode): boolean => isRange(unwrapped(argument));

const RANGE_FUNCTIONS = new Set(
  'changes delta deriv idelta increase irate predict_linear rate resets double_exponential_smoothing'.split(' '),
);

/** Whether a function is written over a range: rate, increase, *_over_time … */
export const takesRange = (name: string): boolean => RANGE_FUNCTIONS.has(name) || name.endsWith('_over_time');

const DURATION = /^(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/;

/**
 * A duration as Prometheus and Alertmanager read it ('1h30m', '0', a year being 365 days) → milliseconds, or
 * undefined where they would refuse it: no fractions, units from the largest to the smallest.
 */
export function prometheusMilliseconds(text: string): number | undefined {
  if (text === '0') return 0;
  const years = DURATION.exec(text)?.[1];
  if (text === '' || !DURATION.test(text)) return undefined;
  if (years === undefined) return milliseconds(text);
  const rest = text.slice(years.length);
  return milliseconds(`${Number.parseInt(years, 10) * 365}d`) + (rest === '' ? 0 : milliseconds(rest));
}

/**
 * The length of a range, step or offset in scenario milliseconds; a bare number is seconds (Prometheus 3). undefined
 * where it is computed (`[5m * 2]`, `step()`): those are experimental and depend on the query.
 */
export function durationOf(node: SyntaxNode, text: PromqlTree['text']): number | undefined {
  const written = text(node).replace(/^[-+]\s*/, '');
  const seconds = /^[\d.]+$/.test(written) ? Number(written) : undefined;
  return seconds === undefined ? prometheusMilliseconds(written) : seconds * 1000;
}

const COMPARISONS = new Set(['Eql', 'Neq', 'Gtr', 'Lss', 'Gte', 'Lte']);
const MIRRORED: Record<string, string> = { Gtr: 'Lss', Lss: 'Gtr', Gte: 'Lte', Lte: 'Gte' };
/** Aggregations that keep the sign, the order and the newest of what goes in. */
const TRANSPARENT = new Set(['sum', 'min', 'max', 'avg']);

export interface Comparison {
  /** 'Gtr', 'Lte' …, as if the node stood on the left. */
  readonly operator: string;
  readonly other: SyntaxNode;
}

/** What a value is compared with, looked for through parentheses and sum/min/max/avg; undefined where it is not. */
export function comparisonOf(node: SyntaxNode, text: PromqlTree['text']): Comparison | undefined {
  const above = node.parent;
  if (!above) return undefined;
  if (above.name === 'ParenExpr' || above.name === 'FunctionCallBody') return comparisonOf(above, text);
  if (above.name === 'AggregateExpr') {
    const operation = above.getChild('AggregateOp');
    return operation && TRANSPARENT.has(text(operation).toLowerCase()) ? comparisonOf(above, text) : undefined;
  }
  const operator = children(above).find((child) => COMPARISONS.has(child.name))?.name;
  if (above.name !== 'BinaryExpr' || operator === undefined) return undefined;
  const [left, right] = [above.firstChild, above.lastChild];
  if (!left || !right) return undefined;
  return left.from === node.from && left.to === node.to
    ? { operator, other: right }
    : { operator: MIRRORED[operator] ?? operator, other: left };
}

/** Whether an expression is made of numbers alone: `4 * 3600`. */
export const isConstant = (node: SyntaxNode): boolean => {
  let constant = true;
  walk(node, ({ name }) => {
    if (name === 'VectorSelector' || name === 'FunctionCall' || name === 'StringLiteral') constant = false;
  });
  return constant;
};

function expectation(error: SyntaxNode, expr: string): string {
  const text = (node: SyntaxNode): string => expr.slice(node.from, node.to);
  const found = text(error) || /\S+/.exec(expr.slice(error.from))?.[0];
  const before = error.prevSibling;
  if (error.parent?.name === 'VectorSelector' || before?.name === 'VectorSelector') {
    const name = before ? text(before).split(/[\s({]/)[0] : undefined;
    if (name && /^[a-z]\w*$/i.test(name)) return `expected an operator after ${name}, which is no known function,`;
  }
  if (error.parent?.name === 'PromQL' && error.from === 0) return 'expected an expression, found nothing';
  const inside = error.parent?.name === 'FunctionCallBody' ? "',' or ')'" : undefined;
  const ranged = error.parent && isRange(error.parent) ? "a duration such as 5m and ']'" : undefined;
  const expected = inside ?? ranged ?? 'PromQL';
  return `expected ${expected}, found ${found === undefined ? 'the end' : `'${found}'`}`;
}

function position(expr: string, at: number): string {
  const lines = expr.trimEnd().slice(0, at).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
