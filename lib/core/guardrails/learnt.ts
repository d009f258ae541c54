import type { OutcomePlan } from '../judge/plan';
import type { Wander } from '../judge/overdispersion';

/** Where a bad outcome has this share of the requests, rates no longer are what the evidence is about. */
export const FREQUENT = 0.05;

/** What production's own day says of a kind of bad outcome, minute by minute. */
export interface OutcomeNoise {
  /** How it wanders over a quarter of an hour; absent where that is no more than chance. Its requests are those of a minute. */
  readonly wander?: Wander;
  /** There were hardly any, and no burst of them; absent where there were, or where too little is known. */
  readonly calm?: boolean;
  /** There was no burst beyond what is usual; absent where there was, or where too little is known. */
  readonly steady?: boolean;
  /** There were bursts beyond what is usual. */
  readonly bursty?: true;
}

/** What production's history said of one guardrail before the candidate had traffic. */
export interface Learnt {
  /** Production's quantiles, one for each of those that the guardrail asks for; empty where they are not known. */
  readonly thresholds: readonly number[];
  /** How each of its outcomes varies by itself, in their order; what is not known is absent. */
  readonly noise: readonly OutcomeNoise[];
  /** Whether it has so many bad outcomes that it is judged by the exact form. */
  readonly frequent: boolean;
  /** Largest standard deviation that values with production's mean can have. */
  readonly deviation?: number;
}

/** How an outcome varies by itself, for periods of this length. */
export function noiseOf(
  { noise }: Learnt,
  outcome: number,
  periodSeconds: number,
): Pick<OutcomePlan, 'wander' | 'calm' | 'steady' | 'bursty'> {
  const { wander, calm, steady, bursty } = noise[outcome] ?? {};
  return {
    ...(wander === undefined ? {} : { wander: { ...wander, requests: (wander.requests * periodSeconds) / 60 } }),
    ...(calm === true ? { calm } : {}),
    ...(steady === true ? { steady } : {}),
    ...(bursty === true ? { bursty } : {}),
  };
}

/** How shares of requests beyond a quantile are compared. */
export function quantileForm(quantile: number): 'odds' | 'rate' {
  return 1 - quantile >= FREQUENT ? 'odds' : 'rate';
}
