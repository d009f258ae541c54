import { isObject } from '../json/is-object';
import { parseJson, stringifyJson } from '../json/json';
import { type Label, LABEL_CHARACTERS, labelOf, type OutcomeRule, type RatingRule } from './plan';

/** An outcome that a caller tells. */
export interface FeedbackItem {
  readonly inferenceId: string;
  readonly value: Label;
  /** Whether it replaces what was told before. */
  readonly correction: boolean;
}

/** What is wrong with an outcome, for the caller. */
export interface FeedbackProblem {
  readonly code: FeedbackCode;
  readonly message: string;
}

export enum FeedbackCode {
  MALFORMED_FEEDBACK = 'MALFORMED_FEEDBACK',
  RATING_OUT_OF_RANGE = 'RATING_OUT_OF_RANGE',
  UNKNOWN_INFERENCE = 'UNKNOWN_INFERENCE',
  ALREADY_KNOWN = 'ALREADY_KNOWN',
  TOO_LATE = 'TOO_LATE',
  FEEDBACK_NOT_ENABLED = 'FEEDBACK_NOT_ENABLED',
  ALIAS_NOT_FOUND = 'ALIAS_NOT_FOUND',
  ALIAS_NOT_ALLOWED = 'ALIAS_NOT_ALLOWED',
  PAYLOAD_TOO_LARGE = 'PAYLOAD_TOO_LARGE',
  UNSUPPORTED_MEDIA_TYPE = 'UNSUPPORTED_MEDIA_TYPE',
  UNAVAILABLE = 'UNAVAILABLE',
}

/** Most outcomes in one request, and most bytes. */
export const MOST_ITEMS = 100;
export const MOST_BYTES = 262_144;

/** SageMaker's own limit and characters for an inference id. */
const INFERENCE_ID = /^[\x21-\x7e]{1,64}$/;
const MEMBERS = new Set(['inferenceId', 'label', 'score', 'reward', 'rating', 'correction']);
const VALUES = ['label', 'score', 'reward', 'rating'] as const;

/**
 * The outcomes of a request: one, or a list of them as `outcomes`. Each is read by itself, so that one that is malformed does not lose the
 * others.
 */
export function readFeedback(
  text: string,
  rule: OutcomeRule,
):
  | FeedbackProblem
  | { readonly batch: boolean; readonly items: readonly (FeedbackItem | (FeedbackProblem & { readonly inferenceId?: string }))[] } {
  let document: unknown;
  try {
    document = parseJson(text);
  } catch {
    return malformed('the body is not valid JSON');
  }
  if (!isObject(document)) {
    return malformed('the body is not an object');
  }
  if (!Object.hasOwn(document, 'outcomes')) {
    const item = readItem(document, rule);
    return 'code' in item ? item : { batch: false, items: [item] };
  }
  const { outcomes, ...more } = document;
  if (!Array.isArray(outcomes) || outcomes.length === 0 || outcomes.length > MOST_ITEMS) {
    return malformed(`outcomes is not a list of 1 to ${MOST_ITEMS} outcomes`);
  }
  return Object.keys(more).length > 0
    ? malformed(`${quoted(Object.keys(more)[0])} stands beside outcomes, which must be alone`)
    : {
        batch: true,
        items: outcomes.map((item: unknown) => (isObject(item) ? readItem(item, rule) : malformed('the outcome is not an object'))),
      };
}

function readItem(
  item: { readonly [member: string]: unknown },
  rule: OutcomeRule,
): FeedbackItem | (FeedbackProblem & { readonly inferenceId?: string }) {
  const { inferenceId, correction = false } = item;
  if (typeof inferenceId !== 'string' || !INFERENCE_ID.test(inferenceId)) {
    return malformed('inferenceId is not a text of 1 to 64 printable ASCII characters without spaces');
  }
  const wrong = (message: string): FeedbackProblem & { readonly inferenceId: string } => ({ ...malformed(message), inferenceId });
  const unknown = Object.keys(item).find((member) => !MEMBERS.has(member));
  if (unknown !== undefined) {
    return wrong(`there is no member ${quoted(unknown)}`);
  }
  if (typeof correction !== 'boolean') {
    return wrong('correction is not true or false');
  }
  const given = VALUES.filter((name) => Object.hasOwn(item, name));
  if (given.length !== 1 || given[0] !== rule.kind) {
    return wrong(`this alias takes a ${rule.kind}, and nothing else`);
  }
  const told = item[rule.kind];
  if (rule.kind === 'rating') {
    const rating = ratingOf(told, rule);
    return typeof rating === 'number' ? { inferenceId, value: rating, correction } : { ...rating, inferenceId };
  }
  const value = labelOf(rule.kind !== 'label' && typeof told === 'bigint' ? Number(told) : told);
  if (rule.kind !== 'label') {
    return typeof value === 'number' ? { inferenceId, value, correction } : wrong(`${rule.kind} is not a finite number`);
  }
  return value === undefined
    ? wrong(`label is not a finite number, true, false, or a text of at most ${LABEL_CHARACTERS} characters`)
    : { inferenceId, value, correction };
}

/** A rating within its bounds. One beyond them is not cut to them: who sends it takes the scale for another one. */
function ratingOf(told: unknown, { lowest, highest }: RatingRule): number | FeedbackProblem {
  const rating = typeof told === 'bigint' ? Number(told) : told;
  if (typeof rating !== 'number' || !Number.isFinite(rating)) {
    return malformed(`rating is ${stringifyJson(told).slice(0, 64)}, but must be a number from ${lowest} to ${highest}`);
  }
  return rating >= lowest && rating <= highest
    ? rating
    : { code: FeedbackCode.RATING_OUT_OF_RANGE, message: `rating is ${rating}, but this alias takes ratings from ${lowest} to ${highest}` };
}

function malformed(message: string): FeedbackProblem {
  return { code: FeedbackCode.MALFORMED_FEEDBACK, message };
}

/** As much of a caller's text as an error should repeat. */
function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 64));
}
