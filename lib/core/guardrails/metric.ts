import { Metric } from '../names';
import { type BoundsPlan, boundsOf, type CommonGuardrailPlan, isRatio } from './common';
import { type EvidenceKind, PLAIN } from './kind';
import { noiseOf } from './learnt';
import type { MetricSource } from './sources';

/** Bad outcomes of total outcomes in any CloudWatch metrics, for instance a backend's own where there is no router. */
export interface MetricPlan extends CommonGuardrailPlan, BoundsPlan {
  readonly kind: 'metric';
  readonly label: string;
  readonly candidate: MetricPairPlan;
  readonly production: MetricPairPlan;
}

export interface MetricPairPlan {
  readonly total: MetricSource;
  readonly bad: MetricSource;
}

export const metric: EvidenceKind<MetricPlan> = {
  ...PLAIN,
  factories: ['metric'],
  unit: () => 'request',
  countsAssigned: false,
  sources: ({ candidate, production }) => ({
    writesZeros: false,
    candidate: { total: candidate.total, parts: [candidate.bad] },
    production: { total: production.total, parts: [production.bad] },
  }),
  history: ({ production }) => [production],
  hasExactForm: isRatio,
  judged: ({ name, action, label, ...plan }, { learnt, periodSeconds }) => [
    {
      kind: 'counts',
      name,
      action,
      ...boundsOf(plan),
      outcomes: [{ label, form: learnt.frequent ? 'odds' : 'rate', ...noiseOf(learnt, 0, periodSeconds) }],
    },
  ],
  replayed: undefined,
  sees: ['failures'],
  // Totals stand for requests, bad outcomes for failures.
  standIns: (plan) =>
    (['candidate', 'production'] as const).flatMap((side) => [
      { source: plan[side].total, side, metric: Metric.INVOCATIONS },
      { source: plan[side].bad, side, metric: Metric.FAILURES },
    ]),
};
