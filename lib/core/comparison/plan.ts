import type { BedrockTarget } from '../backends/bedrock';

/** How two answers to one request are compared, as the construct writes it and the mirror reads it. */
export type ComparisonPlan =
  | { readonly kind: 'exact' }
  | NumberPlan
  | { readonly kind: 'label'; readonly path: string }
  | RankingPlan
  | ProbabilitiesPlan
  | EmbeddingPlan
  | TextPlan
  | JsonPlan;

export interface NumberPlan {
  readonly kind: 'number';
  readonly path: string;
  /** Difference that is allowed whatever the size of the numbers. */
  readonly absolute: number;
  /** Difference that is allowed as a part of the larger of the two; the more generous of both counts. */
  readonly relative: number;
}

export interface RankingPlan {
  readonly kind: 'ranking';
  readonly path: string;
  /** How many of the first places are looked at. */
  readonly top: number;
  /** Share of these that both must have, 0 to 1. */
  readonly minimumOverlap: number;
}

export interface ProbabilitiesPlan {
  readonly kind: 'probabilities';
  readonly path: string;
  /** Total variation distance up to which distributions agree, 0 to 1. */
  readonly tolerance: number;
}

export interface EmbeddingPlan {
  readonly kind: 'embedding';
  readonly path: string;
  /** Cosine similarity from which vectors agree, -1 to 1. */
  readonly minimumSimilarity: number;
}

export interface TextPlan {
  readonly kind: 'text';
  /** Absent: the whole body is the text. */
  readonly path?: string;
  /** Share of words (Jaccard index of the multisets) from which texts agree, 0 to 1; 1 compares the normalised texts themselves. */
  readonly minimumOverlap: number;
}

export interface JsonPlan {
  readonly kind: 'json';
  /** Places that may differ, with all that is below them; `[*]` stands for any element. */
  readonly ignoredPaths: readonly string[];
  /** Difference that numbers may have, as with {@link NumberPlan}. */
  readonly absolute: number;
  readonly relative: number;
}

/** Somebody who is asked with both answers. */
interface AskedPlan {
  /** Milliseconds that it may take. */
  readonly timeoutMs: number;
  /** It is given the request too. */
  readonly withRequest?: true;
}

/** A function of the user's that compares. */
export interface FunctionComparisonPlan extends AskedPlan {
  readonly kind: 'function';
  readonly functionArn: string;
}

/** A judge that says which of two answers is better. */
export interface JudgePlan extends AskedPlan {
  readonly kind: 'judge';
  /** Most pairs that it is asked about in a day. */
  readonly maximumPerDay: number;
  readonly by: JudgedBy;
}

/** Who judges: a function of the user's, or a model. */
export type JudgedBy = { readonly kind: 'function'; readonly functionArn: string } | ModelJudge;

/** A language model that is asked in the shape of chat completions: behind an alias of an endpoint, or of Bedrock. */
export type ModelJudge = JudgingModel & (
  | { readonly kind: 'alias'; readonly url: string; readonly alias: string; readonly region: string }
  | { readonly kind: 'bedrock'; readonly target: BedrockTarget }
);

export interface JudgingModel {
  /** By what it is to judge; absent: by what is usual. */
  readonly criteria?: string;
  /** Most tokens of one of its answers. */
  readonly maximumAnswerTokens: number;
  /** Most tokens in and out of a day. */
  readonly maximumTokensPerDay: number;
  /** US dollars for a million tokens, where they are known. */
  readonly prices?: { readonly input: number; readonly output: number };
}

/** Every way in which a mirror compares: by itself, or by asking. */
export type MirrorComparison = ComparisonPlan | FunctionComparisonPlan | JudgePlan;

/** Whether somebody else is asked, which takes time. */
export function asks(plan: MirrorComparison): plan is FunctionComparisonPlan | JudgePlan {
  return plan.kind === 'function' || plan.kind === 'judge';
}
