import type { RatioInterval } from './ratio-interval';
import { numberText } from '../text';

/** An e-value from its logarithm: "412", "over a million", "below 0.01". */
export function evidenceText(logEvidence: number): string {
  if (logEvidence >= Math.log(1e6)) {
    return 'over a million';
  }
  return logEvidence < Math.log(0.01) ? 'below 0.01' : numberText(Math.exp(logEvidence));
}

/** "3.1x production [2.2, 4.4]" */
export function ratioText({ estimate, lower, upper }: RatioInterval): string {
  const times = estimate === undefined ? 'without a ratio to production yet' : `${factorText(estimate)}x production`;
  return `${times} [${factorText(lower)}, ${upper === undefined ? 'unlimited' : factorText(upper)}]`;
}

/** 1 as "1.0": a factor always shows how precise it is meant to be. */
export function factorText(value: number): string {
  return value >= 0.01 && value < 10 ? value.toPrecision(2) : numberText(value);
}
