/** What a scenario file imports from the harness. */
export { baseline, during, recovery, type Scenario, scenario, warmUp } from './scenario.ts';
