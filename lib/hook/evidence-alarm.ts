import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Duration, Lazy, Names, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { EvidenceAlarmPlan } from '../core/hook/judge-alarm';
import { DEFAULTS } from '../core/judge/plan';
import { Dimension, Env, Metric, METRIC_NAMESPACE } from '../core/names';
import type { MetricPair } from '../guardrail/evidence-options';
import { pairPlan, pairProblems } from '../guardrail/metric-evidence';
import { sourcePlan } from '../guardrail/metric-source';
import { acknowledge } from '../package/acknowledge';
import { BundledFunction } from '../package/bundled-function';
import { optionalSeconds } from '../rollout/rollout-course';
import { failTogether } from '../validate/fail-together';
import { rangeProblem } from '../validate/limits';
import { secondsProblem } from '../validate/seconds';

const HOUR_SECONDS = 3_600;

/** What an alarm on evidence compares. */
export interface EvidenceAlarmProps {
  /**
   * Counts of the candidate alone: of a fleet of SageMaker by the dimension `EndpointConfigName`, of a version of Lambda by
   * `ExecutedVersion`. Each deployment has others, so that it changes with the template.
   */
  readonly candidate: MetricPair;

  /** The same counts of candidate and production together. Production is what is left without the candidate. */
  readonly whole: MetricPair;

  /**
   * What a bad outcome is.
   *
   * @default errors
   */
  readonly label?: string;

  /**
   * Chance of an alarm on a candidate that is no worse, above 0 and up to 0.5.
   *
   * @default 0.01
   */
  readonly falseAlarmRate?: number;

  /**
   * The longest that a deployment takes, 10 minutes to 12 hours. So far back is read.
   *
   * @default Duration.hours(3)
   */
  readonly longestDeployment?: Duration;
}

/**
 * An alarm on the evidence that the candidate of somebody else's deployment is worse than production, for whatever rolls back on an alarm:
 * deployment guardrails of SageMaker, CodeDeploy. A function reads four metrics a minute, judges all minutes in which both were called, and
 * publishes the evidence. Without calls there is no evidence and no alarm: it says that a candidate is bad, never that it is good.
 *
 * Guide: docs/guides/ecs.md.
 */
export class EvidenceAlarm extends Construct {
  /** The alarm. */
  public readonly alarm: cloudwatch.IAlarm;

  constructor(scope: Construct, id: string, props: EvidenceAlarmProps) {
    super(scope, id);
    failTogether(this.problems(props), this);
    const stack = Stack.of(this);
    const name = Names.uniqueResourceName(this, { maxLength: 200, separator: '-' });
    const alpha = props.falseAlarmRate ?? DEFAULTS.alpha;
    const plan: EvidenceAlarmPlan = {
      schema: 1, name, label: props.label ?? 'errors', candidate: pairPlan(props.candidate), whole: pairPlan(props.whole), alpha,
      lookbackMinutes: (optionalSeconds(props.longestDeployment) ?? 3 * HOUR_SECONDS) / 60,
    };
    const judge = new BundledFunction(this, 'Function', {
      asset: 'evidence-alarm',
      description: `Publishes evidence against candidates for alarm ${name}`,
      memorySize: 256,
      timeout: Duration.minutes(1),
      environment: { [Env.HOOK]: Lazy.string({ produce: () => stack.toJsonString(plan) }) },
      policy: [new iam.PolicyStatement({ actions: ['cloudwatch:GetMetricData'], resources: ['*'] })],
      // The next minute reads it all again.
      retryAttempts: 0,
    });
    acknowledge(judge.role, { 'AwsSolutions-IAM5[Resource::*]': 'metrics have no ARN that could be named' });
    new events.Rule(this, 'Minute', {
      description: `Has the evidence for alarm ${name} judged every minute`,
      schedule: events.Schedule.rate(Duration.minutes(1)),
      targets: [new targets.LambdaFunction(judge.function)],
    });
    this.alarm = new cloudwatch.Alarm(this, 'Alarm', {
      alarmDescription: `evidence that the candidate is worse than production (${plan.label}): ln(1/${alpha}) or more`,
      metric: new cloudwatch.Metric({
        namespace: METRIC_NAMESPACE, metricName: Metric.LOG_EVIDENCE, dimensionsMap: { [Dimension.EVIDENCE_ALARM]: name },
        statistic: cloudwatch.Stats.MAXIMUM, period: Duration.minutes(1),
      }),
      threshold: -Math.log(alpha),
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
  }

  private problems({ candidate, whole, falseAlarmRate, longestDeployment }: EvidenceAlarmProps): string[] {
    const stack = Stack.of(this);
    return [
      ...pairProblems(candidate, 'candidate of the alarm', stack),
      ...pairProblems(whole, 'whole of the alarm', stack),
      ...(isSame(candidate, whole)
        ? ['candidate and whole of the alarm are the same metrics, which leaves production nothing; give the candidate its own']
        : []),
      ...rangeProblem('falseAlarmRate of the alarm', falseAlarmRate, [1e-6, 0.5], 'of all deployments', '0.01 is the default'),
      ...secondsProblem(
        'longestDeployment of the alarm', optionalSeconds(longestDeployment), 600, 12 * HOUR_SECONDS, 'three hours are the default',
      ),
    ];
  }
}

function isSame(candidate: MetricPair, whole: MetricPair): boolean {
  return (['total', 'bad'] as const).some((part) =>
    candidate[part].toMetricConfig().metricStat !== undefined && whole[part].toMetricConfig().metricStat !== undefined
    && JSON.stringify(sourcePlan(candidate[part])) === JSON.stringify(sourcePlan(whole[part])));
}
