import { ConverseRequest$, StopReason } from '@aws-sdk/client-bedrock-runtime';
import { JsonShapeDeserializer2 } from '@smithy/core/protocols';
import { Template } from 'aws-cdk-lib/assertions';
import fc from 'fast-check';
import { converseRequest } from '../../../../lambda/shared/backends/bedrock-request';
import { BedrockPrompt, Model } from '../../../../lib';
import type { BedrockTarget } from '../../../../lib/core/backends/bedrock';
import { FinishReason, finishReasonOf } from '../../../../lib/core/generation/finish-reason';
import type { DeclaredRoute } from '../../../../lib/core/routing/route';
import { flat, newEndpoint, newStack, routeOf } from '../../../fixtures/stacks';

const PROMPT = 'arn:aws:bedrock:eu-west-1:111111111111:prompt/ABCDEFGHIJ:3';
const target = (overrides: Partial<BedrockTarget> = {}): BedrockTarget => ({
  kind: 'bedrock', modelId: 'amazon.nova-lite-v1:0', version: 'd'.repeat(64), settings: {}, maxRequestBytes: 6_291_456, ...overrides,
});
const messages = [{ role: 'user', content: [{ text: 'Hello' }] }];
const ask = (body: object, overrides: Partial<BedrockTarget> = {}, id = 'id-1'): { readonly [member: string]: unknown } =>
  converseRequest(target(overrides), body, id) as never;

test('what callers say goes to the model, and Bedrock\'s log is told whose it is', () => {
  expect(ask({ messages, inferenceConfig: { maxTokens: 5 } })).toEqual({
    modelId: 'amazon.nova-lite-v1:0', messages, inferenceConfig: { maxTokens: 5 },
    requestMetadata: { 'model-rollout-version': 'd'.repeat(64), 'model-rollout-inference-id': 'id-1' },
  });
});

test('an inference id that Bedrock\'s metadata have no characters for is left out', () => {
  expect(ask({ messages }, {}, 'a!b').requestMetadata).toEqual({ 'model-rollout-version': 'd'.repeat(64) });
});

test('what the version sets, it sets for everybody; what it leaves open, callers choose', () => {
  const settings = {
    inferenceConfig: { temperature: 0 }, toolConfig: { tools: [{ toolSpec: { name: 'own' } }] }, guardrailConfig: { guardrailIdentifier: 'g', guardrailVersion: '1' },
    additionalModelRequestFields: { top_k: 1 },
  };
  const asked = ask({
    messages, inferenceConfig: { temperature: 1, maxTokens: 9 }, toolConfig: { tools: [] },
    additionalModelRequestFields: { top_k: 9, seed: 3 },
  }, { settings });
  expect(asked).toMatchObject({
    inferenceConfig: { temperature: 0, maxTokens: 9 }, toolConfig: settings.toolConfig, guardrailConfig: settings.guardrailConfig,
    additionalModelRequestFields: { top_k: 1, seed: 3 },
  });
});

test('the system prompt comes first, with its variables by the request or as they are meant to be', () => {
  const settings = { system: [{ text: 'You sell {{product}} in {{ place }}; write {{unknown}}.' }, { cachePoint: { type: 'default' } }] };
  const variables = { product: 'shoes', place: 'Bonn' };
  expect(ask({ messages, system: [{ text: 'Be short.' }], promptVariables: { product: { text: '$& hats {{place}}' }, other: { text: 'x' } } }, { settings, variables })).toMatchObject({
    system: [{ text: 'You sell $& hats {{place}} in Bonn; write {{unknown}}.' }, { cachePoint: { type: 'default' } }, { text: 'Be short.' }],
  });
  expect(ask({ messages, promptVariables: { constructor: { text: 'x' } } }, { settings, variables })).not.toHaveProperty('promptVariables');
});

test('a managed prompt has text, parameters and tools itself: a caller\'s are left out, its variables are passed on', () => {
  const asked = ask(
    { promptVariables: { who: { text: 'Ada' } }, system: [{ text: 'x' }], inferenceConfig: {}, toolConfig: {}, additionalModelRequestFields: {} },
    { modelId: PROMPT, settings: { guardrailConfig: { guardrailIdentifier: 'g' } } },
  );
  expect(asked).toEqual({ modelId: PROMPT, promptVariables: { who: { text: 'Ada' } }, guardrailConfig: { guardrailIdentifier: 'g' }, requestMetadata: expect.anything() });
});

test.each<[string, unknown, RegExp]>([
  ['no object', [], /the body is not a JSON object/],
  ['nothing', undefined, /the body is not a JSON object/],
  ['no messages', {}, /has no messages/],
  ['messages of another shape', { messages: [{ role: 'user', content: 'Hello' }] }, /messages\[0\] has no content that is a list of blocks/],
  ['no list', { messages: { 0: 1 } }, /messages is no list/],
  ['another model', { messages, modelId: 'x' }, /a request has no "modelId" here/],
  ['another guardrail', { messages, guardrailConfig: {} }, /a request has no "guardrailConfig" here/],
  ['a member of every object', { messages, toString: {} }, /a request has no "toString" here/],
])('%s is the caller\'s mistake', (_, body, message) => {
  expect(converseRequest(target(), body, 'id')).toMatchObject({ kind: 'failure', class: 'caller', code: 'MALFORMED_REQUEST', message: expect.stringMatching(message) });
});

test('whatever a body is, model, guardrail and metadata are the version\'s', () => {
  const settings = { guardrailConfig: { guardrailIdentifier: 'g', guardrailVersion: '1' } };
  const members = fc.constantFrom('messages', 'system', 'modelId', 'guardrailConfig', 'requestMetadata', 'inferenceConfig', '__proto__');
  fc.assert(fc.property(fc.dictionary(members, fc.jsonValue()), (body) => {
    const asked = converseRequest(target({ settings }), body, 'id');
    if ('kind' in asked) {
      expect(asked).toMatchObject({ class: 'caller' });
    } else {
      expect(asked).toMatchObject({ modelId: 'amazon.nova-lite-v1:0', ...settings, requestMetadata: { 'model-rollout-inference-id': 'id' } });
    }
  }));
});

test('a model with everything asks what Bedrock\'s own model of its API has, and nothing else', () => {
  const stack = newStack();
  newEndpoint(stack, { model: Model.bedrock({
    modelId: 'amazon.nova-lite-v1:0', prompt: BedrockPrompt.system('You know {{what}}.', { variables: { what: 'all' }, cache: true }), maxTokens: 5, temperature: 0.5, topP: 1,
    stopSequences: ['a'], guardrail: { id: 'abc', version: '1', trace: true }, tools: [{ name: 'look', description: 'Looks.', inputSchema: { type: 'object' } }],
    additionalModelRequestFields: { top_k: 5 },
  }) });
  const declared = JSON.parse(flat(routeOf(Template.fromStack(stack)).Properties.Route)) as DeclaredRoute;
  const asked = converseRequest(declared.variants[0].target as BedrockTarget, {
    messages, system: [{ text: 'x' }], inferenceConfig: { maxTokens: 5 }, toolConfig: { tools: [] }, outputConfig: { textFormat: { type: 'json_schema' } },
    additionalModelRequestFields: {}, additionalModelResponseFieldPaths: ['/a'],
  }, 'id');
  // Reading drops what is unknown.
  const wire = new JsonShapeDeserializer2({ timestampFormat: { useTrait: true, default: 7 }, jsonName: true });
  expect(wire.readObject(ConverseRequest$, structuredClone(asked) as never)).toEqual(asked);
});

test('every reason for which Bedrock ends an answer has a place', () => {
  expect(Object.fromEntries(Object.values(StopReason).map((reason) => [reason, finishReasonOf(reason)]))).toMatchObject({
    end_turn: FinishReason.STOP, stop_sequence: FinishReason.STOP, tool_use: FinishReason.TOOL,
    max_tokens: FinishReason.LENGTH, model_context_window_exceeded: FinishReason.LENGTH,
    guardrail_intervened: FinishReason.FILTER, content_filtered: FinishReason.FILTER,
    malformed_model_output: FinishReason.OTHER, malformed_tool_use: FinishReason.OTHER,
  });
});
