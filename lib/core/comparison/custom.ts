import { measured, type ComparisonOutcome } from './outcome';

/** What a function that compares is told: both answers and nothing of the request. */
export interface ComparisonEvent {
  readonly production: string;
  readonly shadow: string;
  /** Both are base64, because one of them is no text. */
  readonly isBase64Encoded: boolean;
}

export function comparisonEvent(production: Uint8Array, shadow: Uint8Array): ComparisonEvent {
  const texts = [production, shadow].map(textOf);
  return texts.every((text) => text !== undefined)
    ? { production: texts[0]!, shadow: texts[1]!, isBase64Encoded: false }
    : { production: Buffer.from(production).toString('base64'), shadow: Buffer.from(shadow).toString('base64'), isBase64Encoded: true };
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
    : comparisonError('the function answered with a "difference" that is no finite number of at least 0');
}

export function comparisonError(reason: string): ComparisonOutcome {
  return { kind: 'comparison error', reason };
}

function textOf(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return undefined;
  }
}
