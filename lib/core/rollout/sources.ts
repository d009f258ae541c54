import type { ErrorsPlan } from '../guardrails/errors';
import { type EvidenceGuardrailPlan, kindOf } from '../guardrails/kinds';
import type { Learnt } from '../guardrails/learnt';
import { type Compared, type MetricSource, routerMetric, type Sources } from '../guardrails/sources';
import { Metric } from '../names';
import { comparedWith, controlRollout } from './control-arm';
import { knownOf } from './baseline';
import type { RolloutState } from './state';

/** What is judged where no guardrail is: failures, which are only observed. */
export const OBSERVED_ERRORS = 'requests';

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

interface Asked extends Compared, Pick<Rollout, 'baseline'> {
  readonly sources: readonly GuardrailSources[];
}

/** What was asked of a plan last. */
const LAST = new WeakMap<RolloutState['plan'], Asked>();

/** The sources of every evidence guardrail that can be judged, in the plan's order. What is compared stays the same for a whole rollout. */
export function guardrailSources(rollout: Rollout): readonly GuardrailSources[] {
  const { plan, baseline } = rollout;
  const compared = comparedOf(rollout);
  const last = LAST.get(plan);
  if (
    last !== undefined && last.baseline === baseline && last.alias === compared.alias &&
    last.candidate === compared.candidate && last.production === compared.production
  ) {
    return last.sources;
  }
  const sources = knownOf(rollout).flatMap(({ guardrail, ...known }): GuardrailSources[] => {
    const found = kindOf(guardrail).sources(guardrail, compared, known);
    return found === undefined ? [] : [{ guardrail, learnt: known.learnt, ...found }];
  });
  LAST.set(plan, { ...compared, baseline, sources });
  return sources;
}

/** Everything that has to be read for a judgement. */
export function metricsOf(state: Rollout): MetricSource[] {
  return [state, ...[controlRollout(state)].filter((control) => control !== undefined)].flatMap((rollout) => [
    ...Object.values(requestSources(rollout)), ...sourcesOf(rollout).flatMap(({ candidate, production, answers }) => [
      candidate.total, ...candidate.parts, production.total, ...production.parts, ...answers?.candidate ?? [], ...answers?.production ?? [],
    ]),
  ]);
}

/** Of every guardrail that is judged; where none is, requests are observed. */
export function sourcesOf(state: Rollout): readonly GuardrailSources[] {
  const guardrails = guardrailSources(state);
  if (guardrails.length > 0) {
    return guardrails;
  }
  const observed: ErrorsPlan = { kind: 'errors', name: OBSERVED_ERRORS, action: 'observe' };
  return guardrailSources({ ...state, plan: { ...state.plan, guardrails: [observed] } });
}
