import { countsOf, COUNTED_MS, type CounterReading } from '../counters/cells';
import type { CounterPlan } from '../counters/plan';
import type { SegmentCounts, SegmentsMeasurement } from '../judge/period';
import type { BySegmentsPlan } from '../guardrails/common';
import { type EvidenceGuardrailPlan, type GuardrailPlan, kindOf } from '../guardrails/kinds';
import { knownOf } from './baseline';
import { comparedWith } from './control-arm';
import type { RolloutPlan } from './plan';
import type { RolloutState } from './state';

/** Of the requests that metrics know, what must be in the cells, and how many may be missing in any case. */
const ACCOUNTED = { share: 0.9, requests: 2 };

/** What was read of counters, by the counter's name. */
export type CellReadings = ReadonlyMap<string, readonly CounterReading[]>;

/** A guardrail that compares segments too. */
export type SegmentedPlan = EvidenceGuardrailPlan & Required<BySegmentsPlan>;

export function isSegmented(guardrail: GuardrailPlan): guardrail is SegmentedPlan {
  return 'by' in guardrail && guardrail.by !== undefined;
}

/** The name under which its segments are judged. */
export function segmentsName({ name, by }: SegmentedPlan): string {
  return `${name} by ${by.label}`;
}

/** What must be read of counters to judge a plan. */
export function countersOf({ guardrails }: Pick<RolloutPlan, 'guardrails'>): CounterPlan[] {
  return [...new Map(guardrails.filter(isSegmented).map(({ by: { counter } }) => [counter.name, counter])).values()];
}

/** Counts of segments in any time, from what routers have counted in its minutes. */
export class SegmentsReading {
  private readonly minutes: ReadonlyMap<number, CounterReading>;
  private readonly outcomes: readonly number[];

  constructor(
    private readonly state: Pick<RolloutState, 'plan' | 'baseline' | 'production' | 'candidate' | 'control'>,
    readonly guardrail: SegmentedPlan,
    readings: CellReadings,
  ) {
    this.minutes = new Map((readings.get(guardrail.by.counter.name) ?? []).map((minute) => [minute.at, minute]));
    this.outcomes = outcomesOf(state, guardrail);
  }

  /**
   * What was counted from `start` to `end`, whole minutes. Undefined where the cells have too few of the requests that were: a router that
   * has not written its counts yet, or has lost them, is no sign of health.
   */
  between(
    start: number,
    end: number,
    requests: { readonly candidate: number; readonly production: number },
    periods: number,
  ): SegmentsMeasurement | undefined {
    const minutes = this.minutesIn(start, end);
    const candidate = this.sum(minutes, this.state.candidate.version);
    const production = this.sum(minutes, comparedWith(this.state));
    return isAccounted(candidate, requests.candidate) && isAccounted(production, requests.production)
      ? { kind: 'segments', candidate, production, periods, names: new Map(minutes.flatMap(({ names }) => [...names])) }
      : undefined;
  }

  /** What was counted in whole minutes from `start` to `end`. */
  minutesIn(start: number, end: number): CounterReading[] {
    const minutes: CounterReading[] = [];
    for (let at = Math.ceil(start / COUNTED_MS) * COUNTED_MS; at < end; at += COUNTED_MS) {
      const minute = this.minutes.get(at);
      if (minute !== undefined) {
        minutes.push(minute);
      }
    }
    return minutes;
  }

  private sum(minutes: readonly CounterReading[], version: string): SegmentCounts {
    const { cells } = this.guardrail.by.counter;
    const totals = new Array<number>(cells).fill(0);
    const bad = this.outcomes.map(() => new Array<number>(cells).fill(0));
    for (const minute of minutes) {
      const counts = countsOf(minute, version, cells, Math.max(...this.outcomes) + 1);
      for (let cell = 0; cell < cells; cell++) {
        totals[cell] += counts.requests[cell];
        this.outcomes.forEach((outcome, index) => {
          bad[index][cell] += counts.bad[outcome][cell];
        });
      }
    }
    return { totals, bad };
  }
}

/** Which of the outcomes that routers count by cell are the guardrail's. */
function outcomesOf(state: Pick<RolloutState, 'plan' | 'baseline'>, { name }: SegmentedPlan): number[] {
  return knownOf(state)
    .filter(({ guardrail }) => guardrail.name === name)
    .flatMap(({ guardrail, learnt, place }) => kindOf(guardrail).cells(guardrail, learnt, place))
    .map(({ outcome }) => outcome);
}

function isAccounted({ totals }: SegmentCounts, requests: number): boolean {
  const counted = totals.reduce((sum, total) => sum + total, 0);
  return counted >= requests / 2 && counted >= ACCOUNTED.share * requests - ACCOUNTED.requests;
}

/**
 * The time of which counts belong to a period: the period itself, or the minute that it ends where periods are shorter than minutes.
 * Undefined for a period within a minute.
 */
export function countedTime(start: number, end: number): { readonly from: number; readonly until: number } | undefined {
  if (end - start >= COUNTED_MS) {
    return { from: start, until: end };
  }
  return end % COUNTED_MS === 0 ? { from: end - COUNTED_MS, until: end } : undefined;
}
