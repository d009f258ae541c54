import { stringifyJson } from '../json/json';
import { sum } from '../sum';
import { type FinishReason, finishReasonOf } from './finish-reason';

/**
 * What a document of a model's answer says: an event of a stream, a line, or the whole. Shapes overlap between makers, so each field is
 * looked for wherever one of them has it.
 */
export interface Said {
  /** Words for the reader, the texts of several choices one after the other. */
  readonly text: string;
  /** What was generated besides: reasoning, arguments of tools. */
  readonly beside: string;
  /** There is reasoning among it. */
  readonly reasons: boolean;
  /** Tokens that the document itself is, where a stream has one for each. */
  readonly tokens?: number;
  /** All tokens of the request, those that were found in a cache included. */
  readonly tokensIn?: number;
  /** All tokens of the answer so far, reasoning included. */
  readonly tokensOut?: number;
  /** Those of them that are reasoning. */
  readonly reasoningTokens?: number;
  readonly finish?: FinishReason;
  /** The document repeats as a whole what others before it had in parts. */
  readonly repeats: boolean;
}

type Fields = { readonly [name: string]: unknown };

/**
 * Read a document in the shapes of OpenAI (chat completions, completions, responses; vLLM, SGLang and SageMaker's LMI speak them too),
 * Anthropic (messages), Bedrock (Converse and ConverseStream, with the events' names or without), and Hugging Face's TGI and DJL's LMI
 * (`generate`). Undefined for what is none of them.
 *
 * @see https://platform.openai.com/docs/api-reference/chat-streaming, https://docs.anthropic.com/en/api/messages-streaming,
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html,
 * https://docs.djl.ai/docs/serving/serving/docs/lmi/user_guides/lmi_input_output_schema.html,
 * https://huggingface.co/docs/text-generation-inference/messages_api
 */
export function saidIn(document: unknown): Said | undefined {
  // TGI's answer as SageMaker's containers give it is a list of one.
  const read = fieldsOf(Array.isArray(document) && document.length === 1 ? document[0] as unknown : document);
  const shape = read && SHAPES.find(({ is }) => is(read));
  return shape && shape.read(read);
}

interface Shape {
  readonly is: (document: Fields) => boolean;
  readonly read: (document: Fields) => Said;
}

const OPENAI: Shape = {
  is: ({ choices }) => Array.isArray(choices),
  read: ({ choices, usage }) => {
    const all = listOf(choices);
    // A stream has such a document for every token: nothing is built that is not needed.
    let [text, reasoning, refusal, calls] = ['', '', '', ''];
    for (const choice of all) {
      const message = fieldsOf(choice.delta) ?? fieldsOf(choice.message);
      text += textOf(message, 'content') + textOf(choice, 'text');
      reasoning += textOf(message, 'reasoning_content') || textOf(message, 'reasoning');
      refusal += textOf(message, 'refusal');
      calls += callsOf(message);
    }
    const told = fieldsOf(usage);
    return said({
      text,
      beside: reasoning + refusal + calls,
      reasons: reasoning !== '',
      tokensIn: countOf(told, 'prompt_tokens'),
      tokensOut: countOf(told, 'completion_tokens'),
      reasoningTokens: countOf(fieldsOf(told?.completion_tokens_details), 'reasoning_tokens'),
      finish: all.map(({ finish_reason: word }) => word).find((word) => typeof word === 'string'),
    });
  },
};

function callsOf(message: Fields | undefined): string {
  const wordsOf = (call: Fields | undefined): string => textOf(call, 'name') + textOf(call, 'arguments');
  return message?.tool_calls === undefined && message?.function_call === undefined
    ? ''
    : [...listOf(message.tool_calls).map((call) => fieldsOf(call.function)), fieldsOf(message.function_call)].map(wordsOf).join('');
}

/** Events of OpenAI's responses in which something is said. */
const RESPONSE_DELTA = /^response\.(output_text|refusal|reasoning_text|reasoning_summary_text|function_call_arguments)\.delta$/;

const RESPONSES_EVENT: Shape = {
  is: ({ type }) => typeof type === 'string' && type.startsWith('response.'),
  read: (event) => {
    const kind = RESPONSE_DELTA.exec(event.type as string)?.[1];
    if (kind !== undefined) {
      const delta = textOf(event, 'delta');
      const words = kind === 'output_text';
      return said({ text: words ? delta : '', beside: words ? '' : delta, reasons: kind.startsWith('reasoning') && delta !== '' });
    }
    const ended = /^response\.(completed|incomplete|failed)$/.test(event.type as string);
    const response = ended ? fieldsOf(event.response) : undefined;
    return response === undefined ? said({}) : { ...RESPONSE.read(response), repeats: true };
  },
};

const RESPONSE: Shape = {
  is: ({ object }) => object === 'response',
  read: ({ status, incomplete_details: details, output, usage }) => {
    const items = listOf(output);
    const contents = items.flatMap((item) => listOf(item.content));
    const told = fieldsOf(usage);
    const calls = items.filter(({ type }) => typeof type === 'string' && type.endsWith('_call'));
    const word = textOf(fieldsOf(details), 'reason') || (status === 'completed' && calls.length > 0 ? 'tool_calls' : status);
    return said({
      text: contents.map((content) => textOf(content, 'text')).join(''),
      beside: [...calls.map((call) => textOf(call, 'arguments')), ...contents.map((content) => textOf(content, 'refusal'))].join(''),
      tokensIn: countOf(told, 'input_tokens'),
      tokensOut: countOf(told, 'output_tokens'),
      reasoningTokens: countOf(fieldsOf(told?.output_tokens_details), 'reasoning_tokens'),
      finish: word === 'in_progress' || word === 'queued' ? undefined : word,
    });
  },
};

/** Tokens of a request in Anthropic's words: what a cache had is told apart. */
function anthropicUsage(usage: Fields | undefined): Pick<Said, 'tokensIn' | 'tokensOut'> {
  const parts = ['input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'].flatMap((name) => countOf(usage, name) ?? []);
  return { ...(parts.length > 0 && { tokensIn: sum(parts) }), ...defined('tokensOut', countOf(usage, 'output_tokens')) };
}

/** What Bedrock adds to the last event of a model that is streamed in its maker's own shape. */
function invocationMetrics(document: Fields): Pick<Said, 'tokensIn' | 'tokensOut'> {
  const told = fieldsOf(document['amazon-bedrock-invocationMetrics']);
  return { ...defined('tokensIn', countOf(told, 'inputTokenCount')), ...defined('tokensOut', countOf(told, 'outputTokenCount')) };
}

const ANTHROPIC_EVENTS = [
  'message_start', 'content_block_start', 'content_block_delta', 'content_block_stop', 'message_delta', 'message_stop', 'ping',
];

const ANTHROPIC_EVENT: Shape = {
  is: ({ type }) => typeof type === 'string' && ANTHROPIC_EVENTS.includes(type),
  read: (event) => {
    const delta = fieldsOf(event.delta);
    const thinking = textOf(delta, 'thinking');
    return said({
      text: textOf(delta, 'text'),
      beside: thinking + textOf(delta, 'partial_json'),
      reasons: thinking !== '',
      finish: delta?.stop_reason,
      ...anthropicUsage(fieldsOf(event.usage) ?? fieldsOf(fieldsOf(event.message)?.usage)),
      ...invocationMetrics(event),
    });
  },
};

const ANTHROPIC: Shape = {
  is: ({ type, content }) => type === 'message' && Array.isArray(content),
  read: ({ content, stop_reason: finish, usage }) => {
    const blocks = listOf(content);
    return said({
      text: blocks.map((block) => textOf(block, 'text')).join(''),
      beside: blocks.map((block) => textOf(block, 'thinking') + jsonOf(block.input)).join(''),
      finish,
      ...anthropicUsage(fieldsOf(usage)),
    });
  },
};

function converseUsage(usage: Fields | undefined): Pick<Said, 'tokensIn' | 'tokensOut'> {
  const parts = ['inputTokens', 'cacheReadInputTokens', 'cacheWriteInputTokens'].flatMap((name) => countOf(usage, name) ?? []);
  return { ...(parts.length > 0 && { tokensIn: sum(parts) }), ...defined('tokensOut', countOf(usage, 'outputTokens')) };
}

const CONVERSE: Shape = {
  is: ({ output }) => fieldsOf(fieldsOf(output)?.message) !== undefined,
  read: ({ output, stopReason: finish, usage }) => {
    const blocks = listOf(fieldsOf(fieldsOf(output)?.message)?.content);
    return said({
      text: blocks.map((block) => textOf(block, 'text')).join(''),
      beside: blocks.map((block) =>
        textOf(fieldsOf(fieldsOf(block.reasoningContent)?.reasoningText), 'text') + jsonOf(fieldsOf(block.toolUse)?.input)).join(''),
      finish,
      ...converseUsage(fieldsOf(usage)),
    });
  },
};

const CONVERSE_EVENTS = [
  'messageStart', 'contentBlockStart', 'contentBlockDelta', 'contentBlockStop', 'messageStop', 'metadata',
];

const CONVERSE_EVENT: Shape = {
  is: (event) =>
    CONVERSE_EVENTS.some((name) => fieldsOf(event[name]) !== undefined) ||
    typeof event.contentBlockIndex === 'number' || typeof event.stopReason === 'string' ||
    countOf(fieldsOf(event.usage), 'inputTokens') !== undefined,
  read: (document) => {
    // A union with one member, or the member itself as it is on the wire.
    const event = CONVERSE_EVENTS.map((name) => fieldsOf(document[name])).find((member) => member !== undefined) ?? document;
    const delta = fieldsOf(event.delta);
    const reasoning = textOf(fieldsOf(delta?.reasoningContent), 'text');
    return said({
      text: textOf(delta, 'text'),
      beside: reasoning + textOf(fieldsOf(delta?.toolUse), 'input'),
      reasons: reasoning !== '',
      finish: event.stopReason,
      ...converseUsage(fieldsOf(event.usage)),
    });
  },
};

const GENERATE: Shape = {
  is: ({ token, generated_text: text }) => fieldsOf(token) !== undefined || typeof text === 'string',
  read: ({ token: given, generated_text: text, details: about }) => {
    const [token, details] = [fieldsOf(given), fieldsOf(about)];
    const prefill = Array.isArray(details?.prefill) && details.prefill.length > 0 ? details.prefill.length : undefined;
    const word = token?.special === true ? '' : textOf(token, 'text');
    return said({
      text: token === undefined ? textOf({ text }, 'text') : word,
      ...(token !== undefined && { tokens: 1 }),
      tokensIn: countOf(details, 'input_length') ?? prefill,
      tokensOut: countOf(details, 'generated_tokens'),
      finish: details?.finish_reason,
    });
  },
};

const SHAPES: readonly Shape[] = [
  OPENAI, RESPONSES_EVENT, RESPONSE, ANTHROPIC_EVENT, ANTHROPIC, CONVERSE, CONVERSE_EVENT, GENERATE,
];

function said({
  finish, text = '', beside = '', reasons = false, repeats = false, tokens, tokensIn, tokensOut, reasoningTokens,
}: Partial<Omit<Said, 'finish'>> & { readonly finish?: unknown }): Said {
  return {
    text, beside, reasons, repeats, tokens, tokensIn, tokensOut, reasoningTokens,
    finish: typeof finish === 'string' && finish !== '' ? finishReasonOf(finish) : undefined,
  };
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Fields : undefined;
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? (value as unknown[]).map(fieldsOf).filter((each) => each !== undefined) : [];
}

function textOf(fields: Fields | undefined, name: string): string {
  const value = fields?.[name];
  return typeof value === 'string' ? value : '';
}

function jsonOf(value: unknown): string {
  return value === undefined ? '' : stringifyJson(value);
}

/** A number of tokens; nothing where a model sends something else in its place. */
function countOf(fields: Fields | undefined, name: string): number | undefined {
  const value = fields?.[name];
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function defined<Name extends string>(name: Name, value: number | undefined): { readonly [name in Name]?: number } {
  return value === undefined ? {} : { [name]: value } as { readonly [name in Name]: number };
}
