import type { EvidenceGuardrailPlan, GuardrailPlan } from '../guardrails/kinds';
import { evidenceGuardrails, kindOf } from '../guardrails/kinds';
import type { Place, QuantileCounts } from '../guardrails/kind';
import type { Learnt, OutcomeNoise } from '../guardrails/learnt';
import { candidateThreshold } from '../guardrails/quantiles';
import type { CallerBias } from '../judge/caller-bias';
import type { CallerTraffic } from '../judge/caller-traffic';
import type { Metric } from '../names';
import { type Measures, TIMINGS } from '../routing/measures';

interface Guarded {
  readonly guardrails: readonly GuardrailPlan[];
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

/** A guardrail by evidence, what is known of it, and which of the route's measures are its own. */
export interface KnownGuardrail {
  readonly guardrail: EvidenceGuardrailPlan;
  readonly learnt: Learnt;
  readonly place: Place;
}

/** The plan's guardrails that are judged by evidence, in their order: routers' measures follow it. */
export function knownOf({ plan, baseline }: { readonly plan: Guarded; readonly baseline?: Partial<Baseline> }): KnownGuardrail[] {
  const place = { threshold: 0, bins: 0, sums: 0, schemas: 0 };
  return evidenceGuardrails(plan).map((guardrail) => {
    const known = { guardrail, learnt: learntOf(baseline ?? {}, guardrail.name), place: { ...place } };
    const { quantiles, bins, sum, schema } = kindOf(guardrail).counted(guardrail, known.learnt.thresholds);
    place.threshold += quantiles === undefined ? 0 : known.learnt.thresholds.length;
    place.bins += Number(bins !== undefined);
    place.sums += Number(sum !== undefined);
    place.schemas += Number(schema !== undefined);
    return known;
  });
}

/** What history said of one guardrail. */
function learntOf({ thresholds, noise, frequent = [], deviations }: Partial<Baseline>, guardrail: string): Learnt {
  const deviation = deviations?.[guardrail];
  return {
    thresholds: thresholds?.[guardrail] ?? [],
    noise: noise?.[guardrail] ?? [],
    frequent: frequent.includes(guardrail),
    ...(deviation === undefined ? {} : { deviation }),
  };
}

/** A guardrail that needs quantiles of production's. */
export type QuantileGuardrail = QuantileCounts & { readonly name: string };

/** The plan's guardrails that compare with production's quantiles, in their order. */
export function quantileGuardrails(plan: Guarded): QuantileGuardrail[] {
  return evidenceGuardrails(plan).flatMap((guardrail) => {
    const { quantiles } = kindOf(guardrail).counted(guardrail, []);
    return quantiles === undefined ? [] : [{ name: guardrail.name, ...quantiles }];
  });
}

/** Quantiles of production's last day that a guardrail needs, of one metric. */
export interface NeededQuantiles {
  readonly guardrail: string;
  /** What the values are called. */
  readonly values: string;
  readonly metric: Metric;
  readonly quantiles: readonly number[];
}

/** The quantiles by which slow requests are counted. */
export function slowQuantiles(guardrails: readonly QuantileGuardrail[]): NeededQuantiles[] {
  return guardrails.map(({ name: guardrail, timing, ...needed }) => ({ guardrail, ...needed, metric: TIMINGS[timing].metric }));
}

/** The quantiles that bound sums; a guardrail may need several. */
export function boundingQuantiles(plan: Guarded): NeededQuantiles[] {
  return evidenceGuardrails(plan).flatMap((guardrail) => {
    const learns = kindOf(guardrail).learns(guardrail);
    return (learns?.quantiles ?? []).map(({ metric, quantile }) => ({
      guardrail: guardrail.name, values: learns!.values, metric, quantiles: [quantile],
    }));
  });
}

/** What routers must count for a plan; undefined where requests and failures suffice. */
export function measuresOf(plan: Guarded, baseline: Baseline | undefined): Measures | undefined {
  if (baseline === undefined) {
    return undefined;
  }
  const counted = knownOf({ plan, baseline }).map(({ guardrail, learnt }) => ({
    learnt, ...kindOf(guardrail).counted(guardrail, learnt.thresholds),
  }));
  const slower = counted.flatMap(({ learnt, quantiles }) =>
    quantiles === undefined
      ? []
      : learnt.thresholds.map((production) => ({
          timing: quantiles.timing, production, candidate: candidateThreshold(quantiles.factor, production),
        })),
  );
  const bins = counted.flatMap((each) => each.bins ?? []);
  const sums = counted.flatMap((each) => each.sum ?? []);
  const schemas = counted.map((each) => each.schema).filter((schema) => schema !== undefined);
  return slower.length + bins.length + sums.length + schemas.length === 0
    ? undefined
    : {
        slowerThanMs: slower.map(({ production }) => production),
        ...(slower.some(({ production, candidate }) => candidate !== production)
          ? { candidateSlowerThanMs: slower.map(({ candidate }) => candidate) }
          : {}),
        ...(slower.some(({ timing }) => timing !== 'answer') ? { slowerIn: slower.map(({ timing }) => timing) } : {}),
        bins,
        ...(sums.length === 0 ? {} : { sums }),
        ...(schemas.length === 0 ? {} : { schemas }),
        ...(baseline.countedSince === undefined ? {} : { since: baseline.countedSince }),
      };
}
