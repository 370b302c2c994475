/** Redis telemetry: commands timed and failures counted per command, and the state of the connection. */
import { Counter, Gauge, type Registry } from 'prom-client';
import { Distribution, kept, type Series } from './distribution.ts';

/** 'stalled': connected, but the last command was not answered in time. */
export const REDIS_STATES = ['ready', 'connecting', 'reconnecting', 'stalled', 'closed'] as const;
export type RedisState = (typeof REDIS_STATES)[number];

/** Receives what happens at Redis. */
export interface RedisRecorder {
  /** A command that was sent took `seconds`, answered or not. */
  command(command: string, seconds: number): void;
  /** An operation that did not get its answer, sent or not. */
  error(command: string): void;
  /** Gauges the connections from now on. */
  watch(states: () => readonly RedisState[]): void;
}

const BUCKETS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/** Registers the redis_* metrics of commands and connections, with the series of the given commands at 0. */
export function redisRecorder(registry: Registry, commands: readonly string[]): RedisRecorder {
  const registers = [registry];
  const duration = new Distribution({
    name: 'redis_command_duration_seconds',
    help: 'Time from sending a command to its answer',
    buckets: BUCKETS,
    registry,
  });
  const known = new Map<string, Series>();
  const seriesOf = (command: string): Series => kept(known, command, () => duration.add({ command }));
  const errors = new Counter({
    name: 'redis_errors_total',
    help: 'Redis operations that got no answer or an error',
    labelNames: ['command'],
    registers,
  });
  for (const command of commands) {
    seriesOf(command);
    errors.inc({ command }, 0);
  }
  return {
    command: (command, seconds) => seriesOf(command).observe(seconds),
    error: (command) => errors.inc({ command }),
    watch(states) {
      new Gauge({
        name: 'redis_pool_connections',
        help: 'Connections to Redis by state',
        labelNames: ['state'],
        registers,
        collect() {
          const counts = new Map<RedisState, number>(REDIS_STATES.map((state) => [state, 0]));
          for (const state of states()) counts.set(state, (counts.get(state) ?? 0) + 1);
          for (const [state, count] of counts) this.set({ state }, count);
        },
      });
    },
  };
}
