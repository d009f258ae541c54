import { keptMeasures } from './callers';
import { contentOf } from '../routing/direct';
import { productionOf } from '../routing/effective';
import type { DeclaredRoute, Variant } from '../routing/route';
import { defaultTimeBudgetMs } from '../routing/time-budget';
import { VariantName } from '../names';
import { duration } from '../text';
import type { RolloutPlan } from './plan';
import type { Rejection, RolloutState, Served } from './state';
import { takenOver } from './take-over';

/** What the gate knows when CloudFormation calls it to create or update an alias. */
export interface GateSituation {
  /** The template's route. */
  readonly declared: DeclaredRoute;
  /** The template's second model, for detached rollouts. */
  readonly candidate?: Variant;
  readonly plan?: RolloutPlan;
  /** The route as it stands; undefined if there is none, or none that can be read. */
  readonly stored?: DeclaredRoute;
  /**
   * The stored route is that of another router, or has another key: the endpoint has moved in the construct tree, or has another name now.
   */
  readonly moved?: 'tree' | 'name';
  /** The rollout whose id the stored route has, unless it has ended. */
  readonly running?: RolloutState;
  /** The alias's last rollout, running or not. */
  readonly last?: RolloutState;
  /** Digest of the candidate of the template before. */
  readonly formerCandidate?: string;
  /** What is remembered of the versions that the template asks for. */
  readonly rejections: readonly Rejection[];
  readonly served?: Served;
  readonly now: number;
}

export type GateAction =
  /** Write this route; `why` is kept where it is no matter of course. */
  | {
      readonly act: 'write';
      readonly route: DeclaredRoute;
      readonly why?: string;
      /** A rollout ends by it that is not taken up again. */ readonly ends?: boolean;
    }
  | { readonly act: 'refuse'; readonly reason: string }
  /** The running rollout goes on, changed so. */
  | { readonly act: 'go on'; readonly route: DeclaredRoute; readonly change: (state: RolloutState) => RolloutState }
  /** Begin a rollout from one version to another; with `from`, where that rollout stands. */
  | {
      readonly act: 'roll out';
      readonly route: DeclaredRoute;
      readonly production: Variant;
      readonly candidate: Variant;
      readonly promoted: DeclaredRoute;
      readonly plan: RolloutPlan;
      readonly from?: RolloutState;
    };

/**
 * What the gate does. A template that brings another model begins a rollout if it has a plan; one that leaves the model as it is
 * leaves a running rollout alone.
 */
export function gateAction(given: GateSituation): GateAction {
  const situation = withKeptMeasures(given);
  const { declared, plan, stored, moved, running, served, now } = situation;
  const current = stored && productionOf(stored);
  if (stored === undefined || current === undefined) {
    return begin(situation, declared);
  }
  if (moved !== undefined && running !== undefined && stored.rollout?.aborted === undefined) {
    return {
      act: 'refuse',
      reason:
        `the endpoint ${moved === 'tree' ? 'moves in the construct tree' : 'gets another name'} while a rollout is under way on `
          + `${running.alias}, which would end it; ` +
        'wait for its end or stop it with "model-rollout abort", and deploy again',
    };
  }
  const base = baseOf(situation, current);
  const target = productionOf(base);
  if (target.version === current.version) {
    return begin(situation, base);
  }
  const rejection = rejectionOf(situation, target);
  if (rejection !== undefined) {
    return refusal(rejection);
  }
  if (plan === undefined) {
    return { act: 'write', route: base };
  }
  if (moved === 'tree') {
    return {
      act: 'refuse',
      reason:
        'the endpoint moves in the construct tree and its model changes in one deployment; the router at the new place may not call '
          + 'the model at the old one, ' +
        'so there would be no rollout: deploy the move first, and the model after it',
    };
  }
  if (plan.answer === 'detached') {
    return productionChange(situation, base);
  }
  if (served !== undefined && now - served.until < plan.rollbackWindowSeconds * 1_000) {
    return {
      act: 'write',
      route: base,
      why: `this version was in production ${duration(Math.round((now - served.until) / 1_000))} ago, within the rollback window: it `
        + 'returns without steps',
    };
  }
  return {
    act: 'roll out', route: stored, plan, production: asProduction(current),
    candidate: asCandidate(target, plan.candidateTimeBudgetMs ?? defaultTimeBudgetMs(target.timeBudgetMs)), promoted: declared,
  };
}

/**
 * What the gate does when CloudFormation restores an earlier template: its versions are still there, so it is obeyed at once,
 * whatever it says; but an experiment that it declares, and that is still running, goes on.
 */
export function restoration(given: GateSituation): GateAction {
  const situation = withKeptMeasures(given);
  const { declared, candidate, plan, stored, running } = situation;
  const current = stored && productionOf(stored);
  if (stored === undefined || current === undefined) {
    return { act: 'write', route: declared };
  }
  const base = baseOf(situation, current);
  if (
    candidate === undefined ||
    plan === undefined ||
    stored.rollout === undefined ||
    stored.rollout.aborted !== undefined ||
    running?.candidate.version !== candidate.version
  ) {
    return { act: 'write', route: base };
  }
  if (productionOf(base).version !== current.version) {
    return keepExperiment(situation, base, running);
  }
  const goingOn = goOn(situation, base, running);
  return goingOn.act === 'refuse' ? { act: 'write', route: underWay(base, stored) } : goingOn;
}

/** What is declared, with what routers go on counting for the next rollout. */
function withKeptMeasures(situation: GateSituation): GateSituation {
  const { declared, stored } = situation;
  return { ...situation, declared: { ...declared, ...keptMeasures({ ...declared, measures: stored?.measures }) } };
}

/** The production version stays as it is: write what else is declared, and see to an explicit candidate. */
function begin(situation: GateSituation, route: DeclaredRoute): GateAction {
  const { candidate, plan, stored, running, last, formerCandidate } = situation;
  const production = productionOf(route);
  if (candidate === undefined || plan === undefined || candidate.version === production.version) {
    return { act: 'write', route };
  }
  const unchanged = formerCandidate === candidate.version;
  const rejection = rejectionOf(situation, candidate);
  if (rejection !== undefined) {
    // The rejected candidate still stands in a template that was changed elsewhere: that is no new attempt.
    return unchanged ? { act: 'write', route } : refusal(rejection);
  }
  if (running?.candidate.version === candidate.version && stored?.rollout !== undefined) {
    return stored.rollout.aborted === undefined ? goOn(situation, route, running) : { act: 'write', route: underWay(route, stored) };
  }
  if (unchanged && last?.candidate.version === candidate.version && last.outcome?.result === 'superseded') {
    // A deployment has ended it, and the candidate was left where it is.
    return { act: 'write', route };
  }
  return {
    act: 'roll out',
    route,
    plan,
    production,
    candidate: asCandidate(candidate, candidate.timeBudgetMs),
    promoted: withProduction(route, candidate),
  };
}

/** The rollout goes on under the new settings of route and plan. */
function goOn({ candidate, plan, stored }: GateSituation, route: DeclaredRoute, running: RolloutState): GateAction {
  const taken = takenOver(running, plan!);
  if ('problem' in taken) {
    return {
      act: 'refuse',
      reason:
        `a rollout is under way on ${running.alias}, and cannot go on with what has changed: ${taken.problem}; undo the change until `
          + 'its end, or end it: ' +
        'take the candidate out for one deployment, and add it again with the new plan',
    };
  }
  return {
    act: 'go on',
    route: underWay(route, stored!),
    change: (state) => ({
      ...state,
      plan: taken,
      candidate: { ...state.candidate, timeBudgetMs: candidate!.timeBudgetMs },
      promoted: withProduction(route, candidate!),
    }),
  };
}

/** Production changes under a plan that is for the candidate alone. */
function productionChange(situation: GateSituation, route: DeclaredRoute): GateAction {
  const { plan, running, candidate } = situation;
  switch (plan!.productionChange) {
    case 'end':
      return { act: 'write', route, ends: running !== undefined, why: 'production has changed, which ends the rollout of the candidate' };
    case 'keep':
      return running !== undefined && running.candidate.version === candidate?.version
        ? keepExperiment(situation, route, running)
        : begin(situation, route);
    default:
      return {
        act: 'refuse',
        reason:
          "this rollout takes longer than a deployment may last, so a change of the model itself is not rolled out: declare the new "
            + "model as the rollout's candidate, " +
          'or, for a repair that must be in production at once, set productionChange to ProductionChange.KEEP or ProductionChange.END',
      };
  }
}

/** The candidate keeps its share, and is compared with the new production from here on. */
function keepExperiment({ candidate, plan, stored }: GateSituation, route: DeclaredRoute, running: RolloutState): GateAction {
  const taken = takenOver(running, plan!);
  return {
    act: 'roll out', route: underWay(route, stored!), plan: 'problem' in taken ? running.plan : taken, production: productionOf(route),
    candidate: asCandidate(candidate!, candidate!.timeBudgetMs), promoted: withProduction(route, candidate!),
    // A control is a copy of production: the comparison begins again with one of the new production.
    ...(running.stage >= 0 && running.plan.control === undefined && { from: running }),
  };
}

/** The declared route, or, once the candidate is in production, the route with it. */
function baseOf({ declared, candidate }: GateSituation, current: Variant): DeclaredRoute {
  return candidate !== undefined && current.version === candidate.version ? withProduction(declared, candidate) : declared;
}

/** What is declared, with what the rollout has made of it. */
function underWay(route: DeclaredRoute, { variants, lease, rollout, measures, mirrors: stored = [] }: DeclaredRoute): DeclaredRoute {
  const mirrors = [...(route.mirrors ?? []), ...stored.filter((mirror) => mirror.rollout !== undefined)];
  return {
    ...route,
    variants,
    ...(lease && { lease }),
    ...(rollout && { rollout }),
    ...(measures && { measures }),
    ...(mirrors.length > 0 && { mirrors }),
  };
}

function rejectionOf({ rejections }: GateSituation, variant: Variant): Rejection | undefined {
  return rejections.find((rejection) => rejection.version === contentOf(variant));
}

function refusal({ reason, at, version }: Rejection): GateAction {
  return {
    act: 'refuse',
    reason: `version ${version.slice(0, 12)} was rejected on ${new Date(at).toISOString()} (${reason}); "model-rollout retry" allows `
      + 'another try',
  };
}

function asProduction(variant: Variant): Variant {
  return { ...variant, name: VariantName.PRODUCTION, role: 'production' };
}

/** What a candidate does not answer within its budget, production must still have the time to answer. */
function asCandidate(variant: Variant, timeBudgetMs: number): Variant {
  return { ...variant, name: VariantName.CANDIDATE, role: 'candidate', timeBudgetMs };
}

function withProduction(route: DeclaredRoute, candidate: Variant): DeclaredRoute {
  const { timeBudgetMs } = productionOf(route);
  return { ...route, variants: [{ ...candidate, name: VariantName.PRODUCTION, role: 'production', weight: 1, timeBudgetMs }] };
}
