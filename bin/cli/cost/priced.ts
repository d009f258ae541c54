import { GATE_RESOURCE_TYPE } from '../../../lib/core/gate';
import type { LogPlan } from '../../../lib/core/inference-log/record';
import type { MirrorPlan } from '../../../lib/core/mirroring/mirror-plan';
import { Env } from '../../../lib/core/names';
import { parseDeclaredRoute } from '../../../lib/core/routing/parse';
import { sum } from '../../../lib/core/sum';
import type { AssembledTemplate } from '../../../rehearsal/assembly/assembled-stacks';
import { flatten } from '../../../rehearsal/assembly/flatten';
import { resourcesOf } from '../assembly';

/** What of a stack has a price. */
export interface Priced {
  /** Memory of each endpoint's router, MiB. */
  readonly routers: readonly number[];
  readonly mirrors: readonly MirrorPlan[];
  /** Share of the inferences that each alias with feedback keeps. */
  readonly feedback: readonly number[];
  /** What each alias with a log writes. */
  readonly logs: readonly LogPlan[];
  /** Whether records of the log become Parquet. */
  readonly parquet: boolean;
  /** Metrics that alarms look at. */
  readonly alarmMetrics: number;
  readonly highResolutionAlarmMetrics: number;
  readonly dashboards: number;
  /** What one rollout of each alias that has them costs, US dollars. */
  readonly rollouts: readonly number[];
}

type Properties = { readonly [name: string]: unknown };

/** What of a stack's templates has a price, beside its rollouts. */
export function pricedOf(templates: readonly AssembledTemplate[]): Omit<Priced, 'rollouts'> {
  const resources = templates.flatMap(resourcesOf);
  const of = (type: string): readonly Properties[] =>
    resources.filter((resource) => resource.Type === type).map(({ Properties: properties = {} }) => properties);
  const functions = of('AWS::Lambda::Function');
  const alarms = of('AWS::CloudWatch::Alarm');
  const routes = of(GATE_RESOURCE_TYPE)
    .map(({ Alias: alias, Route: route }) => ({ alias: flatten(alias), ...parseDeclaredRoute(flatten(route)) }));
  const shadowsOf = (wanted: string): string[] =>
    routes.filter(({ alias }) => alias === wanted).flatMap(({ mirrors = [] }) => mirrors.map(({ name }) => name));
  return {
    // Only a router is told within what time it must have answered, and only a mirror what it mirrors.
    routers: functions.filter((properties) => Env.TIMEOUT_MS in variablesOf(properties))
      .map(({ MemorySize: memory }) => Number(memory ?? 128)),
    mirrors: functions.map((properties) => variablesOf(properties)[Env.MIRROR]).filter((plan) => plan !== undefined)
      .map((plan) => JSON.parse(flatten(plan)) as MirrorPlan)
      // A rollout's shadow has requests only while there is a candidate.
      .filter(({ endpoint, alias, shadow }) => shadowsOf(`${endpoint}/${alias}`).includes(shadow)),
    feedback: routes.flatMap(({ feedback }) => (feedback === undefined ? [] : [feedback.sampleRate])),
    logs: routes.flatMap(({ log }) => (log === undefined ? [] : [log])),
    parquet: of('AWS::KinesisFirehose::DeliveryStream')
      .some((stream) => JSON.stringify(stream).includes('"DataFormatConversionConfiguration"')),
    alarmMetrics: sum(alarms.filter((alarm) => !isFast(alarm)).map(metricsOf)),
    highResolutionAlarmMetrics: sum(alarms.filter(isFast).map(metricsOf)),
    dashboards: of('AWS::CloudWatch::Dashboard').length,
  };
}

function variablesOf(properties: Properties): Properties {
  return (properties.Environment as { Variables?: Properties } | undefined)?.Variables ?? {};
}

/** Alarms of expressions are billed by the metrics that they read. */
function metricsOf(alarm: Properties): number {
  const queries = (alarm.Metrics ?? []) as readonly { readonly MetricStat?: unknown }[];
  return Math.max(1, queries.filter(({ MetricStat: metric }) => metric !== undefined).length);
}

function isFast(alarm: Properties): boolean {
  const queries = (alarm.Metrics ?? []) as readonly { readonly MetricStat?: { readonly Period?: number } }[];
  return [alarm.Period, ...queries.map(({ MetricStat: metric }) => metric?.Period)].some((period) => Number(period ?? 60) < 60);
}
