/** What a comparison found. */
export type ComparisonOutcome =
  /** `difference` is 0 for equal answers; its unit is that of the comparison. */
  | { readonly kind: 'agree' | 'differ'; readonly difference: number; readonly verdict?: Verdict }
  /** The answers do not have the same form, or not the form that the comparison needs. */
  | { readonly kind: 'schema difference'; readonly reason: string }
  /** The shadow gave no answer that could be compared. */
  | { readonly kind: 'shadow error'; readonly reason: string }
  /** Whoever was asked to compare did not say. */
  | { readonly kind: 'comparison error'; readonly reason: string }
  /** A judge prefers a place, whichever answer stands there: nothing is known of the pair. */
  | { readonly kind: 'contradiction'; readonly reason: string }
  /** A judge has been asked as much as it may in a day: nothing is known of the pair. */
  | { readonly kind: 'not judged'; readonly reason: string };

/** Of the shadow, against production. */
export type Verdict = 'win' | 'tie' | 'loss';

export function measured(difference: number, agrees: boolean): ComparisonOutcome {
  return { kind: agrees ? 'agree' : 'differ', difference };
}

/** What a judge found: answers agree where the shadow's is no worse. */
export function judged(verdict: Verdict): ComparisonOutcome {
  return { kind: verdict === 'loss' ? 'differ' : 'agree', difference: Number(verdict === 'loss'), verdict };
}

/** Whether nobody has said how the answers compare. */
export function saysNothing({ kind }: ComparisonOutcome): boolean {
  return kind === 'comparison error' || kind === 'contradiction' || kind === 'not judged';
}

export function comparisonError(reason: string): ComparisonOutcome {
  return { kind: 'comparison error', reason };
}

export function schemaDifference(reason: string): ComparisonOutcome {
  return { kind: 'schema difference', reason };
}
