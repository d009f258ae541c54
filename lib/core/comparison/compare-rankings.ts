import { measured, schemaDifference, type ComparisonOutcome } from './outcome';

/** The share of the first `top` places that both rankings have; the order within them does not count. */
export function compareRankings(
  a: unknown,
  b: unknown,
  { top, minimumOverlap }: { readonly top: number; readonly minimumOverlap: number },
): ComparisonOutcome {
  const [first, second] = [items(a, top), items(b, top)];
  if (first === undefined || second === undefined) {
    return schemaDifference('one of the rankings is not a list of texts and numbers without repetition');
  }
  const places = Math.max(first.size, second.size);
  const common = [...first].filter((item) => second.has(item)).length;
  const overlap = places === 0 ? 1 : common / places;
  return measured(1 - overlap, overlap >= minimumOverlap);
}

function items(value: unknown, top: number): Set<unknown> | undefined {
  if (!Array.isArray(value)) {
    return undefined;
  }
  const first = value.slice(0, top) as unknown[];
  const distinct = new Set(first);
  return distinct.size === first.length && first.every((item) => ['string', 'number', 'bigint'].includes(typeof item))
    ? distinct
    : undefined;
}
