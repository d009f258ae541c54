import { Env } from '../../../lib/core/names';
import { type Prices, SHADOW_METRICS } from '../../../lib/core/prices';
import { ROUTE_REFRESH_MS } from '../../../lib/core/timing';
import { type AssembledTemplate, resourcesOf } from '../assembly';

/** What callers are expected to send. */
export interface Traffic {
  /** On average over the month, all endpoints of a stack together. */
  readonly requestsPerSecond: number;
  /** How long the model takes to answer, milliseconds. */
  readonly modelMs: number;
  /** Of each alias that has rollouts. */
  readonly rolloutsPerMonth: number;
}

/** What of a stack has a price. */
export interface Priced {
  /** Memory of each endpoint's router, MiB. */
  readonly routers: readonly number[];
  readonly mirrors: number;
  /** Metrics that alarms look at. */
  readonly alarmMetrics: number;
  readonly highResolutionAlarmMetrics: number;
  readonly dashboards: number;
  /** What one rollout of each alias that has them costs, US dollars. */
  readonly rollouts: readonly number[];
}

export interface CostLine {
  readonly what: string;
  /** US dollars a month. */
  readonly dollars: number;
}

export interface Saving extends CostLine {
  /** What it costs otherwise. */
  readonly price: string;
}

export interface MonthlyCost {
  /** An API in front of the model alone. */
  readonly without: number;
  readonly lines: readonly CostLine[];
  readonly total: number;
  readonly savings: readonly Saving[];
}

/** What a router takes of a request besides the wait for the model, billed by the millisecond. */
const ROUTER_MS = 2;
/** A line of metrics of 925 bytes, and the lines of Lambda itself. */
const LOG_BYTES = 1_350;
/** Eleven of a version in service, by variant and by version. */
const METRICS = 2 * 11;
const SMALLER_MIB = 512;

/** What of a stack's templates has a price, beside its rollouts. */
export function pricedOf(templates: readonly AssembledTemplate[]): Omit<Priced, 'rollouts'> {
  const resources = templates.flatMap(resourcesOf);
  const of = (type: string): readonly { readonly [name: string]: unknown }[] =>
    resources.filter((resource) => resource.Type === type).map(({ Properties: properties = {} }) => properties);
  const alarms = of('AWS::CloudWatch::Alarm');
  const functions = of('AWS::Lambda::Function');
  return {
    // Only a router is told within what time it must have answered, and only a mirror what it mirrors.
    routers: functions.filter((properties) => Env.TIMEOUT_MS in variablesOf(properties))
      .map(({ MemorySize: memory }) => Number(memory ?? 128)),
    mirrors: functions.filter((properties) => Env.MIRROR in variablesOf(properties)).length,
    alarmMetrics: sum(alarms.filter((alarm) => !isFast(alarm)).map(metricsOf)),
    highResolutionAlarmMetrics: sum(alarms.filter(isFast).map(metricsOf)),
    dashboards: of('AWS::CloudWatch::Dashboard').length,
  };
}

/** What a month costs, beside the models themselves, which cost the same either way. */
export function monthlyCost(stack: Priced, { requestsPerSecond, modelMs, rolloutsPerMonth }: Traffic, prices: Prices): MonthlyCost {
  const month = prices.hoursAMonth * 3_600;
  const requests = requestsPerSecond * month;
  const each = requests / Math.max(1, stack.routers.length);
  const seconds = (Math.ceil(modelMs) + ROUTER_MS) / 1_000;
  const time = (memoryMib: number): number => each * seconds * (memoryMib / 1_024) * prices.lambdaArmGbSecond;
  // As many routers are in use as requests are under way; none of them reads more often than requests come.
  const routers = stack.routers.length * Math.max(1, Math.ceil((requestsPerSecond / Math.max(1, stack.routers.length)) * seconds));
  const reads = Math.min(requests, (routers * month * 1_000) / ROUTE_REFRESH_MS);
  const dashboards = stack.dashboards * prices.dashboardMonth;
  // A metric is billed by the hours in which it has data.
  const metric = requests > 0 ? prices.metricMonth : 0;
  const lines: CostLine[] = [
    { what: 'API Gateway, requests', dollars: requests * prices.apiRequest },
    { what: 'router, requests', dollars: requests * prices.lambdaRequest },
    { what: 'router, time: it waits while the model works', dollars: sum(stack.routers.map(time)) },
    { what: 'logs of the router', dollars: ((requests * LOG_BYTES) / 1e9) * prices.logsGb },
    { what: 'metrics of production', dollars: stack.routers.length * METRICS * metric },
    { what: 'metrics of shadows', dollars: stack.mirrors * SHADOW_METRICS * metric },
    {
      what: 'alarms',
      dollars: stack.alarmMetrics * prices.alarmMonth + stack.highResolutionAlarmMetrics * prices.highResolutionAlarmMonth,
    },
    { what: 'dashboards', dollars: dashboards },
    { what: 'routes, reads of DynamoDB', dollars: reads * prices.dynamoDbRead },
    { what: 'rollouts', dollars: rolloutsPerMonth * sum(stack.rollouts) },
  ];
  const smaller = sum(stack.routers.filter((memory) => memory > SMALLER_MIB).map((memory) => time(memory) - time(SMALLER_MIB)));
  return {
    without: requests * prices.apiRequest,
    lines,
    total: sum(lines.map(({ dollars }) => dollars)),
    savings: [
      { what: `routerMemorySize: ${SMALLER_MIB}`, dollars: smaller, price: 'less CPU for the router: measure OverheadLatency' },
      { what: 'dashboard: false', dollars: dashboards, price: 'no dashboard of rollouts' },
    ].filter(({ dollars }) => dollars > 0),
  };
}

function variablesOf(properties: { readonly [name: string]: unknown }): { readonly [name: string]: unknown } {
  return (properties.Environment as { Variables?: { [name: string]: unknown } } | undefined)?.Variables ?? {};
}

/** Alarms of expressions are billed by the metrics that they read. */
function metricsOf(alarm: { readonly [name: string]: unknown }): number {
  const queries = (alarm.Metrics ?? []) as readonly { readonly MetricStat?: unknown }[];
  return Math.max(1, queries.filter(({ MetricStat: metric }) => metric !== undefined).length);
}

function isFast(alarm: { readonly [name: string]: unknown }): boolean {
  const queries = (alarm.Metrics ?? []) as readonly { readonly MetricStat?: { readonly Period?: number } }[];
  return [alarm.Period, ...queries.map(({ MetricStat: metric }) => metric?.Period)].some((period) => Number(period ?? 60) < 60);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
