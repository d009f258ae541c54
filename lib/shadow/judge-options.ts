import type { TokenPrices } from '../model/token-prices';

/** How a language model judges. */
export interface ModelJudgeOptions {
  /**
   * By what it is to judge, in words, 1 to 1000 characters: "Prefer the answer that follows our style guide: …".
   *
   * @default - what is more correct, more complete and of more help
   */
  readonly criteria?: string;

  /**
   * Most tokens of one of its answers, 16 to 65536: it says in some sentences why, and then which. Models that reason need more.
   *
   * @default 512
   */
  readonly maxAnswerTokens?: number;

  /**
   * Most tokens that judging takes in a day (UTC), in and out together, 1000 to 1e12. So many as a pair can take, which is a token for each
   * byte of both questions and `maxAnswerTokens` for both answers, are taken before it is asked, and what it did not use is given back: the
   * bound is never exceeded. Further pairs are only counted, in `NotJudged`.
   *
   * @default 2000000
   */
  readonly maxTokensPerDay?: number;

  /**
   * What its tokens cost, for `model-rollout cost` and the estimate of a mirror.
   *
   * @default - not known: both say how many tokens there are
   */
  readonly prices?: TokenPrices;
}

/** An alias that judges. */
export interface AliasJudgeOptions extends ModelJudgeOptions {
  /**
   * The alias.
   *
   * @default live
   */
  readonly alias?: string;
}

/** A model of Amazon Bedrock that judges. */
export interface BedrockJudgeOptions extends ModelJudgeOptions {
  /** Id or ARN of a foundation model or an inference profile, as with `Model.bedrock`. */
  readonly modelId: string;

  /**
   * ARNs of the foundation models behind `modelId`, where it does not tell them: those of an application inference profile.
   *
   * @default - told by `modelId`
   */
  readonly foundationModels?: string[];

  /**
   * What this model takes besides what Converse has for all.
   *
   * @default - nothing
   */
  readonly additionalModelRequestFields?: { readonly [name: string]: any };
}
