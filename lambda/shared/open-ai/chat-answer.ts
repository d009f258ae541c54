import { FinishReason, finishReasonOf } from '../../../lib/core/generation/finish-reason';
import { isObject } from '../../../lib/core/json/is-object';
import { stringifyJson } from '../../../lib/core/json/json';
import type { Members } from './members';

/** What every part of an answer says of it. */
export interface ChatHead {
  readonly id: string;
  /** Epoch seconds. */
  readonly created: number;
  readonly model: string;
}

const REASONS: { readonly [reason in Exclude<FinishReason, FinishReason.OTHER>]: string } = {
  [FinishReason.STOP]: 'stop',
  [FinishReason.LENGTH]: 'length',
  [FinishReason.TOOL]: 'tool_calls',
  [FinishReason.FILTER]: 'content_filter',
};

/** Converse's answer as a chat completion. */
export function toCompletion(answer: unknown, { id, created, model }: ChatHead): Members {
  const { output, stopReason, usage } = isObject(answer) ? answer : {};
  const message = isObject(output) && isObject(output.message) ? output.message : {};
  const blocks = (Array.isArray(message.content) ? message.content : []).filter(isObject);
  const text = joined(blocks.map((block) => block.text));
  const reasoning = joined(blocks.map((block) => reasoningOf(block.reasoningContent)));
  const calls = blocks.flatMap(({ toolUse }) => (isObject(toolUse) ? [toolUse] : [])).map(({ toolUseId, name, input }) => ({
    id: toolUseId, type: 'function', function: { name, arguments: stringifyJson(input ?? {}) },
  }));
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [{
      index: 0,
      message: {
        role: 'assistant', content: text ?? null, refusal: null,
        ...(reasoning !== undefined && { reasoning_content: reasoning }), ...(calls.length > 0 && { tool_calls: calls }),
      },
      finish_reason: reasonOf(stopReason),
      logprobs: null,
    }],
    usage: toUsage(usage),
  };
}

/** The reason in OpenAI's words; one that it has no word for as the model says it. */
export function reasonOf(stopReason: unknown): string {
  const word = String(stopReason ?? 'stop');
  const reason = finishReasonOf(word);
  return reason === FinishReason.OTHER ? word : REASONS[reason];
}

/** OpenAI counts what a cache had among the tokens in, Converse beside them. */
export function toUsage(usage: unknown): Members {
  const told = (name: string): number => (isObject(usage) && typeof usage[name] === 'number' ? usage[name] : 0);
  const cached = told('cacheReadInputTokens');
  const tokensIn = told('inputTokens') + cached + told('cacheWriteInputTokens');
  const tokensOut = told('outputTokens');
  return {
    prompt_tokens: tokensIn, completion_tokens: tokensOut, total_tokens: tokensIn + tokensOut,
    prompt_tokens_details: { cached_tokens: cached },
  };
}

function reasoningOf(content: unknown): unknown {
  return isObject(content) && isObject(content.reasoningText) ? content.reasoningText.text : undefined;
}

function joined(texts: readonly unknown[]): string | undefined {
  const said = texts.filter((text) => typeof text === 'string');
  return said.length === 0 ? undefined : said.join('');
}
