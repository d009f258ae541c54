import { normalMixtureHalfWidth, oneSidedNormalMixture } from './normal-mixture';

/** Sums of one variant's outcomes in one period. */
export interface Moments {
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
}

/** Below this effective number of candidate samples a heavy tail may not have shown itself yet. */
const MINIMUM_EFFECTIVE_SAMPLES = 50;

/**
 * Difference of means, candidate less `ratio` times production, stratified by period so that moving weights and moving means
 * together do not pretend an effect (Simpson's paradox); asymptotically valid at every look.
 *
 * Both guards that simulation found necessary are built in: nothing is said before the candidate's outcomes are worth 50
 * independent ones, n_eff = (Σx)²/Σx², and the candidate's variance is taken to be no smaller than production's. Outcomes
 * whose mean is near zero (signed ones) therefore stay silent: shift them to be positive.
 *
 * @see docs/how-it-decides.md 2.3
 */
export class StratifiedMeans {
  private readonly candidate = { count: 0, sum: 0, sumOfSquares: 0 };
  private readonly production = { count: 0, sum: 0, sumOfSquares: 0 };
  /** Σω, Σωd, Σω²/n_c, Σω²/n_b with ω = n_c n_b / (n_c + n_b). */
  private weight = 0;
  private difference = 0;
  private candidateSpread = 0;
  private productionSpread = 0;

  constructor(private readonly ratio: number) {}

  add(candidate: Moments, production: Moments): void {
    if (candidate.count === 0 || production.count === 0) {
      return;
    }
    const weight = candidate.count * production.count / (candidate.count + production.count);
    this.weight += weight;
    this.difference += weight * (candidate.sum / candidate.count - this.ratio * production.sum / production.count);
    this.candidateSpread += weight * weight / candidate.count;
    this.productionSpread += weight * weight / production.count;
    accumulate(this.candidate, candidate);
    accumulate(this.production, production);
  }

  /** Whether the guards allow the asymptotic evidence to speak. */
  get mature(): boolean {
    const { sum, sumOfSquares } = this.candidate;
    return sumOfSquares > 0 && sum * sum >= MINIMUM_EFFECTIVE_SAMPLES * sumOfSquares && this.variance() > 0;
  }

  /** Log e-value, nats, that the candidate's mean is higher (`sign` 1) or lower (-1) than allowed; 0 while immature. */
  logEvidence(sign: 1 | -1, scale: number): number {
    return this.mature ? oneSidedNormalMixture(sign * this.difference, this.variance(), scale) : 0;
  }

  /** The weighted mean difference and its confidence sequence, in the outcome's unit; undefined while immature. */
  interval(scale: number, alpha: number): { readonly estimate: number; readonly lower: number; readonly upper: number } | undefined {
    if (!this.mature) {
      return undefined;
    }
    const estimate = this.difference / this.weight;
    const halfWidth = normalMixtureHalfWidth(this.variance(), scale, alpha) / this.weight;
    return { estimate, lower: estimate - halfWidth, upper: estimate + halfWidth };
  }

  private variance(): number {
    const production = sampleVariance(this.production);
    const candidate = Math.max(sampleVariance(this.candidate), production);
    return candidate * this.candidateSpread + this.ratio * this.ratio * production * this.productionSpread;
  }
}

function accumulate(into: { count: number; sum: number; sumOfSquares: number }, moments: Moments): void {
  into.count += moments.count;
  into.sum += moments.sum;
  into.sumOfSquares += moments.sumOfSquares;
}

function sampleVariance({ count, sum, sumOfSquares }: Moments): number {
  return count < 2 ? 0 : Math.max(0, sumOfSquares - sum * sum / count) / (count - 1);
}
