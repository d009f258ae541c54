import type * as iam from 'aws-cdk-lib/aws-iam';
import { type Duration, Stack, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { LAMBDA_PAYLOAD_BYTES } from '../core/aws-limits';
import type { Target } from '../core/backends/backends';
import { optional } from '../core/optional';
import { failTogether } from '../validate/fail-together';
import { rangeProblem, wholeProblem } from '../validate/limits';
import type { BedrockGuardrail, BedrockModelOptions, BedrockTool } from './bedrock-options';
import { allowBedrock, namedModel } from './bedrock-permissions';
import { identify } from './digest';
import type { ModelBindOptions } from './model-bind-options';
import { defaultTimeout, ModelVersion, versionOf } from './model-version';

/** What a route has room for: it is one item of a table with all the rest, which routers read every two seconds; characters. */
const MOST_CHARACTERS = 16_384;
/** From Bedrock's model of its API. */
const MODEL_ID = /^[\w.:/-]{1,2048}$/;
const FOUNDATION_MODEL = /^arn:[\w-]+:bedrock:[a-z0-9-]*::foundation-model\/./;
const TOOL_NAME = /^[\w-]{1,64}$/;
const GUARDRAIL = /^(?:[a-z0-9]+|arn:[\w-]+:bedrock:[a-z0-9-]{1,20}:\d{12}:guardrail\/[a-z0-9]+)$/;
const GUARDRAIL_VERSION = /^[1-9]\d{0,7}$/;
const MOST_STOP_SEQUENCES = 2_500;

/** @see Model.bedrock */
export class BedrockModelBackend {
  constructor(private readonly options: BedrockModelOptions) {}

  public readonly generates = true;

  public validate(): string[] {
    const { modelId, prompt, guardrail, maxTokens, temperature, topP, stopSequences = [], tools = [] } = this.options;
    return [
      ...(Token.isUnresolved(modelId) || MODEL_ID.test(modelId)
        ? []
        : [
            `modelId is ${JSON.stringify(modelId)}, which is neither an id nor an ARN of a model of Bedrock; look it up in Bedrock's `
              + 'console',
          ]),
      ...this.foundationModelProblems(),
      ...(prompt?._problems() ?? []),
      ...this.managedProblems(),
      ...(guardrail === undefined ? [] : guardrailProblems(guardrail)),
      ...wholeProblem('maxTokens', maxTokens, [1, Number.MAX_SAFE_INTEGER], 'tokens', 'leave it out for the model\'s own limit'),
      ...rangeProblem('temperature', temperature, [0, 1], '', 'Converse takes no other; see additionalModelRequestFields'),
      ...rangeProblem('topP', topP, [0, 1], '', 'it is a share'),
      ...(stopSequences.length <= MOST_STOP_SEQUENCES
        ? []
        : [`stopSequences has ${stopSequences.length} texts, but Bedrock takes ${MOST_STOP_SEQUENCES}; leave some out`]),
      ...toolProblems(tools),
      ...this.sizeProblems(),
    ];
  }

  public bind(scope: Construct, bind: ModelBindOptions): ModelVersion {
    failTogether(placeProblems(scope, this.options, 'router'), scope);
    const { version, modelId, foundationModels, prompt, guardrail } = this.options;
    const identity = identify(scope, {
      kind: 'Bedrock',
      version,
      serves: modelId,
      foundationModels,
      prompt: prompt?._managed?.arn,
      variables: prompt?._system?.variables,
      settings: settingsOf(this.options),
      guardrailProfile: guardrail?.profile,
    });
    return versionOf(scope, 'Bedrock', identity, (id) => new BedrockVersion(scope, id, identity.digest, this.options, bind));
  }

  private foundationModelProblems(): string[] {
    const { modelId, foundationModels = [] } = this.options;
    const { kind } = namedModel(modelId);
    const given = foundationModels.length > 0;
    const others = foundationModels.filter((arn) => !Token.isUnresolved(arn) && !FOUNDATION_MODEL.test(arn));
    return [
      ...(kind === 'indirect' && !given
        ? [
            `modelId is ${JSON.stringify(modelId)}, which does not tell the models behind it; give their ARNs as foundationModels, so that `
              + 'the router may ask them',
          ]
        : []),
      ...((kind === 'model' || kind === 'profile') && given
        ? [`modelId is ${JSON.stringify(modelId)}, which tells its model; leave foundationModels out`]
        : []),
      ...others.map((arn) =>
        `foundationModels has ${JSON.stringify(arn)}, but must have ARNs such as `
          + 'arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0; give those of the models behind the profile'),
    ];
  }

  /** Bedrock refuses what a prompt of its own has already. */
  private managedProblems(): string[] {
    if (this.options.prompt?._managed === undefined) {
      return [];
    }
    const { maxTokens, temperature, topP, stopSequences, tools, additionalModelRequestFields } = this.options;
    return Object.entries({ maxTokens, temperature, topP, stopSequences, tools, additionalModelRequestFields })
      .filter(([, value]) => value !== undefined)
      .map(([name]) => `${name} is given beside a managed prompt, which has its own; set it there, or use BedrockPrompt.system`);
  }

  private sizeProblems(): string[] {
    const { length } = JSON.stringify([settingsOf(this.options), this.options.prompt?._system?.variables]);
    return length <= MOST_CHARACTERS
      ? []
      : [
          `prompt, tools and parameters have ${length} characters, but routes have room for ${MOST_CHARACTERS}; shorten them, or keep them `
            + 'in Prompt Management and use BedrockPrompt.managed',
        ];
  }
}

/** Bedrock is asked in the Region of whoever asks. */
export function placeProblems(
  scope: Construct, { modelId, prompt }: Pick<BedrockModelOptions, 'modelId' | 'prompt'>, who: 'router' | 'mirror',
): string[] {
  const here = Stack.of(scope).region;
  const places = [
    { what: 'the model', arn: modelId, region: namedModel(modelId).region },
    { what: 'the prompt', arn: prompt?._managed?.arn, region: /^arn:[\w-]+:bedrock:([a-z0-9-]+):/.exec(prompt?._managed?.arn ?? '')?.[1] },
  ];
  return places
    .filter(({ region }) => region !== undefined && region !== '' && region !== here && !Token.isUnresolved(here))
    .map(({ what, arn, region }) => `${what} ${arn} is in ${region}, but the ${who} that would ask it is in ${here}; use one of ${here}`);
}

class BedrockVersion extends ModelVersion {
  public readonly timeout: Duration;
  protected readonly permission: iam.Policy;

  constructor(scope: Construct, id: string, digest: string, private readonly options: BedrockModelOptions, bind: ModelBindOptions) {
    super(scope, id, digest);
    this.timeout = options.timeout ?? defaultTimeout(bind);
    this.permission = allowBedrock(this, bind.invoker, options);
  }

  /** @internal */
  public _target(): Target {
    const { modelId, prompt } = this.options;
    const { variables = {} } = prompt?._system ?? {};
    return {
      kind: 'bedrock',
      modelId: prompt?._managed?.arn ?? modelId,
      version: this.digest,
      settings: settingsOf(this.options),
      ...(Object.keys(variables).length > 0 && { variables }),
      maxRequestBytes: LAMBDA_PAYLOAD_BYTES,
    };
  }
}

/** As requests to Converse have them. */
function settingsOf(options: BedrockModelOptions): { readonly [member: string]: unknown } {
  const { prompt, guardrail, maxTokens, temperature, topP, stopSequences, tools, additionalModelRequestFields } = options;
  const inference = {
    ...optional('maxTokens', maxTokens), ...optional('temperature', temperature), ...optional('topP', topP),
    ...optional('stopSequences', stopSequences),
  };
  const system = prompt?._system;
  return {
    ...(system !== undefined && { system: [{ text: system.text }, ...(system.cache ? [{ cachePoint: { type: 'default' } }] : [])] }),
    ...(Object.keys(inference).length > 0 && { inferenceConfig: inference }),
    ...(tools !== undefined && { toolConfig: { tools: tools.map(toolOf) } }),
    ...(guardrail !== undefined && {
      guardrailConfig: {
        guardrailIdentifier: guardrail.id, guardrailVersion: guardrail.version, ...(guardrail.trace === true && { trace: 'enabled' }),
      },
    }),
    ...optional('additionalModelRequestFields', additionalModelRequestFields),
  };
}

function toolOf({ name, description, inputSchema }: BedrockTool): object {
  return { toolSpec: { name, ...optional('description', description), inputSchema: { json: inputSchema } } };
}

function guardrailProblems({ id, version }: BedrockGuardrail): string[] {
  return [
    ...(Token.isUnresolved(id) || GUARDRAIL.test(id)
      ? []
      : [`guardrail.id is ${JSON.stringify(id)}, but must be small letters and digits, or an ARN; give the id that Bedrock gave it`]),
    ...(Token.isUnresolved(version) || GUARDRAIL_VERSION.test(version)
      ? []
      : [`guardrail.version is ${JSON.stringify(version)}, but must be a number: a draft changes in place; create a version of it`]),
  ];
}

function toolProblems(tools: readonly BedrockTool[]): string[] {
  const names = tools.map(({ name }) => name);
  return [
    ...names.filter((name) => !TOOL_NAME.test(name)).map((name) =>
      `the tool ${JSON.stringify(name)} may only have 1 to 64 letters, digits, underscores and hyphens in its name; rename it`),
    ...[...new Set(names.filter((name, index) => names.indexOf(name) !== index))].map((name) =>
      `two tools are called ${JSON.stringify(name)}; rename one`),
  ];
}
