import { type BoundedMeanPlan, judgedMean, measuredMean } from './bounded-mean';
import { type EvidenceKind, PLAIN } from './kind';
import type { MetricSource, SideSources } from './sources';

/** Mean of any CloudWatch metric whose values are known to lie within bounds. */
export interface MeanMetricPlan extends BoundedMeanPlan {
  readonly kind: 'mean';
  readonly label: string;
  readonly candidate: MeanMetricSource;
  readonly production: MeanMetricSource;
  readonly worse: 'lower' | 'higher';
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
  judged: (plan, { learnt }) => [judgedMean(plan, learnt, { label: plan.label, worse: plan.worse })],
  measured: measuredMean,
  replayed: undefined,
  sees: ['values'],
};

/** Number and sum of the values of a metric. */
function valuesOf(metric: MeanMetricSource): SideSources {
  return { total: { ...metric, statistic: 'SampleCount' }, parts: [{ ...metric, statistic: 'Sum' }] };
}
