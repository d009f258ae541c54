import { type EvidenceGuardrailPlan, kindOf } from '../guardrails/kinds';
import type { Learnt } from '../guardrails/learnt';
import { type Compared, type MetricSource, routerMetric, type Sources } from '../guardrails/sources';
import { Metric } from '../names';
import { comparedWith } from './control-arm';
import { knownOf } from './baseline';
import type { RolloutState } from './state';

/** A guardrail, and where its counts come from. */
export interface GuardrailSources extends Sources {
  readonly guardrail: EvidenceGuardrailPlan;
  readonly learnt: Learnt;
}

type Rollout = Pick<RolloutState, 'alias' | 'plan' | 'production' | 'candidate' | 'control' | 'baseline'> &
  Partial<Pick<RolloutState, 'promoted'>>;

/** Which versions a rollout compares. */
function comparedOf({ alias, candidate, ...rollout }: Rollout): Compared {
  return { alias, candidate: candidate.version, production: comparedWith(rollout) };
}

/**
 * The requests that were assigned to each version, production's or those of a control in its place; what production answers in the
 * candidate's place is not among them. Where conversations stay with a version they are what is assigned, and their requests are not.
 */
export function requestSources(rollout: Rollout): { readonly candidate: MetricSource; readonly production: MetricSource } {
  const { alias, candidate, production } = comparedOf(rollout);
  const metric = rollout.promoted?.assignment.source === 'session' ? Metric.CONVERSATIONS : Metric.INVOCATIONS;
  return { candidate: routerMetric(alias, candidate, metric), production: routerMetric(alias, production, metric) };
}

/** The sources of every evidence guardrail that can be judged, in the plan's order. */
export function guardrailSources(rollout: Rollout): GuardrailSources[] {
  const compared = comparedOf(rollout);
  return knownOf(rollout).flatMap(({ guardrail, ...known }) => {
    const sources = kindOf(guardrail).sources(guardrail, compared, known);
    return sources === undefined ? [] : [{ guardrail, learnt: known.learnt, ...sources }];
  });
}
