import { sum } from '../sum';
import { Clip, type ClipPlan } from './clip';
import { logMeanExp } from './log-domain';
import { type Bound, expectedIncrements, multiplesOf, rateIncrements } from './rate';

const MULTIPLES: readonly number[] = [1.1, 1.25, 1.5, 2, 3, 5];
const UP = multiplesOf(MULTIPLES);
const DOWN = multiplesOf(MULTIPLES.map((multiple) => 1 / multiple));

/**
 * Evidence that the candidate's predictions fall into some bin more or less often than production's, by more than a factor
 * `ratio`. Bins are fixed before the rollout: deciles of production's scores, or one per class label.
 *
 * @see docs/how-it-decides.md 2.5
 */
export class DriftEvidence {
  private readonly logs: Float64Array;
  private readonly increments = new Float64Array(MULTIPLES.length);
  private readonly expected = new Float64Array(MULTIPLES.length);
  private readonly clips: readonly (Clip | undefined)[];
  private readonly upper: Bound;
  private readonly lower: Bound;

  constructor(bins: number, ratio: number, private readonly overdispersion: number, clip?: ClipPlan) {
    this.logs = new Float64Array(bins * 2 * MULTIPLES.length);
    this.clips = Array.from({ length: bins * 2 }, () => clip && new Clip(MULTIPLES.length, clip));
    this.upper = { ratio, tolerance: 0 };
    this.lower = { ratio: 1 / ratio, tolerance: 0 };
  }

  /** Add one period: predictions per bin. `elapsed` and `periods` as {@link Clip.apply} has them. */
  add(candidate: readonly number[], production: readonly number[], elapsed = 1, periods = 1): void {
    const candidateTotal = sum(candidate);
    const productionTotal = sum(production);
    let offset = 0;
    for (let bin = 0; bin < candidate.length; bin++) {
      const counts = { candidateTotal, candidateBad: candidate[bin], productionTotal, productionBad: production[bin] };
      for (const [bound, multiples] of [[this.upper, UP], [this.lower, DOWN]] as const) {
        rateIncrements(counts, bound, multiples, this.overdispersion, this.increments);
        this.clips[offset / MULTIPLES.length]?.apply(
          this.increments,
          expectedIncrements(counts, bound, multiples, this.overdispersion, this.expected),
          elapsed,
          periods,
        );
        for (let j = 0; j < this.increments.length; j++) {
          this.logs[offset++] += this.increments[j];
        }
      }
    }
  }

  /** Log e-value, nats. */
  logEvidence(): number {
    return logMeanExp(this.logs);
  }
}

/** How far apart two distributions over bins are, with what noise alone would show. */
export interface DriftSize {
  /** Population stability index, Σ (c - b) ln(c / b). */
  readonly stabilityIndex: number;
  /** What the index is expected to be without any drift. Compare with this before being alarmed. */
  readonly noiseFloor: number;
  /** Jensen and Shannon's divergence, nats, between 0 and ln 2. */
  readonly jensenShannon: number;
}

/**
 * The size of the drift over a whole rollout, for display. Half a prediction is added to every bin, so that an empty one does
 * not make the index infinite. Undefined while either side has no predictions.
 *
 * @see docs/how-it-decides.md 2.5
 */
export function driftSize(candidate: readonly number[], production: readonly number[]): DriftSize | undefined {
  const candidateTotal = sum(candidate);
  const productionTotal = sum(production);
  if (candidateTotal === 0 || productionTotal === 0) {
    return undefined;
  }
  const bins = candidate.length;
  let stabilityIndex = 0;
  let jensenShannon = 0;
  for (let bin = 0; bin < bins; bin++) {
    const c = (candidate[bin] + 0.5) / (candidateTotal + bins / 2);
    const b = (production[bin] + 0.5) / (productionTotal + bins / 2);
    const middle = (c + b) / 2;
    stabilityIndex += (c - b) * Math.log(c / b);
    jensenShannon += (c * Math.log(c / middle) + b * Math.log(b / middle)) / 2;
  }
  return { stabilityIndex, noiseFloor: (bins - 1) * (1 / candidateTotal + 1 / productionTotal), jensenShannon: Math.max(0, jensenShannon) };
}
