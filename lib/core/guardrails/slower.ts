import { slowMetric } from '../names';
import type { ReplayGuardrail } from '../replay/plan';
import { type Timing, TIMINGS } from '../routing/measures';
import { type BoundsPlan, boundsOf, type BySegmentsPlan, type CommonGuardrailPlan } from './common';
import { type EvidenceKind, PLAIN, type Trait } from './kind';
import { noiseOf, quantileForm } from './learnt';
import { beyond, candidateThreshold, countAbove } from './quantiles';
import { type Compared, isDirect, ofBoth, routerMetric, type SideSources, type Sources } from './sources';

/** Requests slower than production's own quantiles before the rollout, as the router counts them. */
export interface SlowerPlan extends CommonGuardrailPlan, BoundsPlan, BySegmentsPlan {
  /** In (0, 1), at most three. */
  readonly quantiles: readonly number[];
  /**
   * Times production's time that the candidate's may be, at least 1. Absent: 1. The bounds are about shares of requests that are slower
   * than that.
   */
  readonly slowdown?: number;
}

/** What there is to know of a comparison of one of the times that an answer has. */
export interface TimedKind {
  readonly timing: Timing;
  readonly factory: string;
  /** As in "production has no latencies of the last day". */
  readonly values: string;
  /** As in "requests slower than 250 ms". */
  readonly slower: string;
  readonly sees: Trait;
  /** Whether a replay says something of it. */
  readonly replayed?: ReplayGuardrail;
}

/** A comparison of one of the times that an answer has. */
export function slowerKind<Plan extends SlowerPlan>({ timing, factory, values, slower, sees, replayed }: TimedKind): EvidenceKind<Plan> {
  const { metric, measured } = TIMINGS[timing];
  return {
    ...PLAIN,
    factories: [factory],
    unit: () => 'caller',
    countsAssigned: true,
    counted: ({ quantiles, slowdown: factor = 1 }) => ({ quantiles: { timing, values, quantiles, factor } }),
    cells: ({ quantiles }, { thresholds }, { threshold }) =>
      thresholds.map((_, index) => ({ outcome: 1 + threshold + index, form: quantileForm(quantiles[index]), byThreshold: true })),
    sources: ({ slowdown = 1 }, compared, { learnt: { thresholds }, place }) => {
      if (thresholds.length === 0) {
        return undefined;
      }
      return isDirect(compared.alias)
        ? ofDistributions(compared, { metric, measured }, thresholds, slowdown)
        : { writesZeros: true, ...ofBoth(compared, measured, thresholds.map((_, index) => slowMetric(place.threshold + index))) };
    },
    history: (_plan, production, { thresholds }) => thresholds.map((threshold) => beyond(production, metric, threshold)),
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
                label: label(slower, learnt.thresholds[index], candidateThreshold(slowdown, learnt.thresholds[index])),
                form: quantileForm(quantile),
                ...noiseOf(learnt, index, periodSeconds),
              })),
            },
          ],
    replayed,
    sees: [sees],
  };
}

/** Without a router the service's own distribution says how many were slower, whatever the threshold. */
function ofDistributions(
  { alias, candidate, production }: Compared, { metric, measured }: { readonly metric: string; readonly measured: string },
  thresholds: readonly number[], slowdown: number,
): Sources {
  const of = (version: string, factor: number): SideSources => ({
    total: routerMetric(alias, version, measured),
    parts: thresholds.map((threshold) => ({
      ...routerMetric(alias, version, metric), statistic: countAbove(candidateThreshold(factor, threshold)),
    })),
  });
  return { writesZeros: false, candidate: of(candidate, slowdown), production: of(production, 1) };
}

function label(slower: string, production: number, candidate: number): string {
  const [least, allowed] = [production, candidate].map((ms) => Number(ms.toFixed(1)));
  return `${slower} ${least} ms${allowed === least ? '' : ` (${allowed} ms the candidate's)`}`;
}
