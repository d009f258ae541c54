/** How much evidence of harm one period, and a row of them, can say. */
export interface ClipPlan {
  /** Nats that a multiple gains in one of the plan's periods at the most, as long as it goes on, c. */
  readonly perPeriod: number;
  /** Nats that it may gain beyond them where it has not gained so much before. */
  readonly saved: number;
  /** Nats that it may gain at once where it expects as much itself, B. */
  readonly atOnce: number;
}

/** Multiples are in order, mild ones first: up to five times as many bad outcomes. */
const MILD = 5;

/**
 * Nats that a period says at once in which most is bad: at the start of a rollout that is enough, in the middle of it one more such period
 * is.
 */
const MOSTLY_BAD = 8;

/** How many times as much a period says where it is known whether outcomes come in bursts: never, or seen at production. */
const SAYS = { never: 3, seen: 0.8 };

/** What is known of the outcomes of a period. */
interface Circumstances {
  /** At least half of them were bad. */
  readonly mostly?: boolean;
  /** Whether they come in bursts: where a day of production's had none, the candidate is hardly the first to have one. Absent: unknown. */
  readonly bursts?: keyof typeof SAYS;
}

/** A longer period says no more than so many: the burst in it is no longer for that. */
const MOST_PERIODS = 4;

/**
 * Takes from the evidence of a period what a burst could have said as well. A model fails in bursts for reasons of its own: an instance
 * that hangs for minutes, a caller that retries; requests are then not independent, and a comparison of rates takes the burst for proof. So
 * a multiple gains no more than c nats a period, and once what it has not gained before. A mild one that expects more of a period may gain
 * it at once, up to B, but then again only after it has not gained for as long: what many requests say at the start of a rollout is heard,
 * and what a burst says in the middle of it is not enough. Large multiples, which a burst feeds, have no such credit, unless most of what
 * there is is bad: then it is no instance of many. Where production has bursts mild ones have none either. Losses are not limited, nor is
 * evidence for health.
 *
 * Valid at once: min(e, K) <= e for whatever K, also one that follows from the same counts. And robust: if a share ε of the periods is bad
 * for reasons of its own, each with a chance of at most ε given the past, a mean of at most 1 becomes at most (1-ε) + ε e^c.
 *
 * @see docs/how-it-decides.md 2.8a; Huber, "A robust version of the probability ratio test", 1965; Saha and Ramdas, "Huber-robust
 * likelihood ratio tests",
 * 2024 (arXiv 2408.14015)
 */
export class Clip {
  /** What each multiple has gained beyond its allowance, and not yet made up for. */
  private readonly spent: Float64Array;

  constructor(size: number, readonly plan: ClipPlan) {
    this.spent = new Float64Array(size);
  }

  /**
   * Clips increments in place.
   *
   * @param expected what each multiple would gain in this period if it were true, nats
   * @param elapsed the plan's periods since the ones before, these included
   * @param periods how many of them were measured together
   */
  apply(
    increments: Float64Array,
    expected: Float64Array,
    elapsed: number,
    periods: number,
    { mostly = false, bursts }: Circumstances = {},
  ): void {
    const { atOnce } = this.plan;
    const times = bursts === undefined ? 1 : SAYS[bursts];
    const [perPeriod, saved] = [times * this.plan.perPeriod, times * this.plan.saved];
    const allowance = perPeriod * Math.min(periods, MOST_PERIODS);
    for (let j = 0; j < increments.length; j++) {
      const usual = j < MILD && bursts !== 'seen' ? Math.min(atOnce, expected[j]) : 0;
      const credit = mostly ? MOSTLY_BAD : usual;
      const spent = Math.max(0, this.spent[j] - perPeriod * elapsed);
      increments[j] = Math.min(increments[j], Math.max(allowance, Math.max(allowance + saved, credit) - spent));
      this.spent[j] = Math.max(0, spent + increments[j]);
    }
  }
}
