/** --load: the scenario's open-model loads under another driver, for one run. */
import type { Load } from '../harness/load.ts';
import type { Scenario } from '../harness/scenario.ts';

/**
 * A copy of the scenario whose open-model loads are sent by `driver`; a closed loop stays as it is. `say` is told what
 * stays, and which limits nobody judges then, once each. Throws BAD_OPTION for a driver that nobody has.
 */
export function underDriver(scenario: Scenario, driver: string, say: (line: string) => void): Scenario {
  // The same load stays the same: where a phase goes on with it, it is not begun anew.
  const moved = new Map<Load, Load>();
  const move = (load: Load): Load => {
    const known = moved.get(load);
    if (known) return known;
    if (load.under === undefined)
      say(`${load.description}: ${load.model === 'closed' ? 'a closed loop, ' : ''}stays with ${load.driver}`);
    const under = load.under?.(driver) ?? load;
    if (load.thresholds !== undefined && Object.keys(load.thresholds).length > 0 && under.thresholds === undefined)
      say(`${load.description}: its thresholds are ${load.driver}'s, and not judged under ${driver}`);
    moved.set(load, under);
    return under;
  };
  return Object.freeze({
    ...scenario,
    load: scenario.load.map(move),
    phases: scenario.phases.map((phase) => (phase.load === undefined ? phase : phase.under(phase.load.map(move)))),
  });
}
