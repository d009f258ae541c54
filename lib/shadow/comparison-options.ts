import type { Duration } from 'aws-cdk-lib/core';

/** When two numbers agree; the more generous tolerance counts. */
export interface NumberComparisonOptions {
  /**
   * Difference that is allowed, in the unit of the number, from 0.
   *
   * @default 0
   */
  readonly tolerance?: number;

  /**
   * Difference that is allowed as a part of the larger number, 0 to 1.
   *
   * @default 0
   */
  readonly relativeTolerance?: number;
}

/** When two rankings agree. */
export interface RankingComparisonOptions {
  /**
   * How many of the first places are looked at, 1 to 10000; the order within them does not count.
   *
   * @default 10
   */
  readonly top?: number;

  /**
   * Share of these places that both rankings must have, 0 to 1.
   *
   * @default 1
   */
  readonly minOverlap?: number;
}

/** When two distributions agree. */
export interface ProbabilityComparisonOptions {
  /**
   * Total variation distance that is allowed, 0 to 1: half of the sum of all differences.
   *
   * @default 0.05
   */
  readonly tolerance?: number;
}

/** When two embeddings agree. */
export interface EmbeddingComparisonOptions {
  /**
   * Cosine of the angle between the vectors that is wanted, -1 to 1.
   *
   * @default 0.99
   */
  readonly minSimilarity?: number;
}

/** When two texts agree. */
export interface TextComparisonOptions {
  /**
   * Where in the JSON answer the text is.
   *
   * @default - the whole answer is the text
   */
  readonly path?: string;

  /**
   * Share of words that the texts must have in common (Jaccard index of the multisets), 0 to 1; 1 wants the same words in the same order.
   * Case, white space and compatibility forms of characters never count.
   *
   * @default 1
   */
  readonly minOverlap?: number;
}

/** How a function of yours compares. */
export interface CustomComparisonOptions {
  /**
   * How long it may take, 100 milliseconds to 10 minutes; in a replay, a minute at the most. The mirror's function waits as long, and is
   * paid for it.
   *
   * @default Duration.seconds(5)
   */
  readonly timeout?: Duration;

  /**
   * Give the function the request too: `"request"`, encoded as the answers are, and its `"contentType"`. Whatever callers send then leaves
   * the mirror for that function and what it asks.
   *
   * @default false - it gets both answers and nothing of the request
   */
  readonly includeRequest?: boolean;
}

/** How often a judge is asked, and with what. */
export interface JudgeOptions {
  /**
   * Most pairs that the judge is asked about in a day (UTC), each of them twice, 1 to 1000000; it bounds the cost. Further pairs are only
   * counted, in `NotJudged`. Each pair costs a write to DynamoDB.
   *
   * @default 1000
   */
  readonly maxPairsPerDay?: number;

  /**
   * How long one judgement may take, 100 milliseconds to 10 minutes. The mirror's function waits as long, and is paid for it.
   *
   * @default Duration.minutes(1)
   */
  readonly timeout?: Duration;

  /**
   * Give the judge the request too, without which it can only say which answer reads better: a function gets `"request"`, encoded as the
   * answers are, and its `"contentType"`. Whatever callers send then leaves the mirror for the judge and the model that it asks.
   *
   * @default false - it gets both answers and nothing of the request
   */
  readonly includeRequest?: boolean;
}

/** When two JSON answers agree. */
export interface JsonComparisonOptions extends NumberComparisonOptions {
  /**
   * Places that may differ, with all that is below them, such as `$.meta.time` or `$.rows[*].id`.
   *
   * @default - none
   */
  readonly ignoredPaths?: string[];
}
