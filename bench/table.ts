/** Figures as a table, for a terminal and for docs/benchmarks.md. */
import type { Aim, Figure, Outcome, Unit } from './benchmark.ts';
import { median, spread } from './statistics.ts';

/** Whether the median meets the aim; undefined where there is none. */
export function isMet({ aim, values }: Figure): boolean | undefined {
  if (aim === undefined) return undefined;
  const value = median(values);
  return aim.is === 'under' ? value < aim.value : value >= aim.value;
}

/** Three digits that count, more only in front of the point; shares near 100 % as exactly as their aim is given. */
export function number(value: number, unit: Unit): string {
  const size = Math.abs(value);
  const digits = unit === '%' ? (size >= 99 && size < 101 ? 3 : 2) : size >= 100 ? 0 : size >= 10 ? 1 : 2;
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? (0).toFixed(digits) : text).replace('-', '−');
}

const withUnit = (value: number, unit: Unit): string => `${number(value, unit)} ${unit}`;
const aimText = (aim: Aim | undefined, unit: Unit): string => (aim ? `${aim.is} ${aim.value} ${unit}` : '');

function spreadText({ values, unit }: Figure): string {
  if (values.length < 2) return '';
  const { low, high, kind } = spread(values);
  const range = `${number(low, unit)} to ${number(high, unit)}`;
  return kind === 'range' ? `${range} (${values.length})` : `${range} (middle half of ${values.length})`;
}

function metText(figure: Figure): string {
  const met = isMet(figure);
  return met === undefined ? '' : met ? 'yes' : 'MISSED';
}

const HEAD = ['benchmark', 'figure', 'median', 'spread', 'aim', 'met'];

function rowsOf({ benchmark, figures, failure }: Outcome): string[][] {
  const rows = figures.map((figure, place) => [
    place === 0 ? benchmark : '',
    figure.name,
    withUnit(median(figure.values), figure.unit),
    spreadText(figure),
    aimText(figure.aim, figure.unit),
    metText(figure),
  ]);
  return failure === undefined ? rows : [...rows, [benchmark, 'not measured', '', '', '', 'FAILED']];
}

/** What is to be said beside the numbers: reasons for what was missed, failures, notes. */
export function remarksOf(outcomes: readonly Outcome[]): string[] {
  return outcomes.flatMap(({ benchmark, figures, failure }) => [
    ...(failure === undefined ? [] : [`${benchmark} could not be measured: ${failure}`]),
    ...figures.flatMap((figure) => [
      ...(figure.aim && isMet(figure) === false
        ? [`${benchmark}, ${figure.name}: missed. ${figure.aim.ifMissed}`]
        : []),
      ...(figure.note === undefined ? [] : [`${benchmark}, ${figure.name}: ${figure.note}`]),
    ]),
  ]);
}

export function terminalTable(outcomes: readonly Outcome[]): string {
  const rows = [HEAD, ...outcomes.flatMap(rowsOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '));
  return [...lines, '', ...remarksOf(outcomes).map((remark) => `· ${remark}`)].join('\n').trimEnd();
}

export function markdownTable(outcomes: readonly Outcome[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const table = [line(HEAD), line(HEAD.map(() => '---')), ...outcomes.flatMap(rowsOf).map(line)];
  const remarks = remarksOf(outcomes).map((remark) => `- ${remark}`);
  return [...table, ...(remarks.length > 0 ? ['', ...remarks] : [])].join('\n');
}
