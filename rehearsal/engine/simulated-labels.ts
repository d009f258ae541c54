import type { Labels } from '../../lib/core/rehearsal/scenario';
import { LatencyDistribution } from './latency-distribution';
import type { Random } from './random';

/** What of a period has been told so far. */
interface Told {
  /** Inferences that will get a label, but have none yet. */
  left: number;
  /** Part of the labels that have had their time. */
  due: number;
  known: number;
  /** Of the known ones, by kind. */
  readonly parts: number[];
}

/** Inferences of which some get a label. */
export interface Labelled {
  /** Share of them of which anything may be told. */
  readonly recorded: number;
  /** How many times as often as usual they get one. */
  readonly factor?: number;
  /** How many there were in a period, and with which chance a labelled one is of each kind. */
  readonly of: (period: number) => { readonly inferences: number; readonly chances: readonly number[] };
}

/**
 * Labels that come late: a share of the inferences gets one, after a log-normal time. They count for the period of the inference, so what
 * is known of a period grows; who asks twice at the same time is told the same.
 */
export class SimulatedLabels {
  private readonly delay: LatencyDistribution;
  private readonly told = new Map<string, Told[]>();

  constructor(
    private readonly labels: Labels,
    private readonly options: { readonly origin: number; readonly periodMs: number; readonly random: Random },
  ) {
    // Minutes in the place of milliseconds.
    this.delay = new LatencyDistribution({ medianMs: labels.medianMinutes, p99Ms: labels.p99Minutes });
  }

  /**
   * Known inferences of an aligned period and how many of them are of each kind; undefined where none is known.
   *
   * @param now epoch milliseconds
   */
  at(
    key: string,
    labelled: Labelled,
    periodMs: number,
    index: number,
    now: number,
  ): { readonly known: number; readonly parts: readonly number[] } | undefined {
    const { origin, periodMs: shortest } = this.options;
    const from = (Math.floor(origin / periodMs) + index) * periodMs;
    let known = 0;
    const parts: number[] = [];
    for (let at = Math.max(from, origin); at < from + periodMs && at < now; at += shortest) {
      const told = this.upTo(key, labelled, Math.floor((at - origin) / shortest), now);
      known += told.known;
      told.parts.forEach((count, kind) => {
        parts[kind] = (parts[kind] ?? 0) + count;
      });
    }
    return known === 0 ? undefined : { known, parts };
  }

  private upTo(key: string, labelled: Labelled, period: number, now: number): Told {
    const { origin, periodMs, random } = this.options;
    let periods = this.told.get(key);
    if (periods === undefined) {
      this.told.set(key, (periods = []));
    }
    const { inferences, chances } = labelled.of(period);
    const told = (periods[period] ??= {
      left: random.binomial(inferences, labelled.recorded * Math.min(1, this.labels.share * (labelled.factor ?? 1))),
      due: 0,
      known: 0,
      parts: chances.map(() => 0),
    });
    const age = (now - origin - (period + 1) * periodMs) / 60_000;
    const due = told.left === 0 ? told.due : 1 - this.delay.slowerThan(age);
    if (due > told.due) {
      const come = random.binomial(told.left, (due - told.due) / (1 - told.due));
      told.left -= come;
      told.known += come;
      told.due = due;
      let [unsorted, rest] = [come, 1];
      chances.forEach((chance, kind) => {
        const count = random.binomial(unsorted, rest <= 0 ? 0 : Math.min(1, chance / rest));
        told.parts[kind] += count;
        unsorted -= count;
        rest -= chance;
      });
    }
    return told;
  }
}
