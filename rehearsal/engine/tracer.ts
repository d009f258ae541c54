import type { Decision } from '../../lib/core/rollout/decision';
import type { Trace } from './run';
import { addCounts, noCounts, type PeriodCounts } from './traffic';

const MINUTE_MS = 60_000;

/** Keeps what a plot of a rollout needs. */
export class Tracer {
  private readonly minutes: PeriodCounts[] = [];
  private readonly alarms: Trace['alarms'][number][] = [];
  private readonly decisions: Trace['decisions'][number][] = [];

  /** @param readable puts what people call alarms into a text */
  constructor(
    private readonly startedAt: number, private readonly now: () => number, private readonly readable: (text: string) => string,
  ) {}

  counted(from: number, counts: PeriodCounts): void {
    addCounts((this.minutes[Math.max(0, Math.floor((from - this.startedAt) / MINUTE_MS))] ??= noCounts()), counts);
  }

  alarm(alarm: string, state: string): void {
    this.alarms.push({ second: this.second, alarm: this.readable(alarm), state });
  }

  /** The first of many holds is enough. */
  decided({ verdict, sentence }: Decision, previous: Decision | undefined): void {
    if (verdict !== 'hold' || previous?.verdict !== 'hold') {
      this.decisions.push({ second: this.second, verdict, sentence: this.readable(sentence) });
    }
  }

  get trace(): Trace {
    return { minutes: this.minutes, alarms: this.alarms, decisions: this.decisions };
  }

  private get second(): number {
    return (this.now() - this.startedAt) / 1_000;
  }
}
