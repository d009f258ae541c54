import { type Duration, Stack, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { MOST_WARM_UP_REQUESTS } from '../core/aws-limits';
import { ROLLOUT_DEFAULTS } from '../core/rollout/defaults';
import type { ReplayPlan } from '../core/replay/plan';
import type { CapacityPlan, JudgementPlan, RolloutPlan, ShadowPlan, Stage } from '../core/rollout/plan';
import type { GuardrailPlan } from '../core/guardrails/kinds';
import type { Schedule, ScheduleInput } from '../core/rollout/schedule';
import type { TargetVariantAccess as AccessRule } from '../core/routing/route';
import { defaultTimeBudgetMs } from '../core/routing/time-budget';
import { CATASTROPHE } from '../guardrail/catastrophe-guardrail';
import { wholeProblem } from '../validate/limits';
import { replayOptionProblems, replaySeconds } from '../replay/replay-plan';
import { expectationProblems } from './foresight';
import { errorComparison, judgementProblems, settlingOf, uncertifiedSeconds } from './judgement';
import { hookPoint } from './rollout-hook';
import type { RolloutOptions } from './rollout-options';
import { plainSeconds, wholeSecondsProblem } from '../validate/seconds';
import { smokeTestPlan, smokeTestProblems } from './smoke-test';
import type { TrafficShift } from './traffic-shift';
import { ProductionChange, RolloutApproval, TooFewRequests } from './rollout-policies';

/** What a kind of rollout decides. */
export interface RolloutCourse {
  readonly kind: RolloutPlan['kind'];
  readonly shift: TrafficShift;
  /** Share of the candidate in the final bake, percent. */
  readonly finalPercent: number;
  /** Production's version is started anew, and compared with. */
  readonly control?: RolloutPlan['control'];
  /** What is wrong with what only this kind can be told. */
  readonly problems?: string[];
  readonly finalBakeSeconds: number;
  /** Name of the property that says how long the final bake lasts. */
  readonly finalBakeName: string;
  readonly previewAlias?: string;
}

/** Counts of this resolution, and how late they are. */
const MINUTES = { periodSeconds: 60, delaySeconds: 60 };
const TEN_SECONDS = { periodSeconds: 10, delaySeconds: 20 };
/** CloudWatch keeps periods below a minute for three hours; one of them is left for holds. */
const TEN_SECONDS_UP_TO = 7_200;
/** The longest that an execution of a state machine may take. */
const YEAR_SECONDS = 31_536_000;

export function stagesOf(options: RolloutOptions, course: RolloutCourse): Stage[] {
  const steps = course.shift._stages(course.finalPercent, errorComparison(options, course.control !== undefined));
  const last = steps.at(-1);
  const full = last?.percent === 100;
  const soak: Stage = {
    percent: course.finalPercent,
    bakeSeconds: full ? Math.max(last.bakeSeconds, course.finalBakeSeconds) : course.finalBakeSeconds,
    approval: full && last.approval,
  };
  const stages = [...(full ? steps.slice(0, -1) : steps), soak];
  const asked = (index: number): boolean => {
    switch (options.approval ?? RolloutApproval.NONE) {
      case RolloutApproval.EVERY_STEP: return true;
      case RolloutApproval.FIRST_STEP: return index === 0;
      case RolloutApproval.FINAL_BAKE: return index === stages.length - 1;
      default: return false;
    }
  };
  return stages.map((stage, index) => ({ ...stage, approval: stage.approval || asked(index) }));
}

export function metricsOf(stages: readonly Stage[], intervalSeconds: number): RolloutPlan['metrics'] {
  return intervalSeconds < 60 && stages.every(({ bakeSeconds }) => bakeSeconds <= TEN_SECONDS_UP_TO) ? TEN_SECONDS : MINUTES;
}

export function intervalOf(options: RolloutOptions): number {
  return seconds(options.interval) ?? ROLLOUT_DEFAULTS.intervalSeconds;
}

export function leaseOf(options: RolloutOptions): number {
  return options.lease === undefined
    ? Math.max(ROLLOUT_DEFAULTS.leaseSeconds, ROLLOUT_DEFAULTS.leaseIntervals * intervalOf(options))
    : plainSeconds(options.lease);
}

/** How long the router waits for the candidate before production serves the request. */
export function timeBudgetOf({ candidateTimeBudget }: RolloutOptions, timeoutMs: number): number {
  return candidateTimeBudget === undefined ? defaultTimeBudgetMs(timeoutMs) : 1_000 * plainSeconds(candidateTimeBudget);
}

/** The stages with those before any traffic, which take their time too. */
function timedStages({ replay, shadow }: RolloutOptions, stages: readonly Stage[]): readonly Stage[] {
  const before = [
    ...(replay === undefined ? [] : [replaySeconds(replay._options(), replay._source().survey(replay._options().labelPath)?.requests)]),
    ...(shadow === undefined ? [] : [plainSeconds(shadow.bakeTime)]),
  ];
  return [...before.map((bakeSeconds) => ({ percent: 0, bakeSeconds, approval: false })), ...stages];
}

export function scheduleInput(options: RolloutOptions, course: RolloutCourse, drainSeconds: number): ScheduleInput {
  const stages = timedStages(options, stagesOf(options, course));
  return {
    stages,
    intervalSeconds: intervalOf(options),
    drainSeconds,
    settlingSeconds: settlingOf(options),
    delaySeconds: metricsOf(stages, intervalOf(options)).delaySeconds,
    waitsForPeople:
      stages.some(({ approval }) => approval) || (options.timeWindows ?? []).length > 0 || (options.changeCalendars ?? []).length > 0,
    detached: options.candidate !== undefined,
    uncertifiedSeconds: uncertifiedSeconds(options),
    deadlineSeconds: seconds(options.deadline),
  };
}

function seconds(duration: Duration | undefined): number | undefined {
  return duration && plainSeconds(duration);
}

/** Everything that is wrong with a rollout's settings by themselves. */
export function optionProblems(options: RolloutOptions, course: RolloutCourse, timeoutMs: number): string[] {
  const interval = intervalOf(options);
  const lease = leaseOf(options);
  const names = [
    ...(options.catastrophicAlarm === false ? [] : [CATASTROPHE]),
    ...(options.guardrails ?? []).map((guardrail) => guardrail._kind().name),
  ];
  const problems = [
    ...(course.problems ?? []),
    ...((course.problems ?? []).length > 0
      ? []
      : course.shift._problems(course.finalPercent, errorComparison(options, course.control !== undefined))),
    ...wholeSecondsProblem(course.finalBakeName, course.finalBakeSeconds, 1, YEAR_SECONDS, 'give it some minutes'),
    ...wholeSecondsProblem(
      'bakeTime of the shadow stage',
      seconds(options.shadow?.bakeTime),
      1,
      YEAR_SECONDS,
      'give it some minutes, in which requests can be compared',
    ),
    ...wholeSecondsProblem('settlingTime of the rollout', settlingOf(options), 0, 86_400, 'a minute is the default, none turns it off'),
    ...wholeSecondsProblem('interval of the rollout', interval, 5, 3_600, 'a minute is the default'),
    ...wholeSecondsProblem('lease of the rollout', lease, 1, YEAR_SECONDS, 'three minutes are the default'),
    ...wholeSecondsProblem('deadline of the rollout', seconds(options.deadline), 1, YEAR_SECONDS, 'leave it out for twice the bake times'),
    ...wholeSecondsProblem('readinessTimeout of the rollout', seconds(options.readinessTimeout), 1, 86_400, 'five minutes are the default'),
    ...wholeSecondsProblem('rollbackWindow of the rollout', seconds(options.rollbackWindow), 0, YEAR_SECONDS, 'leave it out for none'),
    ...wholeProblem('minimumRequests of the rollout', options.minimumRequests, [0, 1e9], 'requests', 'set how many make a judgement'),
    ...wholeProblem(
      'warmUpRequests of the rollout',
      options.warmUpRequests,
      [0, MOST_WARM_UP_REQUESTS],
      'requests',
      'set how many are sent at once',
    ),
    ...smokeTestProblems(options.smokeTests ?? [], options.warmUpRequests ?? 0),
    ...(options.timeWindows ?? []).flatMap((window) => window._problems()),
    ...(options.guardrails ?? []).flatMap((guardrail) => guardrail._kind().problems()),
    ...judgementProblems(options),
    ...(options.replay === undefined ? [] : replayOptionProblems(options.replay._options())),
    ...expectationProblems(options),
    ...(options.candidate?.validate() ?? []),
    ...(options.productionChange !== undefined && options.candidate === undefined
      ? [
          'productionChange is set, but there is no candidate, so that a changed model is what the rollout is for; leave it out, or '
            + 'declare a candidate',
        ]
      : []),
  ];
  const budget = timeBudgetOf(options, timeoutMs);
  if (options.candidateTimeBudget?.isUnresolved() === true) {
    problems.push('candidateTimeBudget is known only at deployment; give a duration');
  } else if (!(budget >= 1 && budget < timeoutMs)) {
    problems.push(
      `candidateTimeBudget is ${budget} ms, but must be between 1 ms and the ${timeoutMs} ms in which the router must have answered, `
        + 'or nothing is left for production; ' +
        'lower it, or leave it out for nearly all of it',
    );
  }
  if (lease < 2 * interval) {
    problems.push(
      `lease of the rollout is ${lease} s, less than two intervals of ${interval} s, so that one late tick would take the candidate's `
        + 'requests away; ' +
        'raise the lease or lower the interval',
    );
  }
  for (const name of new Set(names.filter((each, index) => names.indexOf(each) !== index))) {
    problems.push(`more than one guardrail is named ${JSON.stringify(name)}; give all but one another name`);
  }
  return problems;
}

/** What a plan takes from elsewhere. */
export interface PlanParts {
  readonly replay?: ReplayPlan;
  readonly shadow?: ShadowPlan;
  readonly stages: readonly Stage[];
  readonly schedule: Schedule;
  readonly guardrails: readonly GuardrailPlan[];
  readonly judgement?: JudgementPlan;
  readonly drainSeconds: number;
  readonly candidateTimeBudgetMs: number;
  readonly calendars: readonly string[];
  readonly capacity?: CapacityPlan;
  readonly instanceRequestsPerMinute?: number;
  readonly previewAccess?: AccessRule;
  readonly previewKey?: string;
}

export function planOf(options: RolloutOptions, course: RolloutCourse, parts: PlanParts): RolloutPlan {
  const intervalSeconds = intervalOf(options);
  return {
    schema: 1,
    kind: course.kind,
    answer: parts.schedule.answer,
    replay: parts.replay,
    shadow: parts.shadow,
    stages: parts.stages,
    settlingSeconds: settlingOf(options),
    deadlineSeconds: parts.schedule.deadlineSeconds,
    intervalSeconds,
    leaseSeconds: leaseOf(options),
    metrics: metricsOf(timedStages(options, parts.stages), intervalSeconds),
    minimumRequests: options.minimumRequests ?? ROLLOUT_DEFAULTS.minimumRequests,
    tooFewRequests: (options.tooFewRequests ?? TooFewRequests.HOLD).toLowerCase() as RolloutPlan['tooFewRequests'],
    guardrails: parts.guardrails,
    judgement: parts.judgement,
    readinessSeconds: seconds(options.readinessTimeout) ?? ROLLOUT_DEFAULTS.readinessSeconds,
    smokeTests: (options.smokeTests ?? []).map(smokeTestPlan),
    warmUpRequests: options.warmUpRequests,
    hooks: (options.hooks ?? []).map(({ point, handler }) => ({ point: hookPoint(point), functionArn: handler.functionArn })),
    windows: (options.timeWindows ?? []).map((window) => window._plan()),
    calendars: parts.calendars,
    control: course.control,
    capacity: parts.capacity,
    instanceRequestsPerMinute: parts.instanceRequestsPerMinute,
    ignoresCapacity: options.preWarm === false ? true : undefined,
    previewAlias: parts.previewKey,
    previewAccess: parts.previewAccess,
    drainSeconds: parts.drainSeconds,
    candidateTimeBudgetMs: parts.candidateTimeBudgetMs,
    rollbackWindowSeconds: options.rollbackWindow === undefined ? 0 : plainSeconds(options.rollbackWindow),
    productionChange: productionChange(options),
    topicArn: options.notifications?.topicArn,
  };
}

function productionChange(options: RolloutOptions): RolloutPlan['productionChange'] {
  switch (options.productionChange ?? ProductionChange.REFUSE) {
    case ProductionChange.KEEP: return 'keep';
    case ProductionChange.END: return 'end';
    default: return undefined;
  }
}

/** ARNs of the change calendars, which may be given by name or by ARN. */
export function calendarArns(scope: Construct, options: RolloutOptions): string[] {
  return (options.changeCalendars ?? []).map((calendar) => {
    const name = calendar.documentRef.documentName;
    return !Token.isUnresolved(name) && name.startsWith('arn:')
      ? name
      : Stack.of(scope).formatArn({
          service: 'ssm',
          account: calendar.env.account,
          region: calendar.env.region,
          resource: 'document',
          resourceName: name,
        });
  });
}
