import { boundedSums, largestDeviation } from '../judge/bounded-means';
import type { CommonGuardrailPlan } from './common';
import { type EvidenceKind, PLAIN } from './kind';
import type { MetricSource, SideSources } from './sources';

/** Mean of any CloudWatch metric whose values are known to lie within bounds. */
export interface MeanMetricPlan extends CommonGuardrailPlan {
  readonly kind: 'mean';
  readonly label: string;
  readonly candidate: MeanMetricSource;
  readonly production: MeanMetricSource;
  /** Bounds of a single value, in its unit. */
  readonly lowest: number;
  readonly highest: number;
  readonly worse: 'lower' | 'higher';
  /** Factor on what production's mean is above `lowest` that does not yet count as worse: at most 1 where lower is worse. */
  readonly allowed: number;
  /** Factor that certification must exclude. */
  readonly margin: number;
}

/** A metric of which sum and number of samples are read. */
export type MeanMetricSource = Omit<MetricSource, 'statistic'>;

export const mean: EvidenceKind<MeanMetricPlan> = {
  ...PLAIN,
  factories: ['metricMean'],
  unit: () => 'request',
  countsAssigned: false,
  sources: ({ candidate, production }) => ({
    writesZeros: true, candidate: valuesOf(candidate), production: valuesOf(production),
  }),
  history: ({ production, lowest, highest }) => {
    const { total, parts: [sum] } = valuesOf(production);
    return [{ total, bad: sum, bounds: { lowest, highest } }];
  },
  hasExactForm: () => false,
  judged: ({ name, action, label, lowest, highest, worse, allowed, margin }, { learnt }) => {
    const bounds = { lowest, highest };
    return [
      {
        kind: 'mean',
        name,
        action,
        label,
        worse,
        allowed,
        margin,
        bounds,
        capped: true,
        // Any deviation is valid, as long as it is fixed before the data.
        standardDeviation: learnt.deviation ?? largestDeviation(0.5, bounds),
      },
    ];
  },
  measured: (plan, candidate, production) => ({
    kind: 'mean',
    candidate: boundedSums(candidate.total, candidate.bad[0], plan),
    production: boundedSums(production.total, production.bad[0], plan),
  }),
  replayed: undefined,
  sees: ['values'],
};

/** Number and sum of the values of a metric. */
function valuesOf(metric: MeanMetricSource): SideSources {
  return { total: { ...metric, statistic: 'SampleCount' }, parts: [{ ...metric, statistic: 'Sum' }] };
}
