import { measured, schemaDifference, type ComparisonOutcome } from './outcome';

/**
 * One minus the share of words that two texts have in common (Jaccard index of the multisets), after normalisation: compatibility
 * forms, case and white space do not count. With `minOverlap` 1 the order of the words counts too.
 */
export function compareTexts(a: unknown, b: unknown, { minimumOverlap }: { readonly minimumOverlap: number }): ComparisonOutcome {
  if (typeof a !== 'string' || typeof b !== 'string') {
    return schemaDifference('one of the values is not text');
  }
  const [first, second] = [words(a), words(b)];
  const difference = 1 - overlap(first, second);
  return minimumOverlap === 1
    ? measured(difference, first.join(' ') === second.join(' '))
    : measured(difference, 1 - difference >= minimumOverlap);
}

function words(text: string): string[] {
  return text.normalize('NFKC').toLowerCase().split(/\s+/u).filter((word) => word !== '');
}

function overlap(a: readonly string[], b: readonly string[]): number {
  const left = new Map<string, number>();
  for (const word of a) {
    left.set(word, (left.get(word) ?? 0) + 1);
  }
  let common = 0;
  for (const word of b) {
    const count = left.get(word) ?? 0;
    if (count > 0) {
      common++;
      left.set(word, count - 1);
    }
  }
  const union = a.length + b.length - common;
  return union === 0 ? 1 : common / union;
}
