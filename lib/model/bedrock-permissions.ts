import * as iam from 'aws-cdk-lib/aws-iam';
import { ArnFormat, Stack, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledge, wildcardFinding } from '../package/acknowledge';
import { goesWithVersion } from '../validate/policy-size';
import type { BedrockModelOptions } from './bedrock-options';

/** Geographies, which inference profiles of AWS begin with: two letters of a country or continent, or one of these. */
const PROFILE = /^(?:[a-z]{2}|apac|us-gov|global)\.(?=[\w-]+\.)/;
const ARN = /^arn:[\w-]+:bedrock:([a-z0-9-]*):\d*:([\w-]+)\/(.+)$/;

/** What a model is, as far as its id or ARN tells. */
export interface NamedModel {
  readonly kind: 'model' | 'profile' | 'indirect' | 'unknown';
  /** Region of its ARN; absent where it has none. */
  readonly region?: string;
  /** Of a profile: the foundation model that it is of. */
  readonly foundationModel?: string;
}

/** Read the id or ARN of a model. */
export function namedModel(modelId: string): NamedModel {
  const [, region, type, name] = ARN.exec(modelId) ?? [];
  if (Token.isUnresolved(modelId) && type === undefined) {
    return { kind: 'unknown' };
  }
  if (type === 'application-inference-profile' || type === 'prompt-router' || type === 'default-prompt-router') {
    return { kind: 'indirect', region };
  }
  const id = type === undefined || type === 'inference-profile' ? (name ?? modelId) : '';
  return PROFILE.test(id) ? { kind: 'profile', region, foundationModel: id.replace(PROFILE, '') } : { kind: 'model', region };
}

/**
 * Let the router, or whoever asks for whole answers alone, ask exactly this model, apply exactly this guardrail and render exactly this
 * prompt, as long as the version is there.
 */
export function allowBedrock(
  version: Construct, invoker: iam.IRole, options: BedrockModelOptions, answers: 'whole' | 'streamed' = 'streamed',
): iam.Policy {
  const { foundationModels = [], prompt, modelId } = options;
  const invoke = ['bedrock:InvokeModel', ...(answers === 'whole' ? [] : ['bedrock:InvokeModelWithResponseStream'])];
  const { kind, foundationModel } = namedModel(modelId);
  const model = modelArn(version, modelId, kind);
  // In whatever Regions the profile has, and for a global one in none.
  const behind = foundationModel === undefined ? foundationModels : [foundationModelArn(version, foundationModel, '*')];
  const managed = prompt?._managed;
  const { guardrails, profiles } = guardrailArns(version, options);
  const keys = managed?.encryptionKey === undefined ? [] : [managed.encryptionKey.keyArn];
  const policy = goesWithVersion(new iam.Policy(version, 'Invoke', {
    roles: [invoker],
    statements: [
      new iam.PolicyStatement({ actions: kind === 'profile' ? [...invoke, 'bedrock:GetInferenceProfile'] : invoke, resources: [model] }),
      ...statements(invoke, behind, kind === 'model' ? undefined : { StringEquals: { [conditionOf(modelId)]: model } }),
      ...statements(['bedrock:ApplyGuardrail'], [...guardrails, ...profiles]),
      ...statements(['bedrock:RenderPrompt'], managed === undefined ? [] : [managed.arn]),
      ...statements(['kms:Decrypt'], keys),
    ],
  }));
  const wild = [...(foundationModel === undefined ? [] : behind), ...profiles];
  if (wild.length > 0) {
    acknowledge(policy, Object.fromEntries(wild.map((arn) => [
      wildcardFinding(policy, arn), 'the profile decides in which of its Regions it is; no other model or guardrail is meant',
    ])));
  }
  return policy;
}

function conditionOf(modelId: string): string {
  return /:(?:default-)?prompt-router\//.test(modelId) ? 'bedrock:PromptRouterArn' : 'bedrock:InferenceProfileArn';
}

function statements(
  actions: string[], resources: readonly string[], conditions?: { readonly [operator: string]: unknown },
): iam.PolicyStatement[] {
  return resources.length === 0 ? [] : [new iam.PolicyStatement({ actions, resources: [...resources], ...(conditions && { conditions }) })];
}

function modelArn(scope: Construct, modelId: string, kind: NamedModel['kind']): string {
  if (kind === 'unknown' || modelId.startsWith('arn:')) {
    return modelId;
  }
  return kind === 'profile'
    ? Stack.of(scope).formatArn({ service: 'bedrock', resource: 'inference-profile', resourceName: modelId })
    : foundationModelArn(scope, modelId);
}

function foundationModelArn(scope: Construct, resourceName: string, region?: string): string {
  return Stack.of(scope).formatArn({ service: 'bedrock', region, account: '', resource: 'foundation-model', resourceName });
}

interface GuardrailArns {
  readonly guardrails: string[];
  readonly profiles: string[];
}

function guardrailArns(scope: Construct, { guardrail }: BedrockModelOptions): GuardrailArns {
  if (guardrail === undefined) {
    return { guardrails: [], profiles: [] };
  }
  const { id, profile } = guardrail;
  const arn = (resource: string, resourceName: string, region?: string): string =>
    Stack.of(scope).formatArn({ service: 'bedrock', resource, resourceName, region, arnFormat: ArnFormat.SLASH_RESOURCE_NAME });
  return {
    guardrails: [id.startsWith('arn:') ? id : arn('guardrail', id)],
    profiles: profile === undefined ? [] : [arn('guardrail-profile', profile, '*')],
  };
}
