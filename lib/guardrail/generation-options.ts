import type { TokenPrices } from '../model/token-prices';
import type { FinishReason } from '../core/generation/finish-reason';
import type { EvidenceOptions } from './evidence-options';
import type { GuardrailOptions, RegressionDirection } from './guardrail-options';

/** Which ends of answers are compared, and how much more often a candidate's may end so. */
export interface FinishReasonsGuardrailOptions extends EvidenceOptions {
  /**
   * Reasons of which none may become more frequent. With all of them any change of how answers end is one for the worse: name `STOP` and
   * `TOOL` too where a model that calls its tools more often, or more seldom, is a fault.
   *
   * @default [FinishReason.LENGTH, FinishReason.FILTER, FinishReason.OTHER]
   */
  readonly reasons?: FinishReason[];
}

/** By how much a mean over complete answers may be worse. */
export interface TokenMeanGuardrailOptions extends GuardrailOptions {
  /**
   * By how much the mean may be worse, as a share of production's, from 0 to 10: 0.2 is a fifth.
   *
   * @default 0.2
   */
  readonly maxChange?: number;

  /**
   * Share that must be ruled out before a step is left, above `maxChange`. The closer to it, the more answers that takes.
   *
   * @default - twice maxChange, at least 0.5
   */
  readonly certifiedChange?: number;
}

/** How many tokens answers may have. */
export interface TokensGuardrailOptions extends TokenMeanGuardrailOptions {
  /**
   * Which direction is a regression.
   *
   * @default RegressionDirection.INCREASE
   */
  readonly regression?: RegressionDirection;
}

/** What requests and their answers may cost. */
export interface CostGuardrailOptions extends TokenMeanGuardrailOptions {
  /** Prices of production's model, and of the candidate's unless that has its own. */
  readonly prices: TokenPrices;

  /**
   * Prices of the candidate's model, where it is another. Once it is production's, they are to be `prices`.
   *
   * @default - the same prices
   */
  readonly candidatePrices?: TokenPrices;

  /**
   * The currency of the prices, for sentences.
   *
   * @default USD
   */
  readonly currency?: string;
}
