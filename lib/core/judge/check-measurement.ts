import type { CountsMeasurement, Measurement, MeanSums, OutcomeCounts, SegmentCounts } from './period';
import type { CountsPlan, GuardrailPlan, MeanPlan, OutcomePlan, SegmentsPlan } from './plan';

/**
 * What is wrong with a measurement, in words; undefined when it can be used. Counts must be finite, not negative, no larger
 * than what they are a part of, and of the plan's kind and shape. Nothing is repaired: a count that cannot be true says that
 * the others may not be either.
 */
export function checkMeasurement(plan: GuardrailPlan, measurement: Measurement): string | undefined {
  switch (measurement.kind) {
    case 'counts':
      return plan.kind === 'counts'
        ? outcomes('candidate', measurement.candidate, plan) ?? outcomes('production', measurement.production, plan)
          ?? biases(measurement, plan) ?? (measurement.answers && checkRequests(measurement.answers))
        : misplaced(plan, measurement);
    case 'segments':
      return plan.kind === 'segments'
        ? segments('candidate', measurement.candidate, plan) ?? segments('production', measurement.production, plan)
        : misplaced(plan, measurement);
    case 'mean':
      return plan.kind === 'mean'
        ? sums('candidate', measurement.candidate, plan) ?? sums('production', measurement.production, plan)
          ?? (measurement.answers && checkRequests(measurement.answers))
        : misplaced(plan, measurement);
    case 'drift':
      return plan.kind === 'drift'
        ? bins('candidate', measurement.candidate, plan.bins) ?? bins('production', measurement.production, plan.bins)
        : misplaced(plan, measurement);
    case 'disagreement':
      return plan.kind === 'disagreement'
        ? parts([measurement.disagreements], measurement.pairs, 'disagreements', 'pairs')
        : misplaced(plan, measurement);
    case 'discordance':
      return plan.kind === 'discordance'
        ? parts([measurement.onlyCandidateWrong, measurement.onlyProductionWrong], measurement.pairs, 'pairs with one side wrong', 'pairs')
        : misplaced(plan, measurement);
    default:
      return `its kind is ${JSON.stringify((measurement as { kind?: unknown }).kind)}`;
  }
}

/** What is wrong with the requests of both variants; undefined when they can be used. */
export function checkRequests(requests: { readonly candidate: number; readonly production: number }): string | undefined {
  return count(requests.candidate) ?? count(requests.production);
}

function outcomes(side: string, counts: OutcomeCounts, plan: GuardrailPlan & { kind: 'counts' }): string | undefined {
  if (counts.bad.length !== plan.outcomes.length) {
    return `${side} has ${counts.bad.length} outcomes instead of ${plan.outcomes.length}`;
  }
  for (let i = 0; i < counts.bad.length; i++) {
    const bad = counts.bad[i];
    if (!(bad >= 0 && bad <= counts.total && counts.total < Infinity)) {
      return `${side} has ${bad} ${plan.outcomes[i].label} of ${counts.total} requests`;
    }
    if (plan.outcomes[i].form === 'odds' && !(Number.isSafeInteger(bad) && Number.isSafeInteger(counts.total))) {
      return `${side} has ${bad} ${plan.outcomes[i].label} of ${counts.total} requests, which are not whole`;
    }
  }
  return undefined;
}

function biases({ bias = [] }: CountsMeasurement, { byCallers = false, outcomes: { length } }: CountsPlan): string | undefined {
  return bias.length === (byCallers ? length : 0)
    ? undefined
    : `the callers of ${bias.length} outcomes are compared instead of ${byCallers ? length : 0}`;
}

function segments(side: string, { totals, bad }: SegmentCounts, plan: SegmentsPlan): string | undefined {
  if (totals.length !== plan.segments || bad.length !== plan.outcomes.length || bad.some((counts) => counts.length !== plan.segments)) {
    return `${side} has counts of ${totals.length} segments and ${bad.length} outcomes instead of ${plan.segments} and `
      + `${plan.outcomes.length}`;
  }
  for (let segment = 0; segment < totals.length; segment++) {
    const outcome = bad.findIndex((counts, index) => !isPart(counts[segment], totals[segment], plan.outcomes[index]));
    if (outcome >= 0) {
      return `${side} has ${bad[outcome][segment]} ${plan.outcomes[outcome].label} of ${totals[segment]} requests in segment `
        + `${segment + 1}`;
    }
  }
  return undefined;
}

/** Whether so many can be bad; the exact form needs whole numbers. */
function isPart(bad: number, total: number, { form }: OutcomePlan): boolean {
  return bad >= 0 && bad <= total && total < Infinity && (form !== 'odds' || (Number.isSafeInteger(bad) && Number.isSafeInteger(total)));
}

function sums(
  side: string,
  { count: n, sum, sumOfSquares, cappedSum }: MeanSums,
  { capped = false, bounds }: MeanPlan,
): string | undefined {
  if (bounds !== undefined && n > 0 && !(sum >= 0 && sum <= n * (bounds.highest - bounds.lowest))) {
    return `${side} has a mean of ${bounds.lowest + sum / n} over ${n} outcomes, not between ${bounds.lowest} and ${bounds.highest}`;
  }
  if (count(n) !== undefined || !Number.isFinite(sum) || !(sumOfSquares >= 0 && sumOfSquares < Infinity)) {
    return `${side} has ${n} outcomes with sum ${sum} and sum of squares ${sumOfSquares}`;
  }
  // Cauchy and Schwarz, with room for the rounding of sums.
  if (sum * sum > n * sumOfSquares * (1 + 1e-9) || (n === 0 && sumOfSquares > 0)) {
    return `${side} has a sum of squares ${sumOfSquares} too small for sum ${sum} of ${n}`;
  }
  if (capped && !(cappedSum !== undefined && cappedSum >= 0 && cappedSum <= n * (1 + 1e-9))) {
    return `${side} has a capped sum of ${cappedSum} over ${n} outcomes`;
  }
  return undefined;
}

function bins(side: string, counts: readonly number[], expected: number): string | undefined {
  if (counts.length !== expected) {
    return `${side} has ${counts.length} bins instead of ${expected}`;
  }
  for (const value of counts) {
    const problem = count(value);
    if (problem !== undefined) {
      return `${side}: ${problem}`;
    }
  }
  return undefined;
}

function parts(values: readonly number[], total: number, what: string, of: string): string | undefined {
  const sum = values.reduce((a, b) => a + b, 0);
  return (
    count(total) ?? (values.every((value) => value >= 0) && sum <= total ? undefined : `${values.join(' + ')} ${what} of ${total} ${of}`)
  );
}

function count(value: number): string | undefined {
  return value >= 0 && value < Infinity ? undefined : `${value} is not a count`;
}

function misplaced(plan: GuardrailPlan, measurement: Measurement): string {
  return `a measurement of kind ${measurement.kind} instead of ${plan.kind}`;
}
