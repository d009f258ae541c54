import type { ComparisonPlan, FunctionComparisonPlan } from '../comparison/plan';

/**
 * The stage in which candidate and production are asked the same recorded requests, in pairs and before any traffic: part of a rollout's
 * plan. It is over once all of them have been asked.
 */
export interface ReplayPlan {
  readonly source: ReplaySource;
  /** Requests that are replayed; fewer where there are fewer. */
  readonly requests: number;
  /** Pairs that are begun in a second at the most. */
  readonly requestsPerSecond: number;
  /** Pairs that are under way at a time at the most. */
  readonly concurrency: number;
  /** Requests that both are asked before the first that counts. */
  readonly warmUpRequests: number;
  readonly comparison: ComparisonPlan | FunctionComparisonPlan;
  /** Definite JSON path of the predictions in answers, to compare with labels. */
  readonly labelPath?: string;
  /** Absent: agreement decides nothing. Shares of the pairs that may disagree, and that certification must exclude. */
  readonly agreement?: { readonly bound: number; readonly margin: number; readonly beyondNoise?: boolean };
  /** Share of the requests that production is asked a second time. */
  readonly noiseShare?: number;
  /** Share of the pairs by which the candidate may fail more often than production, which certification must exclude. */
  readonly failureTolerance: number;
  /** The same of wrong answers, of the pairs with a label. */
  readonly accuracyTolerance: number;
  /** How many times as long as production the candidate may take in half of the pairs. */
  readonly slowdown: number;
  /** The time that the stage takes where nothing waits. */
  readonly seconds: number;
  readonly alpha: number;
  /** What happens when all has been asked and too little is certain. */
  readonly uncertified: 'pause' | 'advance' | 'rollback';
}

/** Where the requests are. */
export type ReplaySource =
  | { readonly kind: 'object'; readonly bucket: string; readonly key: string }
  | {
      readonly kind: 'log';
      readonly bucket: string;
      /** Of the records, which are below it by day and hour. */
      readonly prefix: string;
      /** How many days back. */
      readonly days: number;
      readonly format: 'parquet' | 'json';
    };

/** A file of golden requests is held in memory. */
export const MOST_GOLDEN_BYTES = 67_108_864;

/** What a replay judges. */
export enum ReplayGuardrail {
  FAILURES = 'replayed failures',
  AGREEMENT = 'replayed agreement',
  LATENCY = 'replayed latency',
  ACCURACY = 'replayed accuracy',
}
