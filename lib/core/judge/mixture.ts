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
 * @see docs/how-it-decides.md 2.0, 2.0b
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

/** What a reserve mixture can be told besides. */
export interface ReserveOptions {
  /** Periods up to the deadline, H: what is held and waited for comes after the planned ones. @default the planned number */
  readonly longest?: number;
  /** How likely each multiple is beforehand, relative to the others. @default all alike */
  readonly weights?: readonly number[];
}

/**
 * The reserve mixture: a share of the wealth is kept in cash and invested period by period, so that a regression which starts
 * late meets fresh wealth instead of what hours of health have eaten. Stays a supermartingale that starts at 1, whatever is
 * invested when, as long as that follows from the plan or from the past.
 *
 * Every planned period gets the same; after them investments fall as one over the time, so that the cash lasts to the deadline
 * however far that is: a regression that starts at a time t > T finds T/(t(1 + ln(H/T))) of the reserve, where the best horizon for t
 * alone would leave it 1/t, and no knowledge of when a rollout will really end is needed.
 *
 * @see docs/how-it-decides.md 2.0a; Shin, Ramdas and Rinaldo, "E-detectors", 2023, for the idea of restarted e-values
 */
export class ReserveMixture implements Mixture {
  private readonly wealth: Float64Array;
  private readonly logWeights: Float64Array;
  private readonly longest: number;
  /** All of the reserve, in investments of a planned period. */
  private readonly total: number;
  private periods = 0;

  /**
   * @param size how many multiples
   * @param planned planned number of periods, the final bake included, T
   * @param first share invested in the first period, g₀
   */
  constructor(size: number, private readonly planned: number, private readonly first: number, options: ReserveOptions = {}) {
    const weights = options.weights ?? new Array<number>(size).fill(1);
    const sum = weights.reduce((all, weight) => all + weight, 0);
    this.wealth = new Float64Array(size).fill(-Infinity);
    this.logWeights = Float64Array.from(weights, (weight) => Math.log(weight / sum));
    this.longest = Math.max(planned, options.longest ?? planned);
    this.total = this.parts(this.longest);
  }

  add(increments: Float64Array, elapsed = 1): void {
    const investment = Math.log(this.investedBy(this.periods + elapsed) - this.investedBy(this.periods));
    this.periods += elapsed;
    for (let j = 0; j < this.wealth.length; j++) {
      this.wealth[j] = logAddExp(this.wealth[j], investment + this.logWeights[j]) + increments[j];
    }
  }

  logEvidence(): number {
    return logAddExp(logSumExp(this.wealth), Math.log(1 - this.investedBy(this.periods)));
  }

  /** Index of the multiple with the most wealth. */
  strongest(): number {
    return this.wealth.reduce((best, value, j) => (value > this.wealth[best] ? j : best), 0);
  }

  /** Computed from the number of periods, not accumulated, so that the cash ends at exactly zero. */
  private investedBy(periods: number): number {
    if (periods === 0) {
      return 0;
    }
    if (periods >= this.longest) {
      return 1;
    }
    return this.first + (1 - this.first) * this.parts(periods) / this.total;
  }

  /** Investments after the first up to a period, in those of a planned one. */
  private parts(periods: number): number {
    const { planned } = this;
    return Math.min(periods, planned) - 1 + (periods > planned ? planned * Math.log(periods / planned) : 0);
  }
}
