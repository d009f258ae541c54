import { factsOf } from '../../../lib/core/backends/backends';
import { type LogPlan, PLAIN_RECORD_BYTES } from '../../../lib/core/inference-log/record';
import { mirrorCost, type MirrorCost } from '../../../lib/core/mirroring/mirror-cost';
import type { MirrorPlan } from '../../../lib/core/mirroring/mirror-plan';
import type { Prices } from '../../../lib/core/prices';
import { binCount } from '../../../lib/core/routing/measures';
import { sum } from '../../../lib/core/sum';
import { ROUTE_REFRESH_MS } from '../../../lib/core/timing';
import type { Priced } from './priced';

/** What callers are expected to send. */
export interface Traffic {
  /** On average over the month, all endpoints of a stack together. */
  readonly requestsPerSecond: number;
  /** How long the model takes to answer, milliseconds. */
  readonly modelMs: number;
  readonly requestKb: number;
  readonly responseKb: number;
  /** Of each alias that has rollouts. */
  readonly rolloutsPerMonth: number;
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
  /** What costs something that nobody here knows the price of. */
  readonly unpriced: readonly string[];
}

/** What a router of a gigabyte takes of a request besides the wait for the model, billed by the millisecond: mostly CPU. */
const ROUTER_MS = 2;
const USUAL_MIB = 1_024;
/** A line of metrics of some 1,010 bytes, and the lines of Lambda itself. */
const LOG_BYTES = 1_435;
/** Eleven of a version in service, by variant and by version. */
const METRICS = 2 * 11;
/** Two of what callers tell, by variant and by version. */
const FEEDBACK_METRICS = 2 * 2;
const SMALLER_MIB = 512;

/** What a month costs, beside the models themselves, which cost the same either way. */
export function monthlyCost(stack: Priced, traffic: Traffic, prices: Prices): MonthlyCost {
  const { requestsPerSecond, modelMs, rolloutsPerMonth } = traffic;
  const month = prices.hoursAMonth * 3_600;
  const requests = requestsPerSecond * month;
  const share = 1 / Math.max(1, stack.routers.length);
  const each = requests * share;
  const secondsAt = (memoryMib: number): number => (Math.ceil(modelMs) + Math.ceil((ROUTER_MS * USUAL_MIB) / memoryMib)) / 1_000;
  const time = (memoryMib: number): number => each * secondsAt(memoryMib) * (memoryMib / 1_024) * prices.lambdaArmGbSecond;
  // As many routers are in use as requests are under way; none of them reads more often than requests come.
  const routers = sum(stack.routers.map((memory) => Math.max(1, Math.ceil(requestsPerSecond * share * secondsAt(memory)))));
  const reads = Math.min(requests, (routers * month * 1_000) / ROUTE_REFRESH_MS);
  const dashboards = stack.dashboards * prices.dashboardMonth;
  // A metric is billed by the hours in which it has data.
  const metric = requests > 0 ? prices.metricMonth : 0;
  const mirrors = stack.mirrors.map((plan) => mirroring(plan, traffic, share, prices));
  const logOf = (plan: LogPlan): number => each * plan.sampleRate * recordPrice(plan, stack, traffic, prices);
  const log = sum(stack.logs.map(logOf));
  const outside = { what: 'data transfer to callers', dollars: ((requests * traffic.responseKb) / 1e6) * prices.transferOutGb };
  const api = { what: 'API Gateway, requests', dollars: requests * prices.apiRequest };
  const lines: CostLine[] = [
    api,
    outside,
    { what: 'router, requests', dollars: requests * prices.lambdaRequest },
    { what: 'router, time: it waits while the model works', dollars: sum(stack.routers.map(time)) },
    { what: 'logs of the router', dollars: ((requests * LOG_BYTES) / 1e9) * prices.logsGb },
    { what: 'metrics of production', dollars: stack.routers.length * METRICS * metric },
    { what: 'mirrors, requests and time', dollars: sum(mirrors.map(({ mirror }) => mirror)) },
    { what: 'shadows on Lambda, of 1 GB', dollars: sum(mirrors.map(({ shadow }) => shadow)) },
    { what: 'judges of mirrors', dollars: sum(mirrors.map(({ judge }) => judge?.dollars ?? 0)) },
    { what: 'logs of mirrors', dollars: sum(mirrors.map(({ logs }) => logs)) },
    { what: 'metrics of shadows', dollars: requests > 0 ? sum(mirrors.map(({ metrics }) => metrics)) : 0 },
    { what: 'labels, records in DynamoDB', dollars: sum(stack.feedback.map((rate) => each * rate * prices.dynamoDbWrite)) },
    { what: 'metrics of labels', dollars: stack.feedback.length * FEEDBACK_METRICS * metric },
    { what: 'inference log, lines and Firehose', dollars: log },
    {
      what: 'alarms',
      dollars: stack.alarmMetrics * prices.alarmMonth + stack.highResolutionAlarmMetrics * prices.highResolutionAlarmMonth,
    },
    { what: 'dashboards', dollars: dashboards },
    { what: 'routes, reads of DynamoDB', dollars: reads * prices.dynamoDbRead },
    { what: 'rollouts', dollars: rolloutsPerMonth * sum(stack.rollouts) },
  ];
  const smaller = sum(stack.routers.filter((memory) => memory > SMALLER_MIB).map((memory) => time(memory) - time(SMALLER_MIB)));
  const halved = stack.mirrors.map((plan) => mirroring({ ...plan, sampleRate: plan.sampleRate / 2 }, traffic, share, prices));
  const bodiless = sum(stack.logs.map((plan) => logOf({ ...plan, payload: undefined })));
  return {
    without: api.dollars + outside.dollars,
    lines,
    total: sum(lines.map(({ dollars }) => dollars)),
    unpriced: stack.mirrors.flatMap((plan, index) => unpriced(plan.shadow, mirrors[index].judge)),
    savings: [
      {
        what: `routerMemorySize: ${SMALLER_MIB}`,
        dollars: smaller,
        price: `about ${ROUTER_MS} ms more of the router's own time for a request`,
      },
      {
        what: 'half the sampleRate of ShadowMirror',
        dollars: sum(mirrors.map(({ total }) => total)) - sum(halved.map(({ total }) => total)),
        price: 'twice the time until as many answers are compared',
      },
      { what: 'no logRequests, no logResponses', dollars: log - bodiless, price: 'no bodies in the inference log' },
      { what: 'half the sampleRate of InferenceLog', dollars: log / 2, price: 'half as many records' },
      { what: 'dashboard: false', dollars: dashboards, price: 'no dashboard of rollouts' },
    ].filter(({ dollars }) => dollars > 0.005),
  };
}

/** A mirror as if its alias had all of the endpoint's requests, and its shadow took as long as the model. */
function mirroring(plan: MirrorPlan, traffic: Traffic, share: number, prices: Prices): MirrorCost {
  const { requestsPerSecond, modelMs, requestKb, responseKb } = traffic;
  return mirrorCost(
    {
      requestsPerSecond: requestsPerSecond * share,
      sampleRate: plan.sampleRate,
      maximumPerMinute: plan.maximumPerMinute,
      latencySeconds: modelMs / 1_000,
      noiseShare: plan.noise?.share ?? 0,
      bins: sum((plan.outputs ?? []).map(binCount)),
      function: factsOf(plan.target).functionOf(plan.target) !== undefined,
      ...(plan.comparison.kind === 'judge' && {
        judge: { plan: plan.comparison, requestBytes: requestKb * 1_000, answerBytes: responseKb * 1_000 },
      }),
    },
    prices,
  );
}

/** Of a judge whose price is not known, what it is asked. */
function unpriced(shadow: string, judge: MirrorCost['judge']): string[] {
  return judge === undefined || judge.dollars !== undefined
    ? []
    : [
        `the judge of shadow ${shadow} takes about ${millions(judge.tokensIn)} million tokens in and ${millions(judge.tokensOut)} million `
          + 'out a month, at a price that nobody has told: give it prices',
      ];
}

function millions(tokens: number): string {
  return (tokens / 1e6).toFixed(1);
}

/** A record in the router's log, from which Firehose takes it. */
function recordPrice({ payload }: LogPlan, { parquet }: Priced, { requestKb, responseKb }: Traffic, prices: Prices): number {
  const most = payload === undefined ? 0 : payload.maximumBytes;
  const logged = [payload?.request === true ? requestKb : 0, payload?.answer === true ? responseKb : 0].map((kb) => kb * 1_000);
  // A body that is larger is left out whole.
  const bytes = PLAIN_RECORD_BYTES + sum(logged.filter((body) => body <= most));
  return (bytes / 1e9) * (prices.logsGb + prices.firehoseGb + (parquet ? prices.firehoseConversionGb : 0));
}
