import { isObject } from '../../../lib/core/json/is-object';
import { stringifyJson } from '../../../lib/core/json/json';
import { optional } from '../../../lib/core/optional';
import { ErrorCode } from '../http/errors';
import { failure, FailureClass, type Failure } from '../http/outcome';
import { converseMessages } from './chat-messages';
import { type Members, NotExpressible } from './members';

/** What a request for a chat completion is in the words of Bedrock's Converse. */
export interface ConverseChat {
  /** The body for Converse. */
  readonly body: Members;
  /** What the answer names as its model. */
  readonly model: string;
  readonly stream: boolean;
  /** The caller wants the usage in a part of its own. */
  readonly includeUsage: boolean;
}

/** Says nothing to a model, or nothing that Converse has a place for and that would change an answer. */
const LEFT_OUT = new Set(['user', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_retention', 'metadata']);
/** Means the same as nothing. */
const NEUTRAL: { readonly [member: string]: readonly unknown[] } = {
  n: [1],
  frequency_penalty: [0],
  presence_penalty: [0],
  logprobs: [false],
  top_logprobs: [0],
  parallel_tool_calls: [true],
  store: [false],
  service_tier: ['auto', 'default'],
};
/** Converse's own, which the shape has no word for. */
const OF_CONVERSE = ['additionalModelRequestFields', 'promptVariables'];
const READ = new Set([
  'model', 'messages', 'stream', 'stream_options', 'tools', 'tool_choice', 'max_tokens', 'max_completion_tokens', 'temperature', 'top_p',
  'stop', 'response_format', 'reasoning_effort', ...OF_CONVERSE,
]);

/** Whether a body asks for a chat completion in OpenAI's shape: Converse's own bodies name no model. */
export function isChatRequest(body: unknown): body is Members {
  return isObject(body) && typeof body.model === 'string' && 'messages' in body;
}

/** The same for Converse, or what of it Converse cannot express. */
export function toConverse(body: Members): ConverseChat | Failure {
  try {
    return read(withoutNulls(body));
  } catch (error) {
    if (error instanceof NotExpressible) {
      return { ...failure(FailureClass.CALLER, ErrorCode.MALFORMED_REQUEST, `${error.param}: ${error.message}`), param: error.param };
    }
    throw error;
  }
}

function read(body: Members): ConverseChat {
  for (const [member, value] of Object.entries(body)) {
    if (!READ.has(member) && !LEFT_OUT.has(member) && NEUTRAL[member]?.includes(value) !== true) {
      throw new NotExpressible(member, `${stringifyJson(value).slice(0, 64)} cannot be asked of a model of Bedrock; leave it out`);
    }
  }
  const { messages, system } = converseMessages(body.messages);
  const toolConfig = toolConfigOf(body, messages);
  const inferenceConfig = inferenceOf(body);
  const outputConfig = outputOf(body);
  return {
    body: {
      messages,
      ...(system.length > 0 && { system }),
      ...(Object.keys(inferenceConfig).length > 0 && { inferenceConfig }),
      ...(toolConfig && { toolConfig }),
      ...(Object.keys(outputConfig).length > 0 && { outputConfig }),
      ...Object.fromEntries(OF_CONVERSE.filter((member) => member in body).map((member) => [member, body[member]])),
    },
    model: String(body.model),
    stream: body.stream === true,
    includeUsage: isObject(body.stream_options) && body.stream_options.include_usage === true,
  };
}

function withoutNulls(body: Members): Members {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

function inferenceOf(body: Members): Members {
  const maxTokens = numberOf(body, 'max_completion_tokens') ?? numberOf(body, 'max_tokens');
  const temperature = numberOf(body, 'temperature');
  const topP = numberOf(body, 'top_p');
  const stop = stopOf(body.stop);
  return {
    ...optional('maxTokens', maxTokens), ...optional('temperature', temperature), ...optional('topP', topP),
    ...optional('stopSequences', stop),
  };
}

function numberOf(body: Members, name: string): number | undefined {
  const value = body[name];
  if (value !== undefined && typeof value !== 'number') {
    throw new NotExpressible(name, 'must be a number');
  }
  return value;
}

function stopOf(stop: unknown): readonly unknown[] | undefined {
  const list = typeof stop === 'string' ? [stop] : stop;
  if (list !== undefined && (!Array.isArray(list) || !list.every((each) => typeof each === 'string'))) {
    throw new NotExpressible('stop', 'must be a text or a list of texts');
  }
  return list as readonly unknown[] | undefined;
}

/** How the answer is to look, and how much thought it is worth. */
function outputOf({ response_format: format = { type: 'text' }, reasoning_effort: effort }: Members): Members {
  return { ...textFormatOf(format), ...optional('effort', effort) };
}

function textFormatOf(format: unknown): Members {
  const type = isObject(format) ? format.type : undefined;
  if (type === 'text') {
    return {};
  }
  const schema = isObject(format) ? format.json_schema : undefined;
  if (type !== 'json_schema' || !isObject(schema) || !isObject(schema.schema)) {
    throw new NotExpressible('response_format', 'Bedrock takes "text", or "json_schema" with a schema; for any JSON say so in a message');
  }
  const { name, description } = schema;
  const jsonSchema = { schema: stringifyJson(schema.schema), ...optional('name', name), ...optional('description', description) };
  return { textFormat: { type: 'json_schema', structure: { jsonSchema } } };
}

function toolConfigOf({ tools, tool_choice: choice }: Members, messages: readonly Members[]): Members | undefined {
  if (tools !== undefined && !Array.isArray(tools)) {
    throw new NotExpressible('tools', 'must be a list');
  }
  if (choice === 'none') {
    if (messages.some(({ content }) => (content as readonly Members[]).some((block) => 'toolUse' in block))) {
      throw new NotExpressible('tool_choice', 'Bedrock has no "none" where the conversation has calls of tools; leave it out');
    }
    return undefined;
  }
  return tools === undefined || tools.length === 0
    ? undefined
    : { tools: tools.map(toolOf), ...(choice === undefined ? {} : { toolChoice: choiceOf(choice) }) };
}

function toolOf(tool: unknown, at: number): Members {
  const spec = isObject(tool) && tool.type === 'function' && isObject(tool.function) ? tool.function : undefined;
  if (typeof spec?.name !== 'string') {
    throw new NotExpressible(`tools[${at}]`, 'must be of type "function" with a name; Bedrock knows no other');
  }
  const { name, description, parameters = { type: 'object', properties: {} }, strict } = withoutNulls(spec);
  return {
    toolSpec: {
      name, inputSchema: { json: parameters },
      ...(description === undefined || description === '' ? {} : { description }), ...(strict === true && { strict }),
    },
  };
}

function choiceOf(choice: unknown): Members {
  if (choice === 'auto') {
    return { auto: {} };
  }
  if (choice === 'required') {
    return { any: {} };
  }
  const called = isObject(choice) && choice.type === 'function' && isObject(choice.function) ? choice.function.name : undefined;
  if (typeof called !== 'string') {
    throw new NotExpressible('tool_choice', 'must be "auto", "required", "none" or a function by its name');
  }
  return { tool: { name: called } };
}
