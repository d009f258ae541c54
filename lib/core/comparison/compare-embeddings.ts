import { isNumber } from './compare-numbers';
import { measured, schemaDifference, type ComparisonOutcome } from './outcome';

/** One minus the cosine of the angle between two vectors of the same length: 0 for the same direction, 2 for the opposite. */
export function compareEmbeddings(
  a: unknown,
  b: unknown,
  { minimumSimilarity }: { readonly minimumSimilarity: number },
): ComparisonOutcome {
  const [first, second] = [vector(a), vector(b)];
  if (first === undefined || second === undefined) {
    return schemaDifference('one of the values is not a list of finite numbers');
  }
  if (first.length !== second.length) {
    return schemaDifference(`the vectors have ${first.length} and ${second.length} dimensions`);
  }
  const similarity = cosine(first, second);
  return measured(1 - similarity, similarity >= minimumSimilarity);
}

function vector(value: unknown): number[] | undefined {
  return Array.isArray(value) && value.length > 0 && value.every(isNumber) ? value.map(Number) : undefined;
}

/** A vector of zeros has no direction: it is like another one, and unlike all else. */
function cosine(a: readonly number[], b: readonly number[]): number {
  const [lengthA, lengthB] = [Math.hypot(...chunked(a)), Math.hypot(...chunked(b))];
  if (lengthA === 0 || lengthB === 0) {
    return lengthA === lengthB ? 1 : 0;
  }
  let product = 0;
  for (let i = 0; i < a.length; i++) {
    // Divided first, so that the product of large numbers does not overflow.
    product += (a[i] / lengthA) * (b[i] / lengthB);
  }
  return Math.max(-1, Math.min(1, product));
}

/** Lengths of parts, because a call takes only so many arguments. */
function chunked(values: readonly number[]): number[] {
  const lengths: number[] = [];
  for (let first = 0; first < values.length; first += 4_096) {
    lengths.push(Math.hypot(...values.slice(first, first + 4_096)));
  }
  return lengths;
}
