import { encoded, type Pair, type RequestFields, requestFields } from './asked';
import { comparisonError, type ComparisonOutcome, judged, type Verdict } from './outcome';

/** What a judge is told: two answers without their names, and the request where it is to know it. */
export interface JudgeEvent extends RequestFields {
  readonly first: string;
  readonly second: string;
  /** All of them are base64, because one of them is not text. */
  readonly isBase64Encoded: boolean;
}

/** Which of the answers a judge finds better. */
export type Better = 'first' | 'second' | 'neither';

const BETTER: readonly unknown[] = ['first', 'second', 'neither'] satisfies Better[];

/**
 * The same pair in both orders, production's answer first in the first: judges, models above all, prefer a place whatever stands there
 * (Zheng et al., "Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena", 2023, 3.3 and 3.4).
 */
export function judgeEvents({ production, shadow, request }: Pair, withRequest = false): readonly [JudgeEvent, JudgeEvent] {
  const { texts: [one, other, asked], isBase64Encoded } = encoded([production, shadow, ...(withRequest ? [request.body] : [])]);
  const rest = { isBase64Encoded, ...(withRequest ? requestFields(request, asked) : {}) };
  return [{ first: one, second: other, ...rest }, { first: other, second: one, ...rest }];
}

/** Read the answer `{ "better": "first" | "second" | "neither" }`. Undefined: it is none. */
export function readBetter(text: string): Better | undefined {
  try {
    const { better } = (JSON.parse(text) ?? {}) as { readonly better?: unknown };
    return BETTER.includes(better) ? (better as Better) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What a model said, which may have thought aloud before: the last that reads as a verdict. An answer that it quotes may say so too, but of
 * a place, and what holds for the same place in both orders is a contradiction.
 */
export function betterIn(text: string): Better | undefined {
  const last = [...text.matchAll(/\{\s*"better"\s*:\s*"(?:first|second|neither)"\s*\}/g)].at(-1);
  return last && readBetter(last[0]);
}

/**
 * Both answers together. Who prefers the same place in both orders contradicts itself, and has found nothing out; a verdict that cannot be
 * read is no verdict.
 */
export function verdictOf(productionFirst: Better | undefined, shadowFirst: Better | undefined): ComparisonOutcome {
  if (productionFirst === undefined || shadowFirst === undefined) {
    return comparisonError('the judge answered with no "better" that is "first", "second" or "neither"');
  }
  if (productionFirst === shadowFirst && productionFirst !== 'neither') {
    return { kind: 'contradiction', reason: `the judge prefers the ${productionFirst} place, whichever answer stands there` };
  }
  return judged(VERDICTS[`${productionFirst} ${shadowFirst}`] ?? 'tie');
}

/** By what is better where production's answer is first, and where the shadow's is. */
const VERDICTS: { readonly [verdicts: string]: Verdict | undefined } = { 'second first': 'win', 'first second': 'loss' };
