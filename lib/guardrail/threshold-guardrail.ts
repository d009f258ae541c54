import { Alarm, ComparisonOperator, type IMetric, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { VariantName } from '../core/names';
import type { EndpointMetricOptions } from '../endpoint/endpoint-metrics';
import { quantity, rangeProblem, wholeProblem } from '../validate/limits';
import { type BoundGuardrail, type GuardrailContext, type GuardrailKind, guardrailPlan } from './guardrail-kind';
import { InsufficientData, type ThresholdGuardrailOptions } from './guardrail-options';

/** What a kind of threshold watches. */
export interface ThresholdKind {
  readonly name: string;
  /** The threshold, in the unit of the expression. */
  readonly threshold: number;
  readonly operator?: ComparisonOperator;
  readonly description: string;
  readonly label: string;
  /** Over the metrics below and `requests`. */
  readonly expression: string;
  readonly metrics: (context: GuardrailContext, candidate: EndpointMetricOptions) => { [id: string]: IMetric };
  readonly periodSeconds: number;
  /** The threshold as a share of the requests, where it is one of failures. */
  readonly failureShare?: number;
  readonly problems: string[];
}

/**
 * A threshold on the candidate's own metrics. A period with few requests counts as one without failures: the alarm is to say that
 * the candidate is bad. That it is good takes the rollout's minimum of requests.
 */
export abstract class ThresholdGuardrail implements GuardrailKind {
  public readonly name: string;

  constructor(private readonly kind: ThresholdKind, private readonly options: ThresholdGuardrailOptions) {
    this.name = options.name ?? kind.name;
  }

  public problems(): string[] {
    const { options } = this;
    const at = `of guardrail ${JSON.stringify(this.name)}`;
    return [
      ...this.kind.problems,
      ...[options.minRequests, options.evaluationMinutes, options.minutesToAlarm].some((value) => Token.isUnresolved(value))
        ? [`minRequests, evaluationMinutes or minutesToAlarm ${at} is known only at deployment; give numbers`] : [],
      ...wholeProblem(`minRequests ${at}`, options.minRequests, [1, 1e9], 'requests', 'set how many make a rate worth looking at'),
      ...wholeProblem(`evaluationMinutes ${at}`, options.evaluationMinutes, [1, 1_440], 'min', 'CloudWatch looks back one day'),
      ...wholeProblem(`minutesToAlarm ${at}`, options.minutesToAlarm, [1, this.periods], 'min', 'it cannot be more than evaluationMinutes'),
    ];
  }

  public bind(scope: Construct, context: GuardrailContext): BoundGuardrail {
    const { kind, options, periods } = this;
    const period = Duration.seconds(kind.periodSeconds);
    const candidate = { alias: context.alias, variant: VariantName.CANDIDATE, options: { period } };
    const least = options.minRequests ?? 10;
    const datapointsToAlarm = options.minutesToAlarm ?? Math.min(2, periods);
    const alarm = new Alarm(scope, `Guardrail-${this.name}`, {
      alarmDescription: `${kind.description} of ${context.endpointName}/${context.alias}, ${least} requests in ${kind.periodSeconds} s `
        + 'or more',
      metric: new MathExpression({
        label: kind.label,
        expression: `IF(requests >= ${least}, ${kind.expression}, 0)`,
        period,
        usingMetrics: { requests: context.metrics.invocations(candidate), ...kind.metrics(context, candidate) },
      }),
      threshold: kind.threshold,
      comparisonOperator: kind.operator ?? ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: periods,
      datapointsToAlarm,
      // No candidate, no data, no alarm.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    return {
      plan: guardrailPlan(this.name, options, alarm, InsufficientData.OK),
      alarm,
      own: alarm,
      window: { periodSeconds: kind.periodSeconds, periods },
      ...(kind.failureShare === undefined
        ? {}
        : { failureAlarm: { threshold: kind.failureShare, datapointsToAlarm, evaluationPeriods: periods, minimumRequests: least } }),
    };
  }

  private get periods(): number {
    return this.options.evaluationMinutes ?? 3;
  }
}

/** The problem with a threshold, or nothing. */
export function thresholdProblem(name: string, value: number, least: number, most: number, unit: string): string[] {
  if (Token.isUnresolved(value)) {
    return [`${name} is known only at deployment; give a number`];
  }
  return value === least || value === most || Number.isNaN(value)
    ? [`${name} is ${quantity(value, unit)}, but must be above ${least} and below ${most}; choose what no healthy model reaches`]
    : rangeProblem(name, value, [least, most], unit, 'choose what no healthy model reaches');
}
