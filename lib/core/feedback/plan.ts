/** How feedback on an alias is kept and judged; a part of its route, so that router, mirrors and the feedback function go by the same. */
export interface FeedbackRecordPlan {
  /** Name of the table with a record of every inference of the sample. */
  readonly table: string;
  /** Share of the inferences, above 0 and up to 1, decided by inference id. */
  readonly sampleRate: number;
  /** Seconds after an inference in which feedback is accepted, and for which it is remembered. */
  readonly windowSeconds: number;
  readonly outcome: OutcomeRule;
}

/** What callers tell of an answer, and when it was right. */
export type OutcomeRule =
  /** The label is the prediction, which is in the answer at a definite JSON path; numbers may be off by the tolerance. */
  | { readonly kind: 'label'; readonly prediction: string; readonly tolerance?: number }
  /** A number of at least so much; what is at the path is kept for the log alone. */
  | { readonly kind: 'score' | 'reward'; readonly atLeast: number; readonly prediction?: string }
  /** A number within bounds, of which the mean counts: no answer is right or wrong. The path is for the log alone, too. */
  | RatingRule;

export interface RatingRule {
  readonly kind: 'rating';
  readonly lowest: number;
  readonly highest: number;
  readonly prediction?: string;
}

/** A class, a text or a number. */
export type Label = string | number | boolean;

/** Longest text of a label or prediction, characters: it is kept with every inference. */
export const LABEL_CHARACTERS = 1_024;

/** What is kept of a value found in an answer: nothing where it is no label. */
export function labelOf(value: unknown): Label | undefined {
  switch (typeof value) {
    case 'string':
      return value.length <= LABEL_CHARACTERS ? value : undefined;
    case 'number':
      return Number.isFinite(value) ? value : undefined;
    case 'boolean':
      return value;
    case 'bigint':
      // As the text that it is told as, too: a number would be its neighbour.
      return labelOf(String(value));
    default:
      return undefined;
  }
}

/** Whether an answer was wrong. One without a prediction was; ratings are means, and say of none that it was. */
export function isWrong(rule: OutcomeRule, outcome: Label, prediction: Label | undefined): boolean {
  if (rule.kind === 'rating') {
    return false;
  }
  if (rule.kind !== 'label') {
    return !(typeof outcome === 'number' && outcome >= rule.atLeast);
  }
  if (prediction === undefined) {
    return true;
  }
  const [told, found] = [numberOf(outcome), numberOf(prediction)];
  return rule.tolerance !== undefined && told !== undefined && found !== undefined
    ? !(Math.abs(told - found) <= rule.tolerance)
    : String(outcome) !== String(prediction);
}

function numberOf(label: Label): number | undefined {
  const value = typeof label === 'string' && label.trim() !== '' ? Number(label) : label;
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
