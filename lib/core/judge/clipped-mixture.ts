import { Clip } from './clip';
import type { EvidenceSettings } from './guardrail-evidence';
import { PlainMixture, ReserveMixture } from './mixture';

/**
 * Part of what a period may say that it may say of its step: there it is about what lasts, and a burst is to be forgotten before the step
 * is over.
 */
const LEANING = 0.5;

/** What is known of what is added. */
interface Added {
  /** Whether at least half of the outcomes were bad. */
  readonly mostly?: boolean;
  /** Whether they come in bursts; absent where nobody knows. */
  readonly bursts?: 'never' | 'seen';
  /** By what increments have been divided. */
  readonly overdispersion?: number;
  /** Whether it may all be said at once. */
  readonly unclipped?: boolean;
}

/**
 * Evidence of harm from what each multiple gains a period: no more than a burst may say, over the whole rollout with a reserve for what
 * begins late, and beside it with everything invested when the step began.
 *
 * @see docs/how-it-decides.md 2.0a, 2.0f, 2.8a
 */
export class ClippedMixture {
  /** For the caller to fill: what each multiple gains in a period, nats, and what it would expect of it. */
  readonly increments: Float64Array;
  readonly expected: Float64Array;
  private readonly rollout: ReserveMixture;
  private readonly clip: Clip | undefined;
  private step: PlainMixture;

  /** @param weights how likely each multiple is beforehand, relative to the others; all alike unless given */
  constructor(private readonly size: number, settings: EvidenceSettings, weights?: readonly number[]) {
    this.increments = new Float64Array(size);
    this.expected = new Float64Array(size);
    this.rollout = new ReserveMixture(size, settings.plannedPeriods, settings.firstInvestment, {
      longest: settings.longestPeriods,
      weights,
    });
    this.clip = settings.clip && new Clip(size, settings.clip);
    this.step = new PlainMixture(size);
  }

  /**
   * Adds what has been filled in, after clipping it in place.
   *
   * @param elapsed the plan's periods since the ones before, these included
   * @param periods how many of them were measured together
   */
  add(elapsed: number, periods: number, { mostly, bursts, overdispersion = 1, unclipped = false }: Added = {}): void {
    const { increments, clip } = this;
    if (!unclipped) {
      clip?.apply(increments, this.expected, elapsed, periods, { mostly, bursts });
    }
    this.rollout.add(increments, elapsed);
    const most = clip === undefined ? Infinity : LEANING * clip.plan.perPeriod * periods;
    this.step.add(increments.map((increment) => (increment > 0 ? Math.min(increment, most) : increment * overdispersion)));
  }

  beginStep(): void {
    this.step = new PlainMixture(this.size);
  }

  /** Log e-value of the whole rollout, nats. */
  logEvidence(): number {
    return this.rollout.logEvidence();
  }

  /** Log e-value of the step by itself, nats. */
  logEvidenceInStep(): number {
    return this.step.logEvidence();
  }

  /** Index of the multiple with the most wealth. */
  strongest(): number {
    return this.rollout.strongest();
  }
}
