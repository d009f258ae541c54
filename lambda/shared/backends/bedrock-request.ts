import { type BedrockTarget, isManagedPrompt } from '../../../lib/core/backends/bedrock';
import { isObject } from '../../../lib/core/json/is-object';
import { ErrorCode } from '../http/errors';
import { failure, FailureClass, type Failure } from '../http/outcome';

/** Members of a request to Converse, as they are in its JSON. */
export interface ConverseRequest {
  readonly modelId: string;
  readonly [member: string]: unknown;
}

type Members = { readonly [member: string]: unknown };

/** What callers give, and whether it is a list. */
const CALLERS: { readonly [member: string]: 'list' | 'object' } = {
  messages: 'list',
  system: 'list',
  inferenceConfig: 'object',
  toolConfig: 'object',
  outputConfig: 'object',
  promptVariables: 'object',
  additionalModelRequestFields: 'object',
  additionalModelResponseFieldPaths: 'list',
};
/** Bedrock refuses these beside a managed prompt, which has them itself. */
const OF_PROMPT = new Set(['system', 'inferenceConfig', 'toolConfig', 'additionalModelRequestFields']);
/** Keys and values of Bedrock's metadata: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html */
const METADATA = /^[\w\s:@$#=/+,.-]{1,256}$/;

/**
 * What Bedrock is asked: what the caller says, within what the version is. What the version sets, it sets for everybody; what it leaves
 * open, the caller may choose.
 *
 * @param body of the caller, in the shape of Converse
 */
export function converseRequest(target: BedrockTarget, body: unknown, inferenceId: string): ConverseRequest | Failure {
  const { modelId, settings, version } = target;
  const managed = isManagedPrompt(modelId);
  const given = isObject(body) ? body : undefined;
  const problem = given === undefined ? 'the body is not a JSON object' : problemOf(given, managed);
  if (problem !== undefined) {
    return failure(FailureClass.CALLER, ErrorCode.MALFORMED_REQUEST, `${problem}; the model takes what Bedrock's Converse takes`);
  }
  const { promptVariables, ...others } = given!;
  const open = Object.fromEntries(Object.entries(others).filter(([member]) => !managed || !OF_PROMPT.has(member)));
  return {
    ...open,
    ...Object.fromEntries(Object.entries(settings).map(([member, value]) => [member, joined(member, value, open[member])])),
    ...systemOf(target, open, promptVariables),
    ...(managed && promptVariables !== undefined && { promptVariables }),
    requestMetadata: { 'model-rollout-version': version, ...(METADATA.test(inferenceId) && { 'model-rollout-inference-id': inferenceId }) },
    modelId,
  };
}

/** What is wrong with the shape of a body; what its members hold, Bedrock judges. */
function problemOf(body: Members, managed: boolean): string | undefined {
  for (const [member, value] of Object.entries(body)) {
    const shape = CALLERS[member];
    if (shape === undefined || !Object.hasOwn(CALLERS, member)) {
      return `a request has no ${JSON.stringify(member.slice(0, 64))} here: it may have ${Object.keys(CALLERS).join(', ')}`;
    }
    if (shape === 'list' ? !Array.isArray(value) : !isObject(value)) {
      return `${member} is no ${shape}`;
    }
  }
  const { messages } = body as { readonly messages?: readonly unknown[] };
  if (messages === undefined || messages.length === 0) {
    return managed ? undefined : 'the body has no messages';
  }
  const at = messages.findIndex((message) => !isObject(message) || !Array.isArray(message.content) || !message.content.every(isObject));
  return at < 0 ? undefined : `messages[${at}] has no content that is a list of blocks, such as [{"text": "Hello"}]`;
}

/** A setting of the version beside what the caller gave; within inference parameters and their like each by itself. */
function joined(member: string, ofVersion: unknown, ofCaller: unknown): unknown {
  return (member === 'inferenceConfig' || member === 'additionalModelRequestFields') && isObject(ofVersion) && isObject(ofCaller)
    ? { ...ofCaller, ...ofVersion }
    : ofVersion;
}

/** The version's system prompt with its variables filled in, and after it what the caller adds. */
function systemOf({ settings, variables = {} }: BedrockTarget, { system: added = [] }: Members, promptVariables: unknown): Members {
  if (settings.system === undefined) {
    return {};
  }
  const given = isObject(promptVariables) ? promptVariables : {};
  const valueOf = (name: string): string => {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    return isObject(value) && typeof value.text === 'string' ? value.text : variables[name];
  };
  const filled = (text: string): string =>
    text.replace(/\{\{\s*([\w-]+)\s*\}\}/g, (all, name: string) => (Object.hasOwn(variables, name) ? valueOf(name) : all));
  const own = (settings.system as readonly { readonly text?: string }[])
    .map((block) => (block.text === undefined ? block : { ...block, text: filled(block.text) }));
  return { system: [...own, ...(added as readonly unknown[])] };
}
