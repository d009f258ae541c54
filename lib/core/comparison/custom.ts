import { encoded, type Pair, type RequestFields, requestFields } from './asked';
import { comparisonError, measured, type ComparisonOutcome } from './outcome';

/** What a function that compares is told: both answers, and the request where it is to know it. */
export interface ComparisonEvent extends RequestFields {
  readonly production: string;
  readonly shadow: string;
  /** All of them are base64, because one of them is not text. */
  readonly isBase64Encoded: boolean;
}

export function comparisonEvent({ production, shadow, request }: Pair, withRequest = false): ComparisonEvent {
  const { texts, isBase64Encoded } = encoded([production, shadow, ...(withRequest ? [request.body] : [])]);
  return {
    production: texts[0], shadow: texts[1], isBase64Encoded, ...(withRequest ? requestFields(request, texts[2]) : {}),
  };
}

/** Read the answer `{ "agrees": boolean, "difference"?: number }`. Anything else is a failure of the function, and no agreement. */
export function readComparisonAnswer(text: string): ComparisonOutcome {
  let answer: { readonly agrees?: unknown; readonly difference?: unknown } = {};
  try {
    answer = (JSON.parse(text) ?? {}) as typeof answer;
  } catch {
    // Said below.
  }
  const { agrees, difference = Number(agrees !== true) } = answer;
  if (typeof agrees !== 'boolean') {
    return comparisonError('the function answered with no "agrees" that is true or false');
  }
  return typeof difference === 'number' && Number.isFinite(difference) && difference >= 0
    ? measured(difference, agrees)
    : comparisonError('the function answered with a "difference" that is not a finite number of at least 0');
}
