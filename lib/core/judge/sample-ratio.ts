import { logMeanExp } from './log-domain';

const MULTIPLES: readonly number[] = [1.02, 1.05, 1.1, 1.25, 1.5, 2, 5];

/**
 * Evidence that requests are not split as configured: that the odds of reaching the candidate differ from those of its share by
 * more than a factor 1 + tolerance, in either direction. Fires as well when the candidate receives nothing at all. Shares may
 * change from period to period.
 *
 * @see docs/how-it-decides.md 2.4; Lindon and Malek 2022
 */
export class SampleRatioEvidence {
  private readonly logs = new Float64Array(2 * MULTIPLES.length);
  private readonly ofShare = new Map<number, { readonly candidate: Float64Array; readonly production: Float64Array }>();

  /**
   * @param tolerance relative tolerance on the odds, 0.05 for 5 %
   * @param overdispersion φ ≥ 1 where callers stick to a variant and count many times (2.8)
   */
  constructor(private readonly tolerance: number, private readonly overdispersion: number) {}

  /**
   * Add one period: requests of both variants, and the candidate's configured share in (0, 1), or the limits of what it may be where
   * callers stick and differ in how much they send. A share of 0 or 1 splits nothing.
   */
  add(candidateRequests: number, productionRequests: number, lowest: number, highest = lowest): void {
    if (!(lowest > 0 && highest < 1)) {
      return;
    }
    const [upwards, downwards] = [this.logRatios(highest), this.logRatios(lowest)];
    for (let j = 0; j < this.logs.length; j++) {
      const { candidate, production } = j < MULTIPLES.length ? upwards : downwards;
      this.logs[j] += (candidateRequests * candidate[j] + productionRequests * production[j]) / this.overdispersion;
    }
  }

  /** Log e-value, nats. */
  logEvidence(): number {
    return logMeanExp(this.logs);
  }

  /** ln θ₁/θ₀ and ln (1-θ₁)/(1-θ₀) for every multiple, upwards then downwards; remembered, because shares change rarely. */
  private logRatios(share: number): { readonly candidate: Float64Array; readonly production: Float64Array } {
    const known = this.ofShare.get(share);
    if (known !== undefined) {
      return known;
    }
    const candidate = new Float64Array(this.logs.length);
    const production = new Float64Array(this.logs.length);
    MULTIPLES.forEach((multiple, j) => {
      const bound = 1 + this.tolerance;
      for (const [index, from, to] of [[j, bound, bound * multiple], [j + MULTIPLES.length, 1 / bound, 1 / (bound * multiple)]]) {
        // θ = κw / (κw + 1-w), so θ₁/θ₀ is (κ₁/κ₀)·D and (1-θ₁)/(1-θ₀) is D, with D the ratio of the denominators.
        const denominators = (from * share + 1 - share) / (to * share + 1 - share);
        candidate[index] = Math.log(to / from * denominators);
        production[index] = Math.log(denominators);
      }
    });
    const ratios = { candidate, production };
    this.ofShare.set(share, ratios);
    return ratios;
  }
}
