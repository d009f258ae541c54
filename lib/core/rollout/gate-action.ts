import { productionOf } from '../routing/effective';
import type { DeclaredRoute, Variant } from '../routing/route';
import { VariantName } from '../names';
import { duration } from './decide';
import type { RolloutPlan } from './plan';
import type { Rejection, RolloutState, Served } from './state';

/** What the gate knows when CloudFormation calls it to create or update an alias. */
export interface GateSituation {
  /** The template's route. */
  readonly declared: DeclaredRoute;
  /** The template's second model, for detached rollouts. */
  readonly candidate?: Variant;
  readonly plan?: RolloutPlan;
  /** The route as it stands; undefined if there is none, or none that can be read. */
  readonly stored?: DeclaredRoute;
  /** The rollout whose id the stored route has. */
  readonly running?: RolloutState;
  /** The id that a rollout of this request of CloudFormation has, the same for every retry. */
  readonly rolloutId: string;
  /** CloudFormation is restoring an earlier template. */
  readonly rollingBack: boolean;
  /** Digest of the candidate of the template before. */
  readonly formerCandidate?: string;
  /** What is remembered of the version that the template asks for. */
  readonly rejection?: Rejection;
  readonly served?: Served;
  readonly now: number;
}

export type GateAction =
  /** Write this route; `why` is kept where it is no matter of course. */
  | { readonly act: 'write'; readonly route: DeclaredRoute; readonly why?: string }
  | { readonly act: 'refuse'; readonly reason: string }
  /** Begin, or go on with, a rollout from one version to another. */
  | { readonly act: 'roll out'; readonly route: DeclaredRoute; readonly production: Variant; readonly candidate: Variant; readonly promoted: DeclaredRoute };

/** The version that a template wants to bring into production. */
export function wantedVersion(situation: Pick<GateSituation, 'declared' | 'candidate'>): string {
  return (situation.candidate ?? productionOf(situation.declared)).version;
}

/**
 * What the gate does. A template that is restored is obeyed at once, whatever it says: its versions are still there, and it is
 * where CloudFormation goes when something went wrong. A template that brings another model begins a rollout if it has a plan.
 */
export function gateAction(situation: GateSituation): GateAction {
  const { declared, candidate, plan, stored, rollingBack, rejection, served, now } = situation;
  const target = productionOf(declared);
  const current = stored && productionOf(stored);
  if (stored === undefined || current === undefined) {
    return begin(situation, declared);
  }
  const base = candidate !== undefined && current.version === candidate.version ? withProduction(declared, candidate) : declared;
  if (rollingBack) {
    return { act: 'write', route: base, why: 'CloudFormation restores an earlier template' };
  }
  if (productionOf(base).version === current.version) {
    return begin(situation, base);
  }
  if (rejection !== undefined) {
    return refusal(rejection);
  }
  if (plan === undefined) {
    return { act: 'write', route: base };
  }
  if (plan.answer === 'detached') {
    return {
      act: 'refuse',
      reason: `this rollout takes longer than a deployment may last, so a change of the model itself is not rolled out: declare the new model as the rollout's candidate`,
    };
  }
  if (served !== undefined && now - served.until < plan.rollbackWindowSeconds * 1_000) {
    return { act: 'write', route: base, why: `this version was in production ${duration(Math.round((now - served.until) / 1_000))} ago, within the rollback window: it returns without steps` };
  }
  const production: Variant = { ...current, name: VariantName.PRODUCTION, role: 'production' };
  return { act: 'roll out', route: stored, production, candidate: asCandidate(target, plan.candidateTimeBudgetMs ?? Math.floor(target.timeBudgetMs / 2)), promoted: declared };
}

/** The production version stays as it is: write what else is declared, and see to an explicit candidate. */
function begin(situation: GateSituation, route: DeclaredRoute): GateAction {
  const { candidate, plan, stored, running, rejection, formerCandidate, rollingBack, rolloutId } = situation;
  const production = productionOf(route);
  if (candidate === undefined || plan === undefined || candidate.version === production.version || rollingBack) {
    return { act: 'write', route };
  }
  if (rejection !== undefined) {
    // The rejected candidate still stands in a template that was changed elsewhere: that is no new attempt.
    return formerCandidate === candidate.version ? { act: 'write', route } : refusal(rejection);
  }
  const same = running !== undefined && running.outcome === undefined && running.candidate.version === candidate.version && running.id !== rolloutId
    && stored?.rollout?.id === running.id && JSON.stringify(running.plan) === JSON.stringify(plan);
  if (same && stored !== undefined) {
    // The rollout goes on under the new settings of the route.
    const { variants, lease, rollout, measures } = stored;
    const mirrors = [...(route.mirrors ?? []), ...(stored.mirrors ?? []).filter((mirror) => mirror.rollout === running.id)];
    return { act: 'write', route: { ...route, variants, ...(lease && { lease }), ...(rollout && { rollout }), ...(measures && { measures }), ...(mirrors.length > 0 && { mirrors }) } };
  }
  return { act: 'roll out', route, production, candidate: asCandidate(candidate, candidate.timeBudgetMs), promoted: withProduction(route, candidate) };
}

function refusal({ reason, at, version }: Rejection): GateAction {
  return {
    act: 'refuse',
    reason: `version ${version.slice(0, 12)} was rejected on ${new Date(at).toISOString()} (${reason}); "model-rollout retry" allows another try`,
  };
}

/** What a candidate does not answer within its budget, production must still have the time to answer. */
function asCandidate(variant: Variant, timeBudgetMs: number): Variant {
  return { ...variant, name: VariantName.CANDIDATE, role: 'candidate', timeBudgetMs };
}

function withProduction(route: DeclaredRoute, candidate: Variant): DeclaredRoute {
  const { timeBudgetMs } = productionOf(route);
  return { ...route, variants: [{ ...candidate, name: VariantName.PRODUCTION, role: 'production', weight: 1, timeBudgetMs }] };
}
