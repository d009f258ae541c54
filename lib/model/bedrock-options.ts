import type { Duration } from 'aws-cdk-lib/core';
import type { BedrockPrompt } from './bedrock-prompt';

/** A guardrail of Bedrock that looks at what goes in and comes out. */
export interface BedrockGuardrail {
  /** Its id, or the ARN of one of another account. A value that is known only at deployment must be an id. */
  readonly id: string;

  /** Number of its version; a draft changes in place, so it has no place here. */
  readonly version: string;

  /**
   * Id of the guardrail profile, such as `eu.guardrail.v1:0`, where it is evaluated in several Regions.
   *
   * @default - it is evaluated in the Region of the endpoint
   */
  readonly profile?: string;

  /**
   * Tell in answers what it found.
   *
   * @default false
   */
  readonly trace?: boolean;
}

/** What a model may do besides saying something: the caller carries it out, and sends its result with the next request. */
export interface BedrockTool {
  /** 1 to 64 letters, digits, underscores and hyphens. */
  readonly name: string;

  /**
   * What it does and when to use it, for the model.
   *
   * @default - the name says it
   */
  readonly description?: string;

  /** JSON schema of what the model must give it: an object. */
  readonly inputSchema: { readonly [member: string]: any };
}

/** How a model of Amazon Bedrock answers. All of it makes the version: a change of anything but the time-out is a rollout. */
export interface BedrockModelOptions {
  /**
   * Id or ARN of a foundation model (`amazon.nova-lite-v1:0`) or of an inference profile (`eu.amazon.nova-lite-v1:0`); or the ARN of a
   * custom, imported or provisioned model. With a managed prompt, the model that it names. What is known only at deployment must be
   * an ARN.
   */
  readonly modelId: string;

  /**
   * ARNs of the foundation models behind `modelId`, where it does not tell them: those of an application inference profile or a prompt
   * router.
   *
   * @default - told by `modelId`
   */
  readonly foundationModels?: string[];

  /**
   * What the model is told before its callers say anything.
   *
   * @default - callers say everything
   */
  readonly prompt?: BedrockPrompt;

  /**
   * What looks at questions and answers. An answer that it stopped ends with the reason `FILTER`.
   *
   * @default - none
   */
  readonly guardrail?: BedrockGuardrail;

  /**
   * The most tokens that an answer has.
   *
   * @default - what the caller says, or the model's own limit
   */
  readonly maxTokens?: number;

  /**
   * How freely the model chooses its words, 0 to 1.
   *
   * @default - what the caller says, or the model's own
   */
  readonly temperature?: number;

  /**
   * Share of the likeliest words that the model chooses among, 0 to 1.
   *
   * @default - what the caller says, or the model's own
   */
  readonly topP?: number;

  /**
   * Texts that end an answer.
   *
   * @default - what the caller says
   */
  readonly stopSequences?: string[];

  /**
   * What the model may ask its caller to do.
   *
   * @default - what the caller says
   */
  readonly tools?: BedrockTool[];

  /**
   * Parameters of this model only, such as `{ top_k: 50 }`.
   *
   * @default - what the caller says
   */
  readonly additionalModelRequestFields?: { readonly [member: string]: any };

  /**
   * A label of the version, part of its digest: another label is another version. Needed where something is known only at deployment.
   *
   * @default - the settings tell the version
   */
  readonly version?: string;

  /**
   * The longest that the model may take to answer.
   *
   * @default - the endpoint's own time-out
   */
  readonly timeout?: Duration;
}
