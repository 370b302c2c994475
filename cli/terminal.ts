/** What a person sees while a run goes on: a live block on a terminal, plain lines elsewhere. Written to standard error. */
import { styleText } from 'node:util';
import { createLogUpdate } from 'log-update';
import type { EventOf, JournalEvent } from '../harness/journal.ts';
import { duration } from '../harness/units.ts';

export interface Terminal {
  onEvent(event: JournalEvent): void;
  say(line: string): void;
  /** Ends the live block. */
  done(): void;
}

type Style = Parameters<typeof styleText>[0];
const styled = (style: Style, text: string) => styleText(style, text, { stream: process.stderr });

const SYMBOL = { held: styled('green', '✓'), broken: styled('red', '✗'), unknown: styled('yellow', '?') } as const;
const STATE_STYLE: Readonly<Record<EventOf<'alert'>['state'], Style>> = {
  inactive: 'dim',
  pending: 'yellow',
  firing: 'red',
};

export function terminal(stream: NodeJS.WriteStream = process.stderr): Terminal {
  const live = stream.isTTY ? createLogUpdate(stream) : undefined;
  const progress = new Progress();
  const print = (line: string) => {
    live?.clear();
    stream.write(`${line}\n`);
  };
  const redraw = () => live?.(progress.block());
  const timer = live ? setInterval(redraw, 250).unref() : undefined;
  return {
    onEvent(event) {
      for (const line of progress.take(event)) print(line);
      redraw();
    },
    say(line) {
      print(line);
      redraw();
    },
    done() {
      clearInterval(timer);
      live?.clear();
    },
  };
}

/** The state of a run as its events tell it. */
class Progress {
  #run: EventOf<'run'> | undefined;
  #phase: EventOf<'phase'> | undefined;
  #fault = '';
  /** The newest tick of each load. */
  readonly #ticks = new Map<string, EventOf<'load'>>();
  #visit: EventOf<'visit'> | undefined;
  readonly #alerts = new Map<string, EventOf<'alert'>['state']>();
  /** Real ms at which each phase began, by its index. */
  readonly #starts = new Map<number, number>();
  #booted = 0;

  /** Takes an event in; the lines it is worth to everyone, terminal or not. */
  take(event: JournalEvent): string[] {
    switch (event.type) {
      case 'run':
        this.#run = event;
        this.#booted = 0;
        this.#phase = undefined;
        this.#fault = '';
        this.#ticks.clear();
        this.#visit = undefined;
        this.#alerts.clear();
        this.#starts.clear();
        return [`${styled('bold', event.id)}  ${event.name}`, styled('dim', `  ${event.hypothesis}`)];
      case 'service':
        if (event.state === 'ready') this.#booted += 1;
        if (event.state === 'exited') return [styled('red', `  ${event.name} ended (${event.detail})`)];
        // The last sign of a boot: Prometheus has seen every target.
        return event.state === 'started'
          ? [styled('dim', `  ${this.#booted} services up, ${event.detail} after ${seconds(event.at, this.#run)}`)]
          : [];
      case 'phase':
        return this.#takePhase(event);
      case 'fault':
        this.#fault = `${event.name} ${event.state}`;
        return event.state === 'injecting' || event.state === 'healing'
          ? []
          : [`  ${this.#time(event.at)} ${event.name} ${event.state}${event.detail ? `: ${event.detail}` : ''}`];
      case 'remedy':
        // Why one failed follows as trouble.
        return event.state === 'failed'
          ? []
          : [`  ${this.#time(event.at)} ${event.name} applied: ${event.seen} (${event.source})`];
      case 'alert':
        this.#alerts.set(event.name, event.state);
        return [`  ${this.#time(event.at)} ${event.name} ${styled(STATE_STYLE[event.state], event.state)}`];
      case 'notification':
        return [`  ${this.#time(event.at)} ${event.alert} notified ${event.receiver}: ${event.status}`];
      case 'load':
        this.#ticks.set(event.description, event);
        return [];
      case 'load-total':
        this.#ticks.delete(event.description);
        return [];
      case 'visit':
        return this.#takeVisit(event);
      case 'trouble':
        return [styled('red', `  ${event.message}`)];
      case 'judgement':
        return event.verdict === 'held'
          ? []
          : failure(event, this.#offsets(event.phase), this.#phaseTitle(event.phase));
      case 'end':
        return [`${SYMBOL[event.verdict]} ${styled('bold', event.sentence)}`];
      default:
        return [];
    }
  }

  /** The live block. */
  block(): string {
    if (!this.#run) return '';
    const lines = [this.#phaseLine()];
    for (const [description, tick] of this.#ticks)
      lines.push(`  load    ${this.#ticks.size > 1 ? `${description}: ` : ''}${loadLine(tick)}`);
    if (this.#fault) lines.push(`  fault   ${this.#fault}`);
    const active = [...this.#alerts].filter(([, state]) => state !== 'inactive');
    const shown = active.map(([name, state]) => styled(STATE_STYLE[state], `${name} ${state}`));
    lines.push(`  alerts  ${shown.length > 0 ? shown.join('  ') : styled('dim', 'all silent')}`);
    return lines.join('\n');
  }

  #takePhase(event: EventOf<'phase'>): string[] {
    this.#phase = event.state === 'start' ? event : undefined;
    if (event.state === 'start') this.#starts.set(event.index, event.at);
    const plan = this.#run?.phases[event.index];
    if (event.state === 'start') {
      return [
        `  ${this.#time(event.at)} ${styled('cyan', plan?.title ?? event.kind)} begins (at most ${duration(plan?.plannedMs ?? 0)})`,
      ];
    }
    return [styled('dim', `  ${this.#time(event.at)} ${plan?.title ?? event.kind} ends: ${event.reason ?? ''}`)];
  }

  /** What shoppers meet is told when it changes: the first who cannot buy, the first who can again. */
  #takeVisit(event: EventOf<'visit'>): string[] {
    const before = this.#visit;
    this.#visit = event;
    if (event.outcome === (before?.outcome ?? 'bought')) return [];
    const said = event.message === '' ? '' : `: "${event.message}"`;
    const what = { bought: 'buys again', refused: `is refused${said}`, 'gave up': `gives up waiting${said}` };
    return [`  ${this.#time(event.at)} a shopper ${what[event.outcome]}`];
  }

  #phaseLine(): string {
    const plan = this.#phase && this.#run?.phases[this.#phase.index];
    if (!this.#phase || !plan) return styled('dim', this.#booted === 0 ? '  booting …' : '  …');
    const elapsed = (Date.now() - this.#phase.at) * (this.#run?.speed ?? 1);
    return `  phase   ${plan.title}  ${duration(Math.round(elapsed / 1000) * 1000)} of ${duration(plan.plannedMs)}`;
  }

  /** Scenario time since the run began. */
  #time(at: number): string {
    const run = this.#run;
    return styled('dim', `+${duration(run ? Math.round(((at - run.at) * run.speed) / 1000) * 1000 : 0)}`.padEnd(8));
  }

  /** Scenario time from the start of a phase, or of the first one that is judged. */
  #offsets(index: number | null): (at: number) => string {
    const judged = this.#run?.phases.find(({ kind }) => kind !== 'warm-up')?.index;
    const start = this.#starts.get(index ?? judged ?? 0) ?? 0;
    const speed = this.#run?.speed ?? 1;
    return (at) => {
      const ms = Math.round(((at - start) * speed) / 1000) * 1000;
      return `${ms < 0 ? '-' : '+'}${duration(Math.abs(ms))}`;
    };
  }

  #phaseTitle(index: number | null): string {
    return index === null ? 'the whole run' : `"${this.#run?.phases[index]?.title ?? index}"`;
  }
}

const seconds = (at: number, run: EventOf<'run'> | undefined) => `${((at - (run?.at ?? at)) / 1000).toFixed(1)} s`;

function loadLine(tick: EventOf<'load'>): string {
  const perSecond = Math.round((tick.started * 1000) / tick.tickMs);
  const extras = [
    tick.serverErrors > 0 ? `${tick.serverErrors} errors` : '',
    tick.dropped > 0 ? `${tick.dropped} dropped` : '',
  ].filter(Boolean);
  return [`${perSecond}/s`, tick.p95 === null ? '' : `p95 ${Math.round(tick.p95)} ms`, ...extras]
    .filter(Boolean)
    .join('  ');
}

/** A judgement that did not hold, always in the same order. */
function failure(event: EventOf<'judgement'>, offset: (at: number) => string, where: string): string[] {
  const floor = event.floor;
  return [
    `${SYMBOL[event.verdict]} during ${where}: ${event.headline}`,
    `    Expected  ${event.expected}`,
    `    Received  ${event.received}`,
    ...(event.query ? [`    Query     ${event.query.replaceAll('\n', '\n              ')}`] : []),
    ...(event.timeline.length > 0
      ? [`    Timeline  ${event.timeline.map(({ at, what }) => `${offset(at)} ${what}`).join(' · ')}`]
      : []),
    ...(floor
      ? [
          `    Floor     ${duration(floor.total)} (scrape ${duration(floor.scrape)}, range ${duration(floor.range)}, evaluation ${duration(floor.evaluation)}, for ${duration(floor.for)})`,
        ]
      : []),
  ];
}
