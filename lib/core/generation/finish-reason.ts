/** Why a generative model ended an answer, whatever its maker calls it. */
export enum FinishReason {
  /** It had said what it wanted to, or met a stop sequence. */
  STOP = 'stop',
  /** It had as many tokens as it was given, or as its context has room for: the answer is cut off. */
  LENGTH = 'length',
  /** It wants a tool called. */
  TOOL = 'tool',
  /** It refused, or a filter stopped it. */
  FILTER = 'filter',
  /** Anything else, and answers that end without a reason. */
  OTHER = 'other',
}

/** What models say, in lower case, as their makers document it. */
const WORDS: { readonly [reason in Exclude<FinishReason, FinishReason.OTHER>]: readonly string[] } = {
  [FinishReason.STOP]: ['stop', 'end_turn', 'stop_sequence', 'eos_token', 'eos', 'completed'],
  [FinishReason.LENGTH]: ['length', 'max_tokens', 'max_output_tokens', 'model_context_window_exceeded'],
  [FinishReason.TOOL]: ['tool_calls', 'tool_use', 'function_call'],
  [FinishReason.FILTER]: ['content_filter', 'content_filtered', 'guardrail_intervened', 'refusal'],
};

const REASONS: ReadonlyMap<string, FinishReason> = new Map(
  Object.entries(WORDS).flatMap(([reason, words]) => words.map((word): [string, FinishReason] => [word, reason as FinishReason])),
);

/** The reason behind what a model says of it. */
export function finishReasonOf(word: string): FinishReason {
  return REASONS.get(word.toLowerCase()) ?? FinishReason.OTHER;
}
