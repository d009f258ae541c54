import { logAddExp, logMeanExp, logSumExp } from './log-domain';

/** Evidence that grows by one increment per multiple and period. */
export interface Mixture {
  /** Add one closed period. `elapsed` counts the periods since the one before, itself included: more than 1 after a gap. */
  add(increments: Float64Array, elapsed?: number): void;
  /** The logarithm of the e-value so far, nats; 0 before any period. */
  logEvidence(): number;
}

/**
 * The plain mixture, E = mean over the multiples of exp(Σ ℓ). For certification, where health shows from the start or not at all.
 *
 * @see canary-analysis.md 2.0, 2.0b
 */
export class PlainMixture implements Mixture {
  private readonly logs: Float64Array;

  constructor(size: number) {
    this.logs = new Float64Array(size);
  }

  add(increments: Float64Array): void {
    for (let j = 0; j < this.logs.length; j++) {
      this.logs[j] += increments[j];
    }
  }

  logEvidence(): number {
    return logMeanExp(this.logs);
  }
}

/**
 * The reserve mixture: a share of the wealth is kept in cash and invested period by period, so that a regression which starts
 * late meets fresh wealth instead of what hours of health have eaten. Stays a supermartingale that starts at 1.
 *
 * @see canary-analysis.md 2.0a, 2.0e; Shin, Ramdas and Rinaldo, "E-detectors", 2023, for the idea of restarted e-values
 */
export class ReserveMixture implements Mixture {
  private readonly wealth: Float64Array;
  private periods = 0;

  /**
   * @param size how many multiples
   * @param horizon planned number of periods, soak included; later ones find no cash left, the evidence stays valid
   * @param first share invested in the first period, g₀
   */
  constructor(size: number, private readonly horizon: number, private readonly first: number) {
    this.wealth = new Float64Array(size).fill(-Infinity);
  }

  add(increments: Float64Array, elapsed = 1): void {
    const investment = Math.log((this.investedBy(this.periods + elapsed) - this.investedBy(this.periods)) / this.wealth.length);
    this.periods += elapsed;
    for (let j = 0; j < this.wealth.length; j++) {
      this.wealth[j] = logAddExp(this.wealth[j], investment) + increments[j];
    }
  }

  logEvidence(): number {
    return logAddExp(logSumExp(this.wealth), Math.log(1 - this.investedBy(this.periods)));
  }

  /** Computed from the number of periods, not accumulated, so that the cash ends at exactly zero. */
  private investedBy(periods: number): number {
    if (periods === 0) {
      return 0;
    }
    if (periods >= this.horizon) {
      return 1;
    }
    return this.first + (1 - this.first) * (periods - 1) / (this.horizon - 1);
  }
}
