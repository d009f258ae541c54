import type { Construct } from 'constructs';
import type { RolloutControl } from '../control-plane/rollout-control';
import { ROLLOUT_DEFAULTS } from '../core/rollout/defaults';
import { routeKey } from '../core/names';
import type { CapacityPlan, RolloutPlan } from '../core/rollout/plan';
import type { TargetVariantAccess as AccessRule } from '../core/routing/route';
import type { EndpointAlias } from '../endpoint/endpoint-alias';
import type { ModelEndpoint } from '../endpoint/model-endpoint';
import { TargetVariantAccess } from '../endpoint/target-variant-access';
import { plainSeconds } from '../validate/seconds';
import { settlingOf } from './judgement-plan';
import { intervalOf, leaseOf, metricsOf, optionalSeconds, type RolloutCourse, timeBudgetOf, timedStages } from './rollout-course';
import type { JudgedBy } from './rollout-guardrails';
import { hookPoint } from './rollout-hook';
import type { RolloutOptions } from './rollout-options';
import { ProductionChange, InsufficientTrafficAction } from './rollout-policies';
import type { RolloutReplay } from './rollout-replay';
import type { RolloutSchedule } from './rollout-schedule';
import type { RolloutShadow } from './rollout-shadow';
import type { RolloutTerms } from './rollout-terms';
import type { RolloutVersions } from './rollout-versions';
import { smokeTestPlan } from './smoke-test';
import { countCallers } from './sticky-callers';

/** A rollout with nothing wrong, as far as it is built. */
export interface RolloutInParts {
  readonly scope: Construct;
  readonly options: RolloutOptions;
  readonly course: RolloutCourse;
  readonly endpoint: ModelEndpoint;
  readonly alias: EndpointAlias;
  readonly control: RolloutControl;
  readonly versions: RolloutVersions;
  readonly judged: JudgedBy;
  readonly schedule: RolloutSchedule;
  readonly replay?: RolloutReplay;
  readonly shadow?: RolloutShadow;
}

/** From now on the alias moves by the rollout's plan, and routers count what it needs. */
export function attachPlan(rollout: RolloutInParts, calendars: readonly string[]): void {
  const { scope, alias, versions, judged, schedule } = rollout;
  countCallers(alias, judged.plans, judged.judgement);
  alias.attachRollout({
    scope,
    candidate: versions.candidate,
    plan: planOf(rollout, calendars, admitVersions(rollout)),
    serviceTimeoutSeconds: schedule.serviceTimeoutSeconds,
    waitConditionSeconds: schedule.waitConditionSeconds,
  });
}

/** What is the same of a plan whatever carries it out. */
export function settledPlan(
  options: RolloutTerms, course: RolloutCourse, schedule: RolloutSchedule, judged: JudgedBy, calendars: readonly string[],
): Omit<RolloutPlan, 'drainSeconds'> {
  const intervalSeconds = intervalOf(options);
  return {
    schema: 1,
    kind: course.kind,
    answer: schedule.answer,
    stages: schedule.stages,
    settlingSeconds: settlingOf(options),
    deadlineSeconds: schedule.deadlineSeconds,
    intervalSeconds,
    leaseSeconds: leaseOf(options),
    metrics: metricsOf(timedStages(options, schedule.stages), intervalSeconds),
    minimumRequests: options.minRequests ?? ROLLOUT_DEFAULTS.minimumRequests,
    tooFewRequests: (options.insufficientTraffic ?? InsufficientTrafficAction.HOLD).toLowerCase() as RolloutPlan['tooFewRequests'],
    guardrails: judged.plans,
    judgement: judged.judgement,
    readinessSeconds: optionalSeconds(options.readinessTimeout) ?? ROLLOUT_DEFAULTS.readinessSeconds,
    smokeTests: (options.smokeTests ?? []).map(smokeTestPlan),
    warmUpRequests: options.warmUpRequests,
    hooks: (options.hooks ?? []).map(({ point, handler }) => ({ point: hookPoint(point), functionArn: handler.functionArn })),
    windows: (options.timeWindows ?? []).map((window) => window._plan()),
    calendars,
    rollbackWindowSeconds: options.rollbackWindow === undefined ? 0 : plainSeconds(options.rollbackWindow),
    topicArn: options.notifications?.topicArn,
  };
}

function planOf(rollout: RolloutInParts, calendars: readonly string[], capacity: CapacityPlan | undefined): RolloutPlan {
  const { options, course, endpoint, alias: { router }, versions, judged, schedule } = rollout;
  const { previewAlias } = course;
  return {
    ...settledPlan(options, course, schedule, judged, calendars),
    replay: rollout.replay?.plan,
    shadow: rollout.shadow?.plan,
    control: course.control,
    // Capacity that is scarce comes late: who has not said otherwise waits for it as long as the rollout may last.
    ...(versions.moving._beginsWithoutCapacity() && options.readinessTimeout === undefined
      ? { readinessSeconds: schedule.deadlineSeconds }
      : {}),
    capacity,
    instanceRequestsPerMinute: versions.moving._declaredCapacity().instances?.requestsPerMinute,
    ignoresCapacity: options.preWarm === false ? true : undefined,
    previewAlias: previewAlias === undefined ? undefined : routeKey(endpoint.endpointName, previewAlias),
    previewAccess: previewAlias === undefined ? undefined : previewAccess(rollout),
    drainSeconds: router.drainSeconds,
    candidateTimeBudgetMs: timeBudgetOf(options, router.timeoutMs),
    productionChange: productionChange(options),
    evidence: options.evidence?._plan(),
    modelPackage: versions.modelPackage,
  };
}

/** Let the controller see and pre-warm versions; the capacity of the one that gets traffic goes into the plan. */
function admitVersions({ options, control, versions }: RolloutInParts): CapacityPlan | undefined {
  const { role } = control.controller;
  const [capacity] = [...(versions.candidate === undefined ? [] : [versions.candidate]), versions.production].map((version) => {
    version._admitController(role);
    // Also of the version that stays: what it has is held while the other has requests.
    return version._preWarm(role);
  });
  return options.preWarm === false ? undefined : capacity;
}

/** Absent where IAM decides for each alias by itself. */
function previewAccess({ scope, options, endpoint }: RolloutInParts): AccessRule | undefined {
  const access = options.previewAccess ?? (endpoint._iamAuth ? undefined : TargetVariantAccess.nobody());
  return access?._rule(scope);
}

function productionChange(options: RolloutOptions): RolloutPlan['productionChange'] {
  switch (options.productionChange ?? ProductionChange.REFUSE) {
    case ProductionChange.KEEP: return 'keep';
    case ProductionChange.END: return 'end';
    default: return undefined;
  }
}
