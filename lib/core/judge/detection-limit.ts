import { bernoulliDivergence } from './information';

/** What is to be told apart, and what there is to tell it by. */
export interface DetectionTask {
  /** Candidate's rate of bad outcomes, in [0, 1]. */
  readonly candidateRate: number;
  /** Production's rate of bad outcomes, in [0, 1]. */
  readonly productionRate: number;
  /** Chance that the rule acts where the candidate is as good as production, in [0, 1]. */
  readonly alpha: number;
  /** Candidate requests that it sees on average until it acts or the rollout ends. */
  readonly requests: number;
}

/**
 * The highest chance with which any rule, however often it looks and even if it knows both rates, can act on a candidate as bad as this:
 * Wald's inequality `E[n] KL(p_c, p_b) >= d ln(d / alpha) + (1 - d) ln((1 - d) / (1 - alpha))`, solved for the detection probability d.
 *
 * @see docs/how-it-decides.md 1 and 2.9; Wald, "Sequential tests of statistical hypotheses", 1945
 */
export function detectionLimit({ candidateRate, productionRate, alpha, requests }: DetectionTask): number {
  if (candidateRate === productionRate || requests === 0) {
    return alpha;
  }
  const information = requests * bernoulliDivergence(candidateRate, productionRate);
  let [reached, beyond] = [alpha, 1];
  if (bernoulliDivergence(1, alpha) <= information) {
    return 1;
  }
  for (let step = 0; step < 60; step++) {
    const middle = (reached + beyond) / 2;
    if (bernoulliDivergence(middle, alpha) <= information) {
      reached = middle;
    } else {
      beyond = middle;
    }
  }
  return reached;
}
