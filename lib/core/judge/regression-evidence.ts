import { ClippedMixture } from './clipped-mixture';
import type { Counts } from './counts';
import { exactIncrements } from './exact-ratio';
import type { EvidenceSettings } from './guardrail-evidence';
import { wanderFactor } from './overdispersion';
import { type CountsPlan, DEFAULTS, type OutcomePlan, type SegmentsPlan } from './plan';
import {
  type Bound,
  expectedIncrements,
  type Multiples,
  multiplesOf,
  rateIncrements,
  REGRESSION_WEIGHTS,
  regressionMultiples,
} from './rate';
import { SplitDispersion } from './split-dispersion';

/** As many as the built-in alarm wants: half of a few requests is chance. */
const LEAST_BAD = 5;

/** How the increments of an outcome are computed, by its form. */
export function incrementsOf({ form }: OutcomePlan): typeof rateIncrements {
  return form === 'odds' ? (counts, bound, ...rest) => exactIncrements(counts, bound.ratio, ...rest) : rateIncrements;
}

/** Evidence that one kind of bad outcome is more frequent than allowed. */
export class RegressionEvidence {
  private readonly mixture: ClippedMixture;
  private readonly multiples: Multiples;
  private readonly allowed: Bound;
  private readonly overdispersion: number;
  private readonly incrementsOf: typeof rateIncrements;
  private readonly split: SplitDispersion | undefined;
  private last = -1;
  private added = 0;
  /** For each multiple the most that the latest measurements have gained together, and the first of them. */
  private readonly gained: Float64Array;
  private readonly gainedSince: Uint32Array;

  constructor(
    private readonly outcome: OutcomePlan,
    plan: CountsPlan | SegmentsPlan,
    settings: EvidenceSettings,
    weights = REGRESSION_WEIGHTS,
  ) {
    this.allowed = plan.allowed ?? DEFAULTS.allowed;
    this.overdispersion = plan.overdispersion ?? 1;
    this.multiples = multiplesOf(regressionMultiples(this.overdispersion));
    const size = this.multiples.values.length;
    this.gained = new Float64Array(size);
    this.gainedSince = new Uint32Array(size);
    this.mixture = new ClippedMixture(size, settings, weights.slice(0, size));
    this.split = settings.clip && new SplitDispersion();
    this.incrementsOf = incrementsOf(outcome);
  }

  /**
   * Returns how many times more the counts vary than independent ones, as far as that was known before them.
   *
   * @param apart what happens here happens to nobody else
   * @param allowed the bound of these counts, where it is not the plan's
   */
  add(
    counts: Counts,
    index: number,
    periods: number,
    { apart = false, allowed = this.allowed }: { readonly apart?: boolean; readonly allowed?: Bound } = {},
  ): number {
    const elapsed = index - this.last;
    const overdispersion =
      Math.max(this.overdispersion, apart ? 1 : (this.split?.factor ?? 1)) * wanderFactor(counts, this.outcome.wander, periods);
    const { calm, steady, bursty } = this.outcome;
    const never = calm === true || (steady === true && this.split?.isQuiet === true);
    const bursts = never ? 'never' : bursty && 'seen';
    this.split?.add(counts);
    const { increments, expected } = this.mixture;
    this.incrementsOf(counts, allowed, this.multiples, overdispersion, increments);
    expectedIncrements(counts, allowed, this.multiples, overdispersion, expected);
    this.mixture.add(elapsed, periods, { mostly: this.isMostlyBad(counts), bursts, overdispersion, unclipped: apart });
    for (let j = 0; j < increments.length; j++) {
      if (this.gained[j] <= 0) {
        this.gained[j] = 0;
        this.gainedSince[j] = this.added;
      }
      this.gained[j] += increments[j];
    }
    this.added++;
    this.last = index;
    return overdispersion;
  }

  beginStep(): void {
    this.mixture.beginStep();
  }

  logEvidence(): number {
    return this.mixture.logEvidence();
  }

  logEvidenceInStep(): number {
    return this.mixture.logEvidenceInStep();
  }

  /** Index of the measurement since which the strongest multiple has gained the most: what was counted before speaks against it. */
  decidingSince(): number {
    return this.gainedSince[this.mixture.strongest()];
  }

  /** Only where few outcomes are bad as a rule: every second request is slower than the median. */
  private isMostlyBad({ candidateTotal, candidateBad }: Counts): boolean {
    return this.outcome.form !== 'odds' && candidateBad >= LEAST_BAD && 2 * candidateBad >= candidateTotal;
  }
}
