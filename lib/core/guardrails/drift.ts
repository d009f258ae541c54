import { binMetric, MEASURED_REQUESTS, outputMetric, type OutputSide, ShadowMetric } from '../names';
import { binCount } from '../routing/measures';
import type { CommonGuardrailPlan } from './common';
import { type EvidenceKind, PLAIN } from './kind';
import { ofBoth, ofShadow, type SideSources } from './sources';

/** Where a number in the answers falls, as the router counts it. */
export interface DriftPlan extends CommonGuardrailPlan {
  readonly kind: 'drift';
  /** Definite JSON path of a number, or of a text or number that is a class label. */
  readonly path: string;
  /** Inner borders of the bins of a number, increasing; a value equal to a border is in the bin above it. */
  readonly edges?: readonly number[];
  /** Labels of the bins of a class, all others together in one more bin. */
  readonly labels?: readonly string[];
  /** Factor by which a bin's share may change. */
  readonly ratio?: number;
  /** Name of the shadow whose mirror counts, in the router's place, and the index of the value among those that it counts. */
  readonly shadow?: string;
  readonly measure?: number;
}

export const drift: EvidenceKind<DriftPlan> = {
  ...PLAIN,
  factories: ['predictionDrift', 'outputDrift'],
  unit: ({ shadow }) => (shadow === undefined ? 'request' : 'pair'),
  countsAssigned: false,
  counted: ({ path, edges, labels, shadow }) =>
    shadow === undefined ? { bins: { path, ...(edges === undefined ? {} : { edges }), ...(labels === undefined ? {} : { labels }) } } : {},
  sources: (plan, compared, { place }) => {
    const { shadow, measure = 0 } = plan;
    const bins = Array.from({ length: binCount(plan) }, (_, bin) => bin);
    if (shadow === undefined) {
      return { writesZeros: true, ...ofBoth(compared, MEASURED_REQUESTS, bins.map((bin) => binMetric(place.bins, bin))) };
    }
    const of = ofShadow(compared, shadow);
    const side = (side: OutputSide): SideSources => ({
      total: of(ShadowMetric.OUTPUTS), parts: bins.map((bin) => of(outputMetric(side, measure, bin))),
    });
    return { writesZeros: true, candidate: side('Shadow'), production: side('Production') };
  },
  history: () => [],
  hasExactForm: () => false,
  judged: ({ name, action, path, ratio, shadow, ...plan }) => [
    {
      kind: 'drift',
      name,
      action,
      label: `drift of ${path}${shadow === undefined ? '' : ` in shadow ${shadow}`}`,
      bins: binCount({ path, ...plan }),
      ...(ratio === undefined ? {} : { ratio }),
    },
  ],
  measured: (_plan, candidate, production) => ({ kind: 'drift', candidate: candidate.bad, production: production.bad }),
  replayed: undefined,
  sees: ['predictions'],
  output: (plan) =>
    plan.shadow === undefined ? undefined : { shadow: plan.shadow, output: plan.measure ?? 0, bins: binCount(plan) },
};
