import { CfnAlarm, type IAlarmRef } from 'aws-cdk-lib/aws-cloudwatch';
import { ArnFormat, Stack, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { Dimension } from '../core/names';
import { type AlarmWindow, type BoundGuardrail, type GuardrailContext, type GuardrailKind, guardrailPlan } from './guardrail-kind';
import { type AlarmGuardrailOptions, InsufficientData } from './guardrail-options';
import { silenceOf } from './silence';
import { metricOf, type WatchedMetric, watchedMetrics } from './watched-metrics';

/** @see Guardrail.alarm */
export class AlarmGuardrail implements GuardrailKind {
  public readonly name: string;

  constructor(private readonly alarm: IAlarmRef, private readonly options: AlarmGuardrailOptions) {
    this.name = options.name ?? alarm.node.id;
  }

  public problems(): string[] {
    return [];
  }

  public bind(scope: Construct, context: GuardrailContext): BoundGuardrail {
    return {
      plan: guardrailPlan(this.name, this.options, this.alarm, this.options.insufficientData ?? InsufficientData.HOLD),
      alarm: this.alarm,
      window: windowOf(this.alarm),
      watchesBoth: watchesBothVersions(this.alarm, context),
      silence: silenceOf(this.alarm, this.options, context),
      problems: elsewhere(this.name, this.alarm, Stack.of(scope)),
    };
  }
}

/** Alarms of other regions and accounts send no event here, and cannot be read. */
function elsewhere(name: string, alarm: IAlarmRef, stack: Stack): string[] {
  const { alarmArn } = alarm.alarmRef;
  // An imported alarm has the environment of the stack that imports it; its ARN knows better.
  const there = Token.isUnresolved(alarmArn) ? alarm.env : Stack.of(alarm).splitArn(alarmArn, ArnFormat.COLON_RESOURCE_NAME);
  return (['region', 'account'] as const)
    .filter(
      (place) =>
        ![there[place], stack[place]].some((value) => value === undefined || Token.isUnresolved(value)) && there[place] !== stack[place],
    )
    .map(
      (place) =>
        `the alarm of guardrail ${JSON.stringify(name)} is in ${place} ${there[place]}, but the endpoint is in ${stack[place]}, where `
          + 'it can ' +
        "neither be read nor heard; use an alarm of the endpoint's account and region",
    );
}

/** Over what time an alarm looks, if that can be known. */
function windowOf(alarm: IAlarmRef): AlarmWindow | undefined {
  const metric = metricOf(alarm);
  const resource = CfnAlarm.isCfnAlarm(alarm) ? alarm : alarm.node.defaultChild;
  if (!CfnAlarm.isCfnAlarm(resource)) {
    return undefined;
  }
  const config = metric?.toMetricConfig();
  const periodSeconds = config?.metricStat?.period.toSeconds() ?? config?.mathExpression?.period ?? resource.period;
  const periods = resource.evaluationPeriods;
  return typeof periodSeconds !== 'number' ||
    typeof periods !== 'number' ||
    Token.isUnresolved(periodSeconds) ||
    Token.isUnresolved(periods)
    ? undefined
    : { periodSeconds, periods };
}

/** What an alarm watches, if that is all requests of the endpoint, of which the candidate's are a part. */
function watchesBothVersions(alarm: IAlarmRef, context: GuardrailContext): string | undefined {
  const leaves = watchedMetrics(alarm);
  // A comparison of versions has at least one metric of one of them.
  return leaves.length > 0 && leaves.every((leaf) => isWhole(leaf, context)) ? leaves.map(({ name }) => name).join(', ') : undefined;
}

function isWhole({ namespace, dimensions }: WatchedMetric, { whole }: GuardrailContext): boolean {
  return whole.some((candidate) =>
    candidate.namespace === namespace
    && Object.entries(candidate.dimensions).every(([name, value]) => dimensions[name] === value)
    && !(Dimension.VARIANT in dimensions || Dimension.VERSION in dimensions));
}
