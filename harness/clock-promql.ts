/**
 * Runs PromQL on a faster clock. Values per second (rate, deriv) stay as they are and windows shrink, so whatever is
 * counted over a window has to be multiplied back, an age has to be stretched, and a horizon has to shrink. What cannot
 * be carried over with its meaning intact is refused by name: a wrong answer without a sign would be worse than none.
 */
import type { SyntaxNode } from '@lezer/common';
import { FiredrillError } from './errors.ts';
import type { PromqlTree } from './promql-tree.ts';
import {
  args,
  children,
  comparisonOf,
  durationOf,
  functionName,
  isConstant,
  parsePromql,
  unwrapped,
  user,
} from './promql-tree.ts';
import { duration } from './units.ts';

/** Count samples or steps in a window: the same at any speed only over a subquery with a step of its own. */
const PER_SAMPLE = new Set(['count_over_time', 'sum_over_time', 'changes', 'resets']);
/** How far a gauge moved: whether it moves at a rate or in jumps is not written in the query. */
const MOVEMENT = new Set(['delta', 'idelta']);
/** Read a wall clock that does not run faster. */
const CALENDAR = new Set('hour minute month year day_of_month day_of_week day_of_year days_in_month'.split(' '));
const TIMESTAMPS = new Set(
  'timestamp start_timestamp ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time'.split(
    ' ',
  ),
);
const OF_THE_QUERY = new Set(['step', 'range', 'start', 'end', 'double_exponential_smoothing']);
/** Prometheus' naming convention for a gauge that holds a moment. */
const MOMENT = /(_timestamp|_timestamp_seconds|_time_seconds)$|^ALERTS_FOR_STATE$/;

/**
 * The same question on a clock `speed` times faster. At speed 1 the text comes back byte for byte. Throws
 * RULES_UNREADABLE for a syntax error and CLOCK_UNSOUND, naming the construct, `where` and the highest sound speed.
 */
export function scalePromql(expr: string, speed: number, where: string): string {
  const tree = parsePromql(expr, where);
  if (speed === 1) return expr;
  const { root, text } = tree;

  const unsound = (node: SyntaxNode, construct: string, why: string, highest = 1): never => {
    throw new FiredrillError(
      'CLOCK_UNSOUND',
      `${where}: ${construct} ${why}, so it is not sound at speed ${speed}: ${text(node)}. ` +
        `The highest sound speed is ${highest}.`,
    );
  };

  const scaledDuration = (node: SyntaxNode): string => {
    const ms = durationOf(node, text);
    if (ms === undefined) return unsound(node, 'a computed duration', 'depends on the query');
    if (ms === 0) return text(node);
    if (ms / speed < 1)
      unsound(node, `a duration of ${duration(ms)}`, 'would fall under a millisecond', Math.floor(ms));
    const sign = text(node).startsWith('-') ? '-' : '';
    return sign + duration(ms / speed);
  };

  const comparedWithZero = (node: SyntaxNode): boolean => {
    const other = comparisonOf(node, text)?.other;
    return other !== undefined && /^[-+]?0(\.0*)?$/.test(text(other));
  };

  /** Text of a node, each child in its scaled form. */
  const inside = (node: SyntaxNode): string => {
    let scaled = '';
    let at = node.from;
    for (const child of children(node)) {
      scaled += expr.slice(at, child.from) + scale(child);
      at = child.to;
    }
    return scaled + expr.slice(at, node.to);
  };

  const call = (node: SyntaxNode): string => {
    const name = functionName(node, text);
    const refuse = (why: string): never => unsound(node, `${name}()`, why);
    if (name === 'increase') return `(${inside(node)} * ${speed})`;
    if (name === 'predict_linear') return prediction(node);
    if (CALENDAR.has(name)) return refuse('reads the calendar, which no speed moves');
    if (OF_THE_QUERY.has(name)) return refuse('depends on how the query is asked and on the number of samples');
    if (name === 'time' || TIMESTAMPS.has(name)) {
      if (!isPartOfAge(node, tree))
        refuse('gives a moment of the real clock, and only an age (time() - moment) can be scaled');
    } else if (PER_SAMPLE.has(name) && !countsSteps(node)) {
      if (!comparedWithZero(node)) refuse('counts samples, whose number in a window changes with the speed');
    } else if (MOVEMENT.has(name) && !comparedWithZero(node)) {
      refuse('measures a movement over a window that changes with the speed');
    }
    return inside(node);
  };

  /** predict_linear(x[1h], 4 * 3600): the slope is per real second, the horizon is in scenario seconds. */
  const prediction = (node: SyntaxNode): string => {
    const [range, horizon] = args(node);
    if (!range || !horizon || !isConstant(horizon)) {
      return unsound(node, 'predict_linear()', 'has a horizon that is no constant');
    }
    return `${expr.slice(node.from, range.from)}${scale(range)}${expr.slice(range.to, horizon.from)}((${text(horizon)}) / ${speed})${expr.slice(horizon.to, node.to)}`;
  };

  const difference = (node: SyntaxNode): string => {
    if (isAge(node, tree) && node.parent?.name === 'OffsetExpr') {
      unsound(node, 'an age with an offset', 'cannot be stretched without moving its offset');
    }
    if (isAge(node, tree)) return `((${inside(node)}) * ${speed})`;
    if (isMovement(node) && !comparedWithZero(node)) {
      unsound(
        node,
        'the difference to an earlier value (x - x offset d)',
        'measures a movement over a window that changes with the speed',
      );
    }
    return inside(node);
  };

  const scale = (node: SyntaxNode): string => {
    switch (node.name) {
      case 'DurationExpr':
      case 'OffsetDurationExpr':
        return scaledDuration(node);
      case 'StepInvariantExpr':
        return unsound(node, 'the @ modifier', 'fixes a moment of the real clock');
      case 'FunctionCall':
        return call(node);
      case 'BinaryExpr':
        return node.getChild('Sub') ? difference(node) : inside(node);
      default:
        return inside(node);
    }
  };

  return expr.slice(0, root.from) + scale(root) + expr.slice(root.to);
}

/** A subquery with its own step holds the same number of steps at any speed. */
function countsSteps(call: SyntaxNode): boolean {
  const [range] = args(call);
  const inner = range && unwrapped(range);
  return inner?.name === 'SubqueryExpr' && inner.getChildren('DurationExpr').length === 2;
}

/** `time() - moment`, where the moment is timestamp(…) or metrics named as moments. */
function isAge(node: SyntaxNode, tree: PromqlTree): boolean {
  const [left, right] = [node.firstChild, node.lastChild];
  if (node.name !== 'BinaryExpr' || !node.getChild('Sub') || !left || !right) return false;
  const time = unwrapped(left);
  return time.name === 'FunctionCall' && functionName(time, tree.text) === 'time' && isMoment(right, tree);
}

function isMoment(node: SyntaxNode, { text }: PromqlTree): boolean {
  const inner = unwrapped(node);
  if (inner.name === 'FunctionCall' && TIMESTAMPS.has(functionName(inner, text))) return true;
  const kept =
    inner.name === 'AggregateExpr' || (inner.name === 'FunctionCall' && keepsMoment(functionName(inner, text)));
  const last = args(inner).at(-1);
  if (kept && last) return isMoment(last, { root: last, text });
  if (inner.name === 'MatrixSelector' && inner.firstChild) return isMoment(inner.firstChild, { root: inner, text });
  const name = inner.name === 'VectorSelector' ? inner.getChild('Identifier') : null;
  return name !== null && MOMENT.test(text(name));
}

const keepsMoment = (name: string): boolean =>
  ['last_over_time', 'max_over_time', 'min_over_time', 'scalar'].includes(name);

/** Whether a time() or timestamp() stands in an age that is scaled as a whole. */
function isPartOfAge(node: SyntaxNode, tree: PromqlTree): boolean {
  for (let above = user(node); above; above = above.parent) {
    if (isAge(above, tree)) return true;
    if (above.name === 'BinaryExpr') return false;
  }
  return false;
}

/**
 * `x - x offset d` over plain values: one side is shifted, the other is not, and neither is a rate. The grammar hangs
 * an offset at the end on the whole difference, where Prometheus means its last selector.
 */
function isMovement(node: SyntaxNode): boolean {
  const shifted = (side: SyntaxNode | null): boolean | undefined => {
    if (!side) return undefined;
    if (side.name === 'OffsetExpr') return unwrapped(side).name === 'VectorSelector' ? true : undefined;
    if (side.name === 'ParenExpr') return shifted(side.firstChild);
    if (side.name === 'AggregateExpr') return shifted(args(side).at(-1) ?? null);
    return side.name === 'VectorSelector' ? false : undefined;
  };
  const [left, right] = [shifted(node.firstChild), shifted(node.lastChild)];
  if (left === undefined || right === undefined) return false;
  return left !== (right || node.parent?.name === 'OffsetExpr');
}
