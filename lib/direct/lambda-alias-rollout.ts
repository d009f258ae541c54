import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { type CustomResource, Duration, Lazy, Names, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { ControlPlane } from '../control-plane/control-plane';
import type { RolloutControl } from '../control-plane/rollout-control';
import { LAMBDA_PAYLOAD_BYTES } from '../core/aws-limits';
import { aliasKey, endpointAndAlias, VariantName } from '../core/names';
import { ROLLOUT_DEFAULTS } from '../core/rollout/defaults';
import type { RolloutPlan } from '../core/rollout/plan';
import { longestDeadline } from '../core/rollout/schedule';
import { type DirectAlias, NO_ROUTER } from '../core/routing/direct-alias';
import type { DeclaredRoute } from '../core/routing/route';
import { EndpointMetrics } from '../endpoint/endpoint-metrics';
import { Guardrail } from '../guardrail/guardrail';
import { allowController } from '../rollout/rollout-access';
import { rolloutAlarms } from '../rollout/rollout-alarms';
import { holdbackProblems, type RolloutCourse } from '../rollout/rollout-course';
import { RolloutGrants } from '../rollout/rollout-grants';
import { rolloutGuardrails } from '../rollout/rollout-guardrails';
import { rolloutSchedule } from '../rollout/rollout-schedule';
import { settledPlan } from '../rollout/rollout-plan';
import type { RolloutTerms } from '../rollout/rollout-terms';
import { warmUpProblems } from '../rollout/smoke-test';
import { TrafficShift } from '../rollout/traffic-shift';
import { Mistakes } from '../validate/mistakes';
import { plainSeconds } from '../validate/seconds';
import { admitAlias } from './alias-access';
import { directContext, directProblems } from './direct-guardrails';
import type { LambdaAliasRolloutProps } from './lambda-alias-rollout-props';

/** After the weights of an alias have changed, calls may still go by the old ones for some seconds. */
const SPREADING_SECONDS = 10;
/** Lambda's metrics are of minutes, and there some two minutes later. */
const METRICS = { periodSeconds: 60, delaySeconds: 120 };

/**
 * A change of a Lambda function becomes a rollout of its alias, without a router: callers invoke the alias as ever, and the alias's own
 * weights send a growing share of them to the new version. It is judged by Lambda's metrics of both versions, by the same evidence and
 * decisions as every rollout; a one-time schedule of EventBridge Scheduler puts the alias back if nobody renews the share.
 *
 * Makes the alias, a role and the schedule's permissions; and, once per stack, the tables, functions and the state machine of rollouts.
 * What there is not without a router: docs/guides/direct.md.
 */
export class LambdaAliasRollout extends Construct {
  /** The alias, for grants and event sources. */
  public readonly alias: lambda.IAlias;

  /** Permissions on the rollout. */
  public readonly grants: RolloutGrants;

  /** Alarms that roll the candidate back when they go off. */
  public readonly rollbackAlarms: cloudwatch.IAlarmRef[];

  /** An alarm on the evidence against the candidate; undefined where no guardrail by evidence rolls back. */
  public readonly evidenceAlarm?: cloudwatch.IAlarm;

  private readonly control: RolloutControl;

  constructor(scope: Construct, id: string, props: LambdaAliasRolloutProps) {
    super(scope, id);
    const { handler } = props;
    const aliasName = props.aliasName ?? 'live';
    const key = aliasKey(handler.functionName, aliasName);
    const [endpointName] = endpointAndAlias(key);
    const timeout = handler.timeout ?? Duration.seconds(3);
    const drainSeconds = plainSeconds(timeout) + SPREADING_SECONDS;
    const most = longestDeadline('response', drainSeconds);
    const options: RolloutTerms = {
      guardrails: [Guardrail.errorRate(), Guardrail.latency(), Guardrail.sampleRatio()],
      deadline: Duration.seconds(most),
      ...props,
      // What there is no router for.
      circuitBreaker: false,
    };
    const mistakes = new Mistakes(this);
    mistakes.add(...aliasProblems(this, props, aliasName), ...ControlPlane.problems(this));
    mistakes.add(...warmUpProblems(props.smokeTests ?? [], props.warmUpRequests));
    const course = courseOf(props);
    const schedule = rolloutSchedule(mistakes, options, course, { timeoutMs: timeout.toMilliseconds(), drainSeconds });
    if (schedule !== undefined && schedule.answer !== 'response') {
      mistakes.add(
        `the rollout may take ${schedule.deadlineSeconds} s, but CloudFormation waits ${most} s for that of an alias of Lambda; `
          + 'lower the deadline and the bake times, or take a ModelEndpoint, whose rollouts may take longer',
      );
    }
    const metrics = EndpointMetrics._of(endpointName);
    const judged = rolloutGuardrails(mistakes, this, options, directContext(handler, aliasName, endpointName), schedule);
    mistakes.add(...directProblems(judged.guardrails));
    mistakes.report();

    const controlPlane = ControlPlane.of(this);
    this.control = controlPlane.rollouts();
    const direct: DirectAlias = {
      kind: 'lambda-alias', functionName: handler.functionName, aliasName,
      schedule: Names.uniqueResourceName(this, { maxLength: 64, separator: '-' }),
      roleArn: Lazy.string({ produce: () => access.role.roleArn }),
    };
    const access = admitAlias(this, { handler, direct, control: this.control, controlPlane });
    const calendars = allowController(this, options, {
      asked: handler.currentVersion.functionArn, aliasKey: key, control: this.control, judged,
    });
    const plan: RolloutPlan = {
      ...settledPlan(options, course, schedule!, judged, calendars),
      metrics: METRICS, ignoresCapacity: true, drainSeconds,
    };
    const resource = this.route(controlPlane, { key, direct, handler, timeout, drainSeconds }, plan, schedule!.serviceTimeoutSeconds);
    resource.node.addDependency(...access.policies, this.node.findChild('Control'), ...this.control.dependables, handler.currentVersion);
    const alarms = rolloutAlarms({
      scope: this, control: this.control, judged, options: props, endpoint: { endpointName, metrics }, alias: { aliasName, key },
    });
    this.rollbackAlarms = alarms.rollbackAlarms;
    this.evidenceAlarm = alarms.evidenceAlarm;
    this.grants = RolloutGrants._of(this, this.control, key, undefined);
    this.alias = lambda.Alias.fromAliasAttributes(this, 'Alias', { aliasName, aliasVersion: handler.currentVersion });
    this.alias.node.addDependency(resource);
  }

  /** A managed policy for those who may stop every rollout of the stack, which puts production back. Defined when first asked for. */
  public get abortPolicy(): iam.IManagedPolicy {
    return this.control.abortPolicy;
  }

  /**
   * A managed policy for those who may pause, resume, approve, promote and retry every rollout of the stack. Defined when first
   * asked for.
   */
  public get operatePolicy(): iam.IManagedPolicy {
    return this.control.operatePolicy;
  }

  private route(
    controlPlane: ControlPlane,
    { key, direct, handler, timeout, drainSeconds }: {
      readonly key: string; readonly direct: DirectAlias; readonly handler: lambda.Function;
      readonly timeout: Duration; readonly drainSeconds: number;
    },
    plan: RolloutPlan,
    serviceTimeoutSeconds: number,
  ): CustomResource {
    const stack = Stack.of(this);
    const version = handler.currentVersion;
    const declared: DeclaredRoute = {
      schema: 1,
      variants: [{
        name: VariantName.PRODUCTION, role: 'production', version: version.version, weight: 1,
        // Its logical id has the hash of code and settings: the number that Lambda gives says nothing of them.
        content: (version.node.defaultChild as lambda.CfnVersion).logicalId,
        timeBudgetMs: timeout.toMilliseconds(),
        target: { kind: 'lambda', functionArn: version.functionArn, contract: 'json', maxRequestBytes: LAMBDA_PAYLOAD_BYTES },
      }],
      assignment: { source: 'inference-id' },
      targetVariantAccess: { kind: 'nobody' },
      direct,
    };
    return controlPlane.route(
      this,
      { Alias: key, Route: Lazy.string({ produce: () => stack.toJsonString(declared) }), RouterFunction: NO_ROUTER },
      drainSeconds,
      () => ({ Plan: stack.toJsonString(plan), serviceTimeoutSeconds }),
    );
  }
}

function courseOf({ shift, holdbackPercent, finalBakeTime }: LambdaAliasRolloutProps): RolloutCourse {
  const problems = holdbackProblems(holdbackPercent, false);
  const holdback = (problems.length === 0 ? holdbackPercent : undefined) ?? ROLLOUT_DEFAULTS.holdbackPercent;
  return {
    kind: 'canary', shift: shift ?? TrafficShift._default(), problems,
    finalPercent: Number((100 - holdback).toFixed(6)),
    finalBakeSeconds: plainSeconds(finalBakeTime ?? Duration.seconds(ROLLOUT_DEFAULTS.finalBakeSeconds)),
    finalBakeName: 'finalBakeTime',
  };
}

function aliasProblems(scope: Construct, { handler }: LambdaAliasRolloutProps, aliasName: string): string[] {
  return [
    ...(/^(?![0-9]+$)[A-Za-z0-9_-]{1,128}$/.test(aliasName)
      ? []
      : [`aliasName is ${JSON.stringify(aliasName)}, but must have 1 to 128 letters, digits, hyphens and underscores, and not be a number; `
          + 'rename it']),
    ...(Stack.of(handler) === Stack.of(scope)
      ? []
      : [`handler is in stack ${JSON.stringify(Stack.of(handler).node.path)}, but its alias moves in the deployment that changes it; `
          + 'define the rollout in that stack']),
  ];
}
