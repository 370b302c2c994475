/** Lines that k6 writes, read: pure. */
import { type Defect, MARK, SCENARIO, type Step } from './orders.ts';

/** A step of an iteration or a defect of its journey; undefined for any other line. */
export function parseStep(line: string): Step | Defect | undefined {
  return line.startsWith(MARK) ? (JSON.parse(line.slice(MARK.length)) as Step | Defect) : undefined;
}

const DROPPED = 'dropped_iterations,';
const OWN = `,${SCENARIO},`;

/** When an iteration of the load was dropped, if a row of k6's CSV says so; control drops some of its own. */
export function droppedAt(row: string): number | undefined {
  if (!row.startsWith(DROPPED) || !row.includes(OWN)) return undefined;
  return Number.parseInt(row.slice(DROPPED.length), 10);
}
