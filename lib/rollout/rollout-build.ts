import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { ControlPlane } from '../control-plane/control-plane';
import type { RolloutControl } from '../control-plane/rollout-control';
import type { ShadowMirror } from '../shadow/shadow-mirror';
import { Mistakes } from '../validate/mistakes';
import { cohortless, withCohort } from './rollout-cohort';
import { withDefaultGuardrails } from './default-guardrails';
import { shadowJudgement } from './judgement-plan';
import { allowController } from './rollout-access';
import { rolloutAlarms } from './rollout-alarms';
import type { RolloutCourse } from './rollout-course';
import { dashboardOf } from './rollout-dashboard';
import { RolloutGrants } from './rollout-grants';
import { guardrailContext, rolloutGuardrails } from './rollout-guardrails';
import type { RolloutOptions } from './rollout-options';
import { attachPlan } from './rollout-plan';
import { rolloutReplay } from './rollout-replay';
import { rolloutSchedule } from './rollout-schedule';
import { rolloutShadow } from './rollout-shadow';
import { rolloutTarget } from './rollout-target';
import { rolloutVersions } from './rollout-versions';
import { warmUpProblems } from './smoke-test';
import { warnOfRollout } from './rollout-warnings';

/** What is there once a rollout is built. */
export interface BuiltRollout {
  readonly grants: RolloutGrants;
  readonly rollbackAlarms: cloudwatch.IAlarmRef[];
  readonly evidenceAlarm?: cloudwatch.Alarm;
  readonly previewUrl?: string;
  readonly dashboard?: cloudwatch.Dashboard;
  readonly control: RolloutControl;
  readonly shadow?: ShadowMirror;
  readonly aliasKey: string;
  /** What is expected of the alias's traffic. */
  readonly expected: Pick<RolloutOptions, 'expectedRequestsPerSecond' | 'expectedErrorRate'>;
}

/** What all rollouts do: check, define what guards them, make the plan, and attach it to the alias. */
export function buildRollout(scope: Construct, given: RolloutOptions, course: RolloutCourse): BuiltRollout {
  const mistakes = new Mistakes(scope);

  /** Alias */
  const target = rolloutTarget(mistakes, scope, given, course);
  const { endpoint, alias } = target;

  /** Settings */
  const options = withDefaultGuardrails(withCohort(given, alias), course, alias);
  mistakes.add(...cohortless(given, alias));
  const schedule = rolloutSchedule(mistakes, options, course, alias.router);

  /** Versions */
  const control = ControlPlane.of(endpoint).rollouts();
  const versions = rolloutVersions(mistakes, options, target, course.control && control.controller.role);
  const smokeTests = options.smokeTests ?? [...versions.moving._registeredTests];
  mistakes.add(...warmUpProblems(smokeTests, options.warmUpRequests));

  /** Guardrails */
  const judged = rolloutGuardrails(mistakes, scope, options, guardrailContext(target, schedule?.deadlineSeconds ?? 0), schedule);

  /** Before traffic */
  const replay = mistakes.attempt(() => rolloutReplay(scope, options, alias));
  const calendars = allowController(scope, options, {
    asked: alias.router.function.functionArn, aliasKey: alias.key, control, judged, replay, modelPackage: versions.modelPackage,
  });
  const shadow = mistakes.attempt(() => rolloutShadow(scope, options, target, versions.moving, shadowJudgement(options)));
  mistakes.report();

  /** Plan */
  const tested = { ...options, smokeTests };
  const rollout = { scope, options: tested, course, endpoint, alias, control, versions, judged, replay, shadow, schedule: schedule! };
  attachPlan(rollout, calendars);

  /** Alarms */
  const alarms = rolloutAlarms(rollout);

  /** What people see */
  const dashboard = dashboardOf(rollout, alarms);
  warnOfRollout(rollout);

  return {
    grants: RolloutGrants._of(scope, control, alias.key, course.previewAlias === undefined
      ? undefined
      : { endpoint, alias: course.previewAlias }),
    ...alarms,
    previewUrl: course.previewAlias === undefined ? undefined : endpoint.urlFor(course.previewAlias),
    dashboard,
    control,
    shadow: shadow?.mirror,
    aliasKey: alias.key,
    expected: given,
  };
}
