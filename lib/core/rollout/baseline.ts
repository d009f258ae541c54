import type { CallerBias } from '../judge/caller-bias';
import type { CallerTraffic } from '../judge/caller-traffic';
import type { Wander } from '../judge/overdispersion';
import type { Measures } from '../routing/measures';
import type { DriftPlan, EvidenceGuardrailPlan, LatencyPlan, RolloutPlan } from './plan';

/** What production's own day says of a kind of bad outcome, minute by minute. */
export interface OutcomeNoise {
  /** How it wanders over a quarter of an hour; absent where that is no more than chance. Its requests are those of a minute. */
  readonly wander?: Wander;
  /** There was no burst of them; absent where there was, or where too little is known. */
  readonly calm?: boolean;
}

/** What production's history said before the candidate had traffic. Fixed from then on: evidence against a moving bar is none. */
export interface Baseline {
  /** Milliseconds, by name of a latency guardrail, one for each of its quantiles; a guardrail without history is left out. */
  readonly thresholds: { readonly [guardrail: string]: readonly number[] };
  /** How many times more its counts vary than independent requests would make them, by name of the guardrail; absent means 1. */
  readonly overdispersion: { readonly [guardrail: string]: number };
  /** How each kind of outcome of a guardrail varies by itself, by its name, in the order of its outcomes; absent where nothing is known. */
  readonly noise?: { readonly [guardrail: string]: readonly OutcomeNoise[] };
  /** Guardrails with so many bad outcomes that they are judged by the exact form. */
  readonly frequent: readonly string[];
  /**
   * Largest standard deviation that values with production's mean can have, in their unit, by name of a guardrail on a mean; absent where
   * there is no history. It says for how many values the test is sharpest, not what it finds.
   */
  readonly deviations?: { readonly [guardrail: string]: number };
  /** Where callers stick to a version: what those of the candidate bring along. */
  readonly callers?: CallersBaseline;
  /** Since when callers are counted by the thresholds of latency, epoch milliseconds. */
  readonly countedSince?: number;
  /** What could not be learnt, in words. */
  readonly notes: readonly BaselineNote[];
}

export interface BaselineNote {
  /** The guardrail that lacks something. */
  readonly guardrail: string;
  readonly text: string;
}

/** What the callers that a candidate gets have done at production's version before. */
export interface CallersBaseline {
  /** By name of a guardrail: for each stage of the plan, for each of the guardrail's outcomes. */
  readonly bias: { readonly [guardrail: string]: readonly (readonly CallerBias[])[] };
  /** Guardrails whose callers have no history yet: it is assumed that they differ, and evidence holds what it would roll back. */
  readonly assumed: readonly string[];
  /** For each stage what part of the requests they send; absent where that is not known yet. */
  readonly traffic?: readonly CallerTraffic[];
}

/** The plan's guardrails that are judged by evidence, in their order. */
export function evidenceGuardrails(plan: Pick<RolloutPlan, 'guardrails'>): EvidenceGuardrailPlan[] {
  return plan.guardrails.filter(
    (guardrail): guardrail is EvidenceGuardrailPlan => guardrail.kind !== 'alarm' && guardrail.kind !== 'function',
  );
}

/**
 * Milliseconds beyond which a request of the candidate's counts as slow, where production's count beyond `threshold`. If no latency of the
 * candidate's is more than `slowdown` times production's, then no more of its requests are beyond the one than of production's beyond the
 * other: the same comparison of shares, exact at whatever traffic, and the tolerance is one in milliseconds. A factor on the shares would
 * not be: slow requests 1.1 times as often are 3 % more of latency at the median.
 */
export function candidateThreshold({ slowdown = 1 }: Pick<LatencyPlan, 'slowdown'>, threshold: number): number {
  return Number((slowdown * threshold).toPrecision(12));
}

/** What routers must count for a plan; undefined where requests and failures suffice. */
export function measuresOf(plan: Pick<RolloutPlan, 'guardrails'>, baseline: Baseline | undefined): Measures | undefined {
  if (baseline === undefined) {
    return undefined;
  }
  const guardrails = evidenceGuardrails(plan);
  const latencies = guardrails.filter((guardrail): guardrail is LatencyPlan => guardrail.kind === 'latency').map((guardrail) => ({
    guardrail, production: baseline.thresholds[guardrail.name] ?? [],
  }));
  const slowerThanMs = latencies.flatMap(({ production }) => production);
  const candidateSlowerThanMs = latencies.flatMap(({ guardrail, production }) =>
    production.map((threshold) => candidateThreshold(guardrail, threshold)),
  );
  const bins = guardrails
    .filter((guardrail): guardrail is DriftPlan => guardrail.kind === 'drift' && guardrail.shadow === undefined)
    .map(({ path, edges, labels }) => ({
      path,
      ...(edges === undefined ? {} : { edges }),
      ...(labels === undefined ? {} : { labels }),
    }));
  return slowerThanMs.length + bins.length === 0
    ? undefined
    : {
        slowerThanMs,
        ...(candidateSlowerThanMs.some((threshold, index) => threshold !== slowerThanMs[index]) ? { candidateSlowerThanMs } : {}),
        bins,
        ...(baseline.countedSince === undefined ? {} : { since: baseline.countedSince }),
      };
}
