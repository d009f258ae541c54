import { Clip } from './clip';
import type { Counts } from './counts';
import { exactIncrements } from './exact-ratio';
import type { EvidenceSettings } from './guardrail-evidence';
import { ReserveMixture } from './mixture';
import { type CountsPlan, DEFAULTS, type OutcomePlan, type SegmentsPlan } from './plan';
import { type Bound, expectedIncrements, type Multiples, multiplesOf, rateIncrements, REGRESSION_WEIGHTS, regressionMultiples } from './rate';

/** As many as the built-in alarm wants: half of a few requests is chance. */
const LEAST_BAD = 5;

/** How the increments of an outcome are computed, by its form. */
export function incrementsOf({ form }: OutcomePlan): typeof rateIncrements {
  return form === 'odds' ? (counts, bound, ...rest) => exactIncrements(counts, bound.ratio, ...rest) : rateIncrements;
}

/** Evidence that one kind of bad outcome is more frequent than allowed. */
export class RegressionEvidence {
  private readonly mixture: ReserveMixture;
  private readonly multiples: Multiples;
  private readonly increments: Float64Array;
  private readonly allowed: Bound;
  private readonly overdispersion: number;
  private readonly incrementsOf: typeof rateIncrements;
  private readonly clip: Clip | undefined;
  private readonly expected: Float64Array;
  private last = -1;
  private added = 0;
  /** For each multiple the most that the latest measurements have gained together, and the first of them. */
  private readonly gained: Float64Array;
  private readonly gainedSince: Uint32Array;

  constructor(private readonly outcome: OutcomePlan, plan: CountsPlan | SegmentsPlan, settings: EvidenceSettings, weights = REGRESSION_WEIGHTS) {
    this.allowed = plan.allowed ?? DEFAULTS.allowed;
    this.overdispersion = plan.overdispersion ?? 1;
    this.multiples = multiplesOf(regressionMultiples(this.overdispersion));
    this.increments = new Float64Array(this.multiples.values.length);
    this.expected = new Float64Array(this.increments.length);
    this.gained = new Float64Array(this.increments.length);
    this.gainedSince = new Uint32Array(this.increments.length);
    this.mixture = new ReserveMixture(this.increments.length, settings.plannedPeriods, settings.firstInvestment, {
      longest: settings.longestPeriods, weights: weights.slice(0, this.increments.length),
    });
    this.clip = settings.clip && new Clip(this.increments.length, settings.clip);
    this.incrementsOf = incrementsOf(outcome);
  }

  /** @param apart what happens here happens to nobody else */
  add(counts: Counts, index: number, periods: number, apart = false): void {
    const elapsed = index - this.last;
    this.incrementsOf(counts, this.allowed, this.multiples, this.overdispersion, this.increments);
    if (!apart) {
      this.clip?.apply(this.increments, expectedIncrements(counts, this.allowed, this.multiples, this.expected), elapsed, periods, this.isMostlyBad(counts));
    }
    this.mixture.add(this.increments, elapsed);
    for (let j = 0; j < this.increments.length; j++) {
      if (this.gained[j] <= 0) {
        this.gained[j] = 0;
        this.gainedSince[j] = this.added;
      }
      this.gained[j] += this.increments[j];
    }
    this.added++;
    this.last = index;
  }

  logEvidence(): number {
    return this.mixture.logEvidence();
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
