import type { RatioInterval } from './ratio-interval';
import { countText, numberText } from '../text';

/** An e-value from its logarithm: "412", "over a million", "below 0.01". */
export function evidenceText(logEvidence: number): string {
  if (logEvidence >= Math.log(1e6)) {
    return 'over a million';
  }
  return logEvidence < Math.log(0.01) ? 'below 0.01' : numberText(Math.exp(logEvidence));
}

/** "3.1 times as often [2.2, 4.4]"; where production had none, "at least 4.2 times as often". */
export function ratioText({ estimate, lower, upper }: RatioInterval): string {
  if (estimate === undefined) {
    return lower > 0 ? `at least ${factorText(lower)} times as often` : 'no ratio yet';
  }
  return `${factorText(estimate)} times as often [${factorText(lower)}, ${upper === undefined ? 'unlimited' : factorText(upper)}]`;
}

/** "41 of 1,320 (3.1 %)" */
export function partText(part: number, total: number): string {
  return `${countText(part)} of ${countText(total)}${total > 0 ? ` (${numberText((100 * part) / total)} %)` : ''}`;
}

/** 1 as "1.0": a factor always shows how precise it is meant to be. */
export function factorText(value: number): string {
  return value >= 0.01 && value < 10 ? value.toPrecision(2) : numberText(value);
}
