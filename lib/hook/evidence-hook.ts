import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Duration, Lazy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { EvidenceHookPlan, HookTargetGroup } from '../core/hook/plan';
import { DEFAULTS } from '../core/judge/plan';
import { Env } from '../core/names';
import { ROLLOUT_DEFAULTS } from '../core/rollout/defaults';
import { sourcePlan } from '../guardrail/metric-source';
import { acknowledge, wildcardFinding } from '../package/acknowledge';
import { BundledFunction } from '../package/bundled-function';
import { optionalSeconds } from '../rollout/rollout-course';
import { InconclusiveAction } from '../rollout/rollout-policies';
import { failTogether } from '../validate/fail-together';
import { rangeProblem, wholeProblem } from '../validate/limits';
import { secondsProblem } from '../validate/seconds';
import type { EvidenceHookProps } from './evidence-hook-props';

/** The stage before each step of production's traffic, which the enum of the lowest supported aws-cdk-lib does not have. */
const STAGE = 'PRE_PRODUCTION_TRAFFIC_SHIFT' as ecs.DeploymentLifecycleStage;
const HOUR_SECONDS = 3_600;

/**
 * The judge of this library for services of Amazon ECS, which route by themselves: a lifecycle hook that lets a canary or linear deployment
 * go a step further only if the new revision is not worse than the old one, by the same evidence as rollouts, from the load balancer's own
 * counts of both target groups. Defines a function; add `target` to the service.
 *
 * Guide: docs/guides/ecs.md.
 */
export class EvidenceHook extends Construct {
  /** The hook, for `service.addLifecycleHook`. */
  public readonly target: ecs.IDeploymentLifecycleHookTarget;

  /** The function that judges. */
  public readonly function: lambda.IFunction;

  constructor(scope: Construct, id: string, props: EvidenceHookProps) {
    super(scope, id);
    failTogether(problemsOf(props), this);
    const stack = Stack.of(this);
    const { cluster: { clusterName } } = props;
    const inCluster = (resource: string): string => stack.formatArn({ service: 'ecs', resource, resourceName: `${clusterName}/*` });
    const resources = ['service', 'service-deployment', 'service-revision'].map(inCluster);
    const judge = new BundledFunction(this, 'Function', {
      asset: 'evidence-hook',
      description: `Judges deployments of services in cluster ${props.cluster.node.path}`,
      memorySize: 256,
      timeout: Duration.minutes(1),
      environment: { [Env.HOOK]: Lazy.string({ produce: () => stack.toJsonString(planOf(props)) }) },
      policy: [
        new iam.PolicyStatement({ actions: ['ecs:DescribeServiceDeployments', 'ecs:DescribeServiceRevisions'], resources }),
        // Metrics have no ARN.
        new iam.PolicyStatement({ actions: ['cloudwatch:GetMetricData'], resources: ['*'] }),
      ],
    });
    acknowledge(judge.role, {
      ...Object.fromEntries(resources.map((arn) => [
        wildcardFinding(judge.role, arn), 'deployments and revisions have names that Amazon ECS gives them',
      ])),
      'AwsSolutions-IAM5[Resource::*]': 'metrics have no ARN that could be named',
    });
    this.function = judge.function;
    const { functionArn: targetArn } = judge.function;
    // The target that the CDK has would allow every version of the function too.
    const role = new iam.Role(this, 'Invoke', {
      description: 'Lets Amazon ECS ask whether a deployment may go on',
      assumedBy: new iam.ServicePrincipal('ecs.amazonaws.com'),
      inlinePolicies: {
        Invoke: new iam.PolicyDocument({
          statements: [new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [targetArn] })],
        }),
      },
    });
    this.target = { bind: () => ({ targetArn, role, lifecycleStages: [STAGE] }) };
  }
}

function planOf(props: EvidenceHookProps): EvidenceHookPlan {
  return {
    schema: 1,
    targetGroups: [props.targetGroup, props.alternateTargetGroup].map(groupOf),
    slowerThanSeconds: optionalSeconds(props.slowerThan),
    alpha: props.falseRollbackRate ?? DEFAULTS.alpha,
    minimumRequests: props.minRequests ?? ROLLOUT_DEFAULTS.minimumRequests,
    waitSeconds: optionalSeconds(props.inconclusiveAfter) ?? HOUR_SECONDS,
    inconclusive: props.inconclusive === InconclusiveAction.ADVANCE ? 'advance' : 'rollback',
  };
}

function groupOf(group: elbv2.IApplicationTargetGroup): HookTargetGroup {
  return { arn: group.targetGroupArn, dimensions: sourcePlan(group.metrics.requestCount()).dimensions };
}

function problemsOf(props: EvidenceHookProps): string[] {
  return [
    ...(props.targetGroup === props.alternateTargetGroup
      ? ['targetGroup and alternateTargetGroup of the hook are the same, which compares nothing; give the two that the service has']
      : []),
    ...secondsProblem(
      'slowerThan of the hook', optionalSeconds(props.slowerThan), 0.001, HOUR_SECONDS, 'choose what production seldom exceeds',
    ),
    ...rangeProblem('falseRollbackRate of the hook', props.falseRollbackRate, [1e-6, 0.5], 'of all deployments', '0.01 is the default'),
    ...wholeProblem('minRequests of the hook', props.minRequests, [1, 1e9], 'requests', 'set how many make a judgement'),
    ...secondsProblem(
      'inconclusiveAfter of the hook', optionalSeconds(props.inconclusiveAfter), 120, 23 * HOUR_SECONDS,
      'Amazon ECS gives up after 24 hours',
    ),
    ...(props.inconclusive === InconclusiveAction.HOLD
      ? ['inconclusive of the hook is HOLD, but a hook cannot wait for people; take ROLLBACK or ADVANCE']
      : []),
  ];
}
