/** What a comparison found. */
export type ComparisonOutcome =
  /** `difference` is 0 for equal answers; its unit is that of the comparison. */
  | { readonly kind: 'agree' | 'differ'; readonly difference: number }
  /** The answers do not have the same form, or not the form that the comparison needs. */
  | { readonly kind: 'schema difference'; readonly reason: string }
  /** The shadow gave no answer that could be compared. */
  | { readonly kind: 'shadow error'; readonly reason: string }
  /** The function that was asked to compare did not say. */
  | { readonly kind: 'comparison error'; readonly reason: string };

export function measured(difference: number, agrees: boolean): ComparisonOutcome {
  return { kind: agrees ? 'agree' : 'differ', difference };
}

export function schemaDifference(reason: string): ComparisonOutcome {
  return { kind: 'schema difference', reason };
}
