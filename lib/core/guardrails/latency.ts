import { MEASURED_REQUESTS, Metric, slowMetric } from '../names';
import { ReplayGuardrail } from '../replay/plan';
import { type BoundsPlan, boundsOf, type BySegmentsPlan, type CommonGuardrailPlan } from './common';
import { type EvidenceKind, PLAIN } from './kind';
import { noiseOf, quantileForm } from './learnt';
import { beyond, candidateThreshold } from './quantiles';
import { ofBoth } from './sources';

/** Requests slower than production's own quantiles before the rollout, as the router counts them. */
export interface LatencyPlan extends CommonGuardrailPlan, BoundsPlan, BySegmentsPlan {
  readonly kind: 'latency';
  /** In (0, 1), at most three. */
  readonly quantiles: readonly number[];
  /**
   * Times production's latency that the candidate's may be, at least 1. Absent: 1. The bounds are about shares of requests that are slower
   * than that.
   */
  readonly slowdown?: number;
}

export const latency: EvidenceKind<LatencyPlan> = {
  ...PLAIN,
  factories: ['latency'],
  unit: () => 'caller',
  countsAssigned: true,
  counted: ({ quantiles, slowdown: factor = 1 }) => ({
    quantiles: { metric: Metric.MODEL_LATENCY, values: 'latencies', quantiles, factor },
  }),
  cells: ({ quantiles }, { thresholds }, { threshold }) =>
    thresholds.map((_, index) => ({ outcome: 1 + threshold + index, form: quantileForm(quantiles[index]), byThreshold: true })),
  sources: (_plan, compared, { learnt: { thresholds }, place }) =>
    thresholds.length === 0
      ? undefined
      : { writesZeros: true, ...ofBoth(compared, MEASURED_REQUESTS, thresholds.map((_, index) => slowMetric(place.threshold + index))) },
  history: (_plan, production, { thresholds }) => thresholds.map((threshold) => beyond(production, Metric.MODEL_LATENCY, threshold)),
  hasExactForm: () => false,
  judged: ({ name, action, quantiles, slowdown = 1, ...plan }, { learnt, periodSeconds }) =>
    learnt.thresholds.length === 0
      ? []
      : [
          {
            kind: 'counts',
            name,
            action,
            ...boundsOf(plan),
            outcomes: quantiles.map((quantile, index) => ({
              label: slowerLabel(learnt.thresholds[index], candidateThreshold(slowdown, learnt.thresholds[index])),
              form: quantileForm(quantile),
              ...noiseOf(learnt, index, periodSeconds),
            })),
          },
        ],
  measured: (_plan, candidate, production) => ({ kind: 'counts', candidate, production }),
  replayed: ReplayGuardrail.LATENCY,
  sees: ['latency'],
};

function slowerLabel(production: number, candidate: number): string {
  const [least, allowed] = [production, candidate].map((ms) => Number(ms.toFixed(1)));
  return `requests slower than ${least} ms${allowed === least ? '' : ` (${allowed} ms the candidate's)`}`;
}
