import { isNumber } from './compare-numbers';
import { measured, schemaDifference, type ComparisonOutcome } from './outcome';

/** How far from 1 the sum of probabilities may be, for models that round them. */
const SUM_TOLERANCE = 0.01;

/** Total variation distance of two distributions over the same classes: lists of probabilities, or objects of them by class. */
export function compareProbabilities(a: unknown, b: unknown, { tolerance }: { readonly tolerance: number }): ComparisonOutcome {
  const [first, second] = [distribution(a), distribution(b)];
  if (first === undefined || second === undefined) {
    return schemaDifference('one of the values is not a distribution: probabilities from 0 that sum up to 1');
  }
  if (Array.isArray(a) !== Array.isArray(b) || first.size !== second.size || [...first.keys()].some((name) => !second.has(name))) {
    return schemaDifference('the distributions are over different classes');
  }
  let distance = 0;
  for (const [name, probability] of first) {
    distance += Math.abs(probability - second.get(name)!) / 2;
  }
  return measured(distance, distance <= tolerance);
}

function distribution(value: unknown): Map<string, number> | undefined {
  if (value === null || typeof value !== 'object') {
    return undefined;
  }
  // Sorted, so that the sum is the same to the last bit whichever answer comes first.
  const entries = Object.entries(value as { [name: string]: unknown }).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0 || !entries.every(([, probability]) => isNumber(probability) && probability >= 0)) {
    return undefined;
  }
  const probabilities = new Map(entries.map(([name, probability]) => [name, Number(probability)]));
  const sum = [...probabilities.values()].reduce((total, probability) => total + probability, 0);
  return Math.abs(sum - 1) <= SUM_TOLERANCE ? probabilities : undefined;
}
