import { boundedSums, largestDeviation } from '../judge/bounded-means';
import { MEASURED_GENERATIONS, Metric, sumMetric } from '../names';
import type { SumMeasure, TokenWeights } from '../routing/measures';
import type { CommonGuardrailPlan } from './common';
import { type EvidenceKind, type LearntQuantile, PLAIN, type Trait } from './kind';
import { ofBoth, routerMetric } from './sources';

/** A mean over complete answers of tokens, or of what they cost. */
interface TokenMeanPlan extends CommonGuardrailPlan {
  readonly worse: 'lower' | 'higher';
  /** Factor on production's mean that does not yet count as worse. */
  readonly allowed: number;
  /** Factor that certification must exclude. */
  readonly margin: number;
}

/** Tokens of an answer. */
export interface TokensPlan extends TokenMeanPlan {
  readonly kind: 'tokens';
}

/** What a request and its answer cost. */
export interface CostPlan extends TokenMeanPlan {
  readonly kind: 'cost';
  /** Prices of a million tokens. */
  readonly production: TokenWeights;
  readonly candidate: TokenWeights;
  readonly currency: string;
  /** Date of the prices. */
  readonly asOf: string;
}

const TOKENS_OUT: LearntQuantile = { metric: Metric.TOKENS_OUT, quantile: 0.99 };
const TOKENS_IN: LearntQuantile = { metric: Metric.TOKENS_IN, quantile: 0.99 };

/** Times production's 99 % quantile from which on an answer counts as if it had no more: a mean has no evidence without bounds. */
const ROOM = 2;

/** Requests whose cost is a number that is easily read. */
const REQUESTS = 1_000;

/** A price of a million tokens, as that of a token in so many requests. */
function perToken({ in: given, out }: TokenWeights): TokenWeights {
  return { in: (given * REQUESTS) / 1e6, out: (out * REQUESTS) / 1e6 };
}

function meanKind<Plan extends TokenMeanPlan>(about: {
  readonly factory: string;
  readonly sees: Trait;
  readonly learns: readonly LearntQuantile[];
  readonly weights: (plan: Plan) => { readonly production: TokenWeights; readonly candidate: TokenWeights };
  readonly label: (plan: Plan) => string;
}): EvidenceKind<Plan> {
  const { factory, sees, learns, weights, label } = about;
  /** The most that an answer counts for; undefined where production's quantiles are not known. */
  const mostOf = (plan: Plan, thresholds: readonly number[]): number | undefined => {
    const { production, candidate } = weights(plan);
    const most = learns.reduce((sum, { metric }, index) => {
      const side = metric === Metric.TOKENS_IN ? 'in' : 'out';
      return sum + Math.max(production[side], candidate[side]) * (thresholds[index] ?? 0);
    }, 0);
    return thresholds.length === learns.length && most > 0 ? ROOM * most : undefined;
  };
  return {
    ...PLAIN,
    factories: [factory],
    unit: () => 'request',
    countsAssigned: true,
    learns: () => ({ values: 'tokens', quantiles: learns }),
    counted: (plan, thresholds) => {
      const atMost = mostOf(plan, thresholds);
      return atMost === undefined ? {} : { sum: { ...weights(plan), atMost } satisfies SumMeasure };
    },
    sources: (plan, compared, { learnt: { thresholds }, place }) =>
      mostOf(plan, thresholds) === undefined
        ? undefined
        : { writesZeros: true, ...ofBoth(compared, MEASURED_GENERATIONS, [sumMetric(place.sums)]) },
    // Of a sum of two metrics no history says how it varied; any deviation is valid.
    history: (plan, { alias, production }, { thresholds }) => {
      const highest = mostOf(plan, thresholds);
      const source = routerMetric(alias, production, Metric.TOKENS_OUT);
      return highest === undefined || learns.length > 1
        ? []
        : [{ total: { ...source, statistic: 'SampleCount' }, bad: source, bounds: { lowest: 0, highest } }];
    },
    hasExactForm: () => false,
    judged: (plan, { learnt }) => {
      const highest = mostOf(plan, learnt.thresholds);
      if (highest === undefined) {
        return [];
      }
      const { name, action, worse, allowed, margin } = plan;
      const bounds = { lowest: 0, highest };
      const standardDeviation = learnt.deviation ?? largestDeviation(0.5, bounds);
      return [{ kind: 'mean', name, action, label: label(plan), worse, allowed, margin, bounds, capped: true, standardDeviation }];
    },
    measured: (plan, candidate, production, { thresholds }) => {
      const bounds = { lowest: 0, highest: mostOf(plan, thresholds)! };
      return {
        kind: 'mean',
        candidate: boundedSums(candidate.total, candidate.bad[0], bounds),
        production: boundedSums(production.total, production.bad[0], bounds),
      };
    },
    replayed: undefined,
    sees: [sees],
  };
}

export const tokens = meanKind<TokensPlan>({
  factory: 'tokens',
  sees: 'tokens',
  learns: [TOKENS_OUT],
  weights: () => ({ production: { in: 0, out: 1 }, candidate: { in: 0, out: 1 } }),
  label: () => 'tokens of an answer',
});

export const cost = meanKind<CostPlan>({
  factory: 'cost',
  sees: 'cost',
  learns: [TOKENS_IN, TOKENS_OUT],
  weights: ({ production, candidate }) => ({ production: perToken(production), candidate: perToken(candidate) }),
  label: ({ currency, asOf }) => `cost of ${REQUESTS.toLocaleString('en')} requests in ${currency} (prices of ${asOf})`,
});
