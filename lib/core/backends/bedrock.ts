import { optional } from '../optional';
import type { BackendFacts } from './backend-facts';

/** A model of Amazon Bedrock, asked by its Converse API. */
export interface BedrockTarget {
  readonly kind: 'bedrock';
  /** What requests name as their model: id or ARN of a model or inference profile, or the ARN of a version of a managed prompt. */
  readonly modelId: string;
  /** Digest of the version, of which Bedrock's own log is told. */
  readonly version: string;
  /** Members of Converse that every request of the version has. */
  readonly settings: { readonly [member: string]: unknown };
  /** Variables in the system prompt, with what stands there for a request that gives none. */
  readonly variables?: { readonly [name: string]: string };
  readonly maxRequestBytes: number;
}

/** Whether the model, the text and the parameters are those of a prompt in Bedrock's Prompt Management. */
export function isManagedPrompt(modelId: string): boolean {
  return /:prompt\//.test(modelId);
}

export const BEDROCK: BackendFacts<BedrockTarget> = {
  ownTimeout: true,
  startsWithRequests: false,
  services: ['bedrock-runtime'],

  read: (member) => ({
    kind: 'bedrock',
    modelId: member.text('modelId'),
    version: member.text('version'),
    settings: member.members('settings'),
    ...optional('variables', member.optionalTexts('variables')),
    maxRequestBytes: member.number('maxRequestBytes', 1),
  }),

  // Of an ARN what comes after region and account.
  describe: ({ modelId }) => `Bedrock ${modelId.split(/^arn:(?:[^:]*:){4}/).at(-1)}`,

  // Under the name that it was asked by: another version may be asked by the same, but then both may be what the alarm is about.
  isMeasuredBy: ({ modelId }, dimension) => dimension('ModelId') === modelId,

  takesJsonOnly: () => true,

  functionOf: () => undefined,

  fleetOf: () => undefined,

  elsewhere: (target, modelId) => ({ ...target, modelId }),
};
