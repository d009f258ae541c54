import * as bedrock from 'aws-cdk-lib/aws-bedrock';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Template } from 'aws-cdk-lib/assertions';
import { App, CfnParameter, Duration, Stack } from 'aws-cdk-lib/core';
import { type BedrockModelOptions, BedrockPrompt, CanaryRollout, Model, ShadowMirror } from '../../lib';
import type { BedrockTarget } from '../../lib/core/backends/bedrock';
import type { DeclaredRoute } from '../../lib/core/routing/route';
import { flat, inline, newEndpoint, newStack, routeOf, statementsOf } from '../fixtures/stacks';

const NOVA = 'amazon.nova-lite-v1:0';
const PROMPT = 'arn:aws:bedrock:eu-west-1:111111111111:prompt/ABCDEFGHIJ:3';
const bedrockModel = (options: Partial<BedrockModelOptions> = {}): Model => Model.bedrock({ modelId: NOVA, ...options });

function synth(options: Partial<BedrockModelOptions> = {}, stack = newStack()): Template {
  newEndpoint(stack, { model: bedrockModel(options) });
  return Template.fromStack(stack);
}

const inRegion = (): Stack => new Stack(new App(), 'Placed', { env: { account: '111111111111', region: 'eu-west-1' } });
const variantOf = (template: Template): DeclaredRoute['variants'][number] => (JSON.parse(flat(routeOf(template).Properties.Route)) as DeclaredRoute).variants[0];
const targetOf = (template: Template): BedrockTarget => variantOf(template).target as BedrockTarget;
const digestOf = (options: Partial<BedrockModelOptions> = {}): string => variantOf(synth(options)).version;
type Statement = { readonly Action: string | string[]; readonly Resource: unknown; readonly Condition?: unknown };
const allowed = (options: Partial<BedrockModelOptions>): Statement[] =>
  (statementsOf(synth(options, inRegion()), 'FraudRouter') as unknown as Statement[])
    .filter(({ Action: action }) => JSON.stringify(action).includes('bedrock:') || action === 'kms:Decrypt');

test('a model is what every request to it has, and its route says whose version it is', () => {
  const template = synth({
    prompt: BedrockPrompt.system('You sell "{{product}}".\n', { variables: { product: 'shoes' }, cache: true }), maxTokens: 500, temperature: 0.2, topP: 0.9, stopSequences: ['END'],
    guardrail: { id: 'abc123', version: '2', trace: true }, tools: [{ name: 'look', description: 'Looks it up.', inputSchema: { type: 'object' } }], additionalModelRequestFields: { top_k: 50 },
  });
  const { version, target } = variantOf(template);
  expect(target).toEqual({
    kind: 'bedrock', modelId: NOVA, version, maxRequestBytes: 6_291_456, variables: { product: 'shoes' },
    settings: {
      system: [{ text: 'You sell "{{product}}".\n' }, { cachePoint: { type: 'default' } }],
      inferenceConfig: { maxTokens: 500, temperature: 0.2, topP: 0.9, stopSequences: ['END'] },
      toolConfig: { tools: [{ toolSpec: { name: 'look', description: 'Looks it up.', inputSchema: { json: { type: 'object' } } } }] },
      guardrailConfig: { guardrailIdentifier: 'abc123', guardrailVersion: '2', trace: 'enabled' },
      additionalModelRequestFields: { top_k: 50 },
    },
  });
});

test('everything that answers is the version, and the time that it may take is not', () => {
  const others: Partial<BedrockModelOptions>[] = [
    { modelId: `eu.${NOVA}` }, { prompt: BedrockPrompt.system('a') }, { prompt: BedrockPrompt.system('b') }, { prompt: BedrockPrompt.system('a', { cache: true }) },
    { prompt: BedrockPrompt.system('{{a}}', { variables: { a: '1' } }) }, { prompt: BedrockPrompt.system('{{a}}', { variables: { a: '2' } }) }, { prompt: BedrockPrompt.managed(PROMPT) },
    { guardrail: { id: 'a', version: '1' } }, { guardrail: { id: 'a', version: '2' } }, { maxTokens: 1 }, { temperature: 1 }, { topP: 1 }, { stopSequences: ['a'] },
    { tools: [{ name: 'a', inputSchema: {} }] }, { additionalModelRequestFields: { top_k: 1 } }, { version: 'b' },
  ];
  expect(new Set([digestOf(), ...others.map(digestOf)]).size).toBe(others.length + 1);
  expect(digestOf({ timeout: Duration.seconds(3) })).toBe(digestOf());
});

test('a prompt and a guardrail of the app are versions of it; what CloudFormation would replace is another version', () => {
  const digest = (description: string): string => {
    const stack = newStack();
    const prompt = new bedrock.CfnPrompt(stack, 'Prompt', { name: 'greeting' });
    const version = new bedrock.CfnPromptVersion(stack, 'PromptVersion', { promptArn: prompt.attrArn, description });
    newEndpoint(stack, { model: bedrockModel({ prompt: BedrockPrompt.managed(version.attrArn) }) });
    const template = Template.fromStack(stack);
    expect(targetOf(template).modelId).toContain('PromptVersion.Arn');
    return variantOf(template).version;
  };
  expect(digest('first')).toBe(digest('first'));
  expect(digest('first')).not.toBe(digest('second'));
});

describe('the router may ask', () => {
  const INVOKE = ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'];

  test('this model and nothing else', () => {
    expect(allowed({})).toEqual([{ Action: INVOKE, Effect: 'Allow', Resource: arn(`:bedrock:eu-west-1::foundation-model/${NOVA}`) }]);
  });

  test.each(['eu', 'apac', 'us-gov', 'global', 'jp'])('this profile (%s), and its model in whatever Regions only through it', (geography) => {
    const profile = arn(`:bedrock:eu-west-1:111111111111:inference-profile/${geography}.${NOVA}`);
    expect(allowed({ modelId: `${geography}.${NOVA}` })).toEqual([
      { Action: [...INVOKE, 'bedrock:GetInferenceProfile'], Effect: 'Allow', Resource: profile },
      { Action: INVOKE, Effect: 'Allow', Resource: arn(`:bedrock:*::foundation-model/${NOVA}`), Condition: { StringEquals: { 'bedrock:InferenceProfileArn': profile } } },
    ]);
  });

  test.each(['ai21.jamba-1-5-large-v1:0', 'zai.glm-4.7', 'deepseek.v3.2'])('a model with a short name (%s), which is no profile', (modelId) => {
    expect(allowed({ modelId }).map(({ Resource: resource }) => resource)).toEqual([arn(`:bedrock:eu-west-1::foundation-model/${modelId}`)]);
  });

  test('a profile of one\'s own, and the models behind it only through it', () => {
    const profile = 'arn:aws:bedrock:eu-west-1:111111111111:application-inference-profile/abcdefghijkl';
    const model = `arn:aws:bedrock:eu-west-1::foundation-model/${NOVA}`;
    expect(allowed({ modelId: profile, foundationModels: [model] })).toEqual([
      { Action: INVOKE, Effect: 'Allow', Resource: profile },
      { Action: INVOKE, Effect: 'Allow', Resource: model, Condition: { StringEquals: { 'bedrock:InferenceProfileArn': profile } } },
    ]);
  });

  test.each(['provisioned-model/abcdefghijkl', 'imported-model/abcdefghijkl', 'custom-model-deployment/abcdefghijkl'])('%s', (name) => {
    const modelId = `arn:aws:bedrock:eu-west-1:111111111111:${name}`;
    expect(allowed({ modelId })).toEqual([{ Action: INVOKE, Effect: 'Allow', Resource: modelId }]);
  });

  test('with this guardrail and this prompt', () => {
    const key = kms.Key.fromKeyArn(newStack(), 'Key', 'arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-0000-0000-000000000000');
    const statements = allowed({ prompt: BedrockPrompt.managed(PROMPT, { encryptionKey: key }), guardrail: { id: 'abc', version: '1', profile: 'us.guardrail.v1:0' } });
    expect(statements.slice(1)).toEqual([
      {
        Action: 'bedrock:ApplyGuardrail', Effect: 'Allow',
        Resource: [arn(':bedrock:eu-west-1:111111111111:guardrail/abc'), arn(':bedrock:*:111111111111:guardrail-profile/us.guardrail.v1:0')],
      },
      { Action: 'bedrock:RenderPrompt', Effect: 'Allow', Resource: PROMPT },
      { Action: 'kms:Decrypt', Effect: 'Allow', Resource: key.keyArn },
    ]);
  });

  test('a guardrail of another account by its ARN', () => {
    const id = 'arn:aws:bedrock:eu-west-1:222222222222:guardrail/abc';
    expect(allowed({ guardrail: { id, version: '1' } })[1].Resource).toBe(id);
  });

  function arn(rest: string): object {
    return { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, rest]] };
  }
});

test('an endpoint of such models counts tokens, and its rollout judges why answers end', () => {
  const stack = newStack();
  const endpoint = newEndpoint(stack, { model: bedrockModel() });
  const rollout = new CanaryRollout(stack, 'Rollout', { endpoint });
  expect(JSON.stringify(Template.fromStack(stack).toJSON())).toContain('MODEL_ROLLOUT_GENERATIVE');
  expect(rollout).toBeDefined();
  const other = newStack();
  newEndpoint(other, { model: bedrockModel(), generative: false });
  expect(JSON.stringify(Template.fromStack(other).toJSON())).not.toContain('MODEL_ROLLOUT_GENERATIVE');
});

test.each<[string, Partial<BedrockModelOptions>, RegExp]>([
  ['a model that is none', { modelId: 'Nova Lite' }, /modelId is "Nova Lite", which is neither an id nor an ARN/],
  ['a profile that does not tell its models', { modelId: 'arn:aws:bedrock:eu-west-1:111111111111:application-inference-profile/a' }, /give their ARNs as foundationModels/],
  ['models beside one that tells them', { foundationModels: [`arn:aws:bedrock:eu-west-1::foundation-model/${NOVA}`] }, /which tells its model; leave foundationModels out/],
  ['models by other names', { modelId: 'arn:aws:bedrock:eu-west-1:111111111111:prompt-router/a', foundationModels: [NOVA] }, /foundationModels has "amazon.nova-lite-v1:0", but must have ARNs/],
  ['a draft of a prompt', { prompt: BedrockPrompt.managed('arn:aws:bedrock:eu-west-1:111111111111:prompt/ABCDEFGHIJ') }, /must be the ARN of a version.*create a version of it/],
  ['an empty prompt', { prompt: BedrockPrompt.system('') }, /the system prompt is empty/],
  ['a variable that is nowhere', { prompt: BedrockPrompt.system('a', { variables: { who: 'Ada' } }) }, /has no \{\{who\}\}, but a variable of that name/],
  ['a variable without a name', { prompt: BedrockPrompt.system('a', { variables: { 'w o': 'Ada' } }) }, /the variable "w o" .* rename it/],
  ['parameters beside a managed prompt', { prompt: BedrockPrompt.managed(PROMPT), maxTokens: 5 }, /maxTokens is given beside a managed prompt, which has its own/],
  ['a draft of a guardrail', { guardrail: { id: 'a', version: 'DRAFT' } }, /guardrail.version is "DRAFT", but must be a number: a draft changes in place/],
  ['a guardrail by its name', { guardrail: { id: 'My Guardrail', version: '1' } }, /guardrail.id is "My Guardrail"/],
  ['no tokens', { maxTokens: 0 }, /maxTokens is 0 tokens, but must be between 1/],
  ['half a token', { maxTokens: 1.5 }, /must be a whole number/],
  ['a temperature of other makers', { temperature: 2 }, /temperature is 2, but must be between 0 and 1; Converse takes no other/],
  ['a share above one', { topP: 1.1 }, /topP is 1.1/],
  ['a tool with a space', { tools: [{ name: 'look up', inputSchema: {} }] }, /the tool "look up" may only have/],
  ['two tools of one name', { tools: [{ name: 'a', inputSchema: {} }, { name: 'a', inputSchema: {} }] }, /two tools are called "a"/],
  ['a prompt without room', { prompt: BedrockPrompt.system('x'.repeat(17_000)) }, /have 17\d{3} characters, but routes have room for 16384; shorten them, or keep them in Prompt Management/],
])('%s is refused', (_, options, message) => {
  expect(() => synth(options)).toThrow(message);
});

test.each<[string, Partial<BedrockModelOptions>]>([
  ['the model', { modelId: `arn:aws:bedrock:us-east-1::foundation-model/${NOVA}` }], ['the prompt', { prompt: BedrockPrompt.managed(PROMPT.replace('eu-west-1', 'us-east-1')) }],
])('%s of another Region is refused, for Bedrock is asked in the endpoint\'s own', (what, options) => {
  expect(() => synth(options, inRegion())).toThrow(new RegExp(`${what} arn:.* is in us-east-1, but the router that would ask it is in eu-west-1; use one of eu-west-1`));
});

test('what only the deployment knows needs a label', () => {
  const stack = newStack();
  const modelId = new CfnParameter(stack, 'ModelId').valueAsString;
  expect(() => newEndpoint(stack, { model: bedrockModel({ modelId }) })).toThrow(/is the value of parameter "ModelId".*give the model a version/);
  const labelled = newStack();
  const given = new CfnParameter(labelled, 'ModelId').valueAsString;
  newEndpoint(labelled, { model: bedrockModel({ modelId: given, version: 'a' }) });
  expect(statementsOf(Template.fromStack(labelled), 'FraudRouter')).toContainEqual(expect.objectContaining({ Resource: { Ref: 'ModelId' } }));
});

test('a mirror has less room than a route, and says so', () => {
  const mirrored = (text: string): void => {
    const stack = newStack();
    const endpoint = newEndpoint(stack, { model: inline('v1') });
    new ShadowMirror(stack, 'Mirror', { endpoint, model: bedrockModel({ prompt: BedrockPrompt.system(text) }) });
    Template.fromStack(stack);
  };
  expect(() => mirrored('short')).not.toThrow();
  expect(() => mirrored('x'.repeat(5_000))).toThrow(/environment variables of the function take .* but Lambda allows 4096/);
});
