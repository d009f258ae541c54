import { EmfRecorder } from '../../../lambda/router/metrics';
import { ErrorCode } from '../../../lambda/shared/http/errors';
import { failure, FailureClass, type Outcome } from '../../../lambda/shared/http/outcome';
import { RetryBudget } from '../../../lambda/router/retry-budget';
import { type RouterPorts, serve } from '../../../lambda/router/serve';
import { Dimension, MEASURED_REQUESTS, Metric, slowMetric } from '../../../lib/core/names';
import { LatencyDistribution } from '../../../rehearsal/engine/latency-distribution';
import { randomOf } from '../../../rehearsal/engine/random';
import { environmentsOf } from '../../../rehearsal/engine/environments';
import { RequestWorld } from '../../../rehearsal/engine/request-world';
import { SimulatedMetrics } from '../../../rehearsal/engine/simulated-metrics';
import type { TimeLimits } from '../../../rehearsal/engine/version-latencies';
import { answersOf, trafficOf } from '../../../rehearsal/engine/traffic';
import { USUAL } from '../../../lib/core/rehearsal/built-in';
import type { Scenario } from '../../../lib/core/rehearsal/scenario';
import { route, variant } from '../../fixtures/serving';

const HOUR_MS = 3_600_000;
const SLOWER_THAN = [800, 3_000];
/** Less than the half after which production is asked beside the candidate, and more. */
const LIMITS: readonly TimeLimits[] = [
  { timeoutMs: 10_000, candidateMs: 4_000 },
  { timeoutMs: 10_000, candidateMs: 9_000 },
];
const COUNTED = [
  Metric.INVOCATIONS,
  Metric.FAILURES,
  Metric.TIMEOUTS,
  Metric.CLIENT_ERRORS,
  Metric.FALLBACKS,
  Metric.FALLBACK_INVOCATIONS,
  Metric.FALLBACK_FAILURES,
  MEASURED_REQUESTS,
  ...SLOWER_THAN.map((_, index) => slowMetric(index)),
];
type Side = 'production' | 'candidate';
type Counted = { readonly [side in Side]: { [metric: string]: number } };

/** Everything at once: bad inputs, refusals, failures of either by chance, answers that take too long for one or for both. */
const scenario: Scenario = {
  ...USUAL, badInputs: 0.02, refusals: 0.05,
  production: { ...USUAL.production, errorRate: 0.03, latency: { medianMs: 900, p99Ms: 9_000 } },
  candidate: { ...USUAL.candidate, errorRate: 0.06, latency: { medianMs: 900, p99Ms: 9_000 }, onsetMinute: 0 },
};

/** What the real router counts of so many requests, each of which is bad, refused, failed or slow by itself. */
async function served(requests: number, share: number, limits: TimeLimits): Promise<Counted> {
  const random = randomOf(1);
  const { kinds: parts } = trafficOf(scenario, 1, 0, random).traffic.momentOf(HOUR_MS, 60_000);
  const latency = new LatencyDistribution(scenario.production.latency);
  const asked = Array.from({ length: requests }, () => {
    let left = random.uniform();
    const kind = parts.findIndex((part) => (left -= part) < 0);
    return {
      refused: kind === 5,
      candidateFails: kind <= 2,
      productionFails: kind <= 1 || kind === 3,
      ms: kind === 5 ? 3 : latency.draw(random),
    };
  });
  const versions = {
    production: variant('production', { version: 'v1', weight: 1 - share }), candidate: variant('candidate', { role: 'candidate', version: 'v2', weight: share, timeBudgetMs: limits.candidateMs }),
  };
  const invoke: RouterPorts['backends']['lambda']['invoke'] = (target, request, signal) => new Promise<Outcome>((resolve) => {
    const { refused, candidateFails, productionFails, ms } = asked[Number(request.inferenceId)];
    const fails = target.kind === 'lambda' && target.functionArn.endsWith('candidate') ? candidateFails : productionFails;
    const answer = (): Outcome => (fails ? failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, 'no') : { kind: 'answer', status: refused ? 422 : 200, headers: {}, body: Buffer.from('{}') });
    // A model that fails does so before its time is over.
    const timer = setTimeout(() => resolve(answer()), fails ? Math.min(ms, 3_500) : ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve(failure(FailureClass.TIMEOUT, ErrorCode.TIMEOUT, 'too late'));
    });
  });
  const declared = route([versions.production, versions.candidate], { measures: { slowerThanMs: SLOWER_THAN, bins: [] } });
  const counted: Counted = { production: {}, candidate: {} };
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    const record = JSON.parse(String(text)) as { [name: string]: unknown };
    const of = counted[record[Dimension.VERSION] === 'v2' ? 'candidate' : 'production'];
    for (const metric of COUNTED) {
      of[metric] = (of[metric] ?? 0) + Number(record[metric] ?? 0);
    }
    return true;
  });
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  try {
    const ports = {
      endpoint: 'fraud', timeoutMs: limits.timeoutMs, routes: { get: async () => declared, refresh: async () => declared }, backends: { lambda: { invoke } }, retries: new RetryBudget(),
      recorder: new EmfRecorder('fraud'), keyed: { count: () => {} }, onFailure: () => {}, clock: () => performance.now(),
    } as unknown as RouterPorts;
    const all = Promise.all(asked.map((_, id) => serve({ alias: 'live', inferenceId: String(id), headers: new Map(), body: Buffer.from('{}'), query: '', caller: {} } as never, ports)));
    await jest.advanceTimersByTimeAsync(3 * limits.timeoutMs);
    await all;
  } finally {
    jest.useRealTimers();
    write.mockRestore();
  }
  return counted;
}

/** What a rehearsal counts of about so many. */
function rehearsed(requests: number, share: number, limits: TimeLimits): Counted {
  const random = randomOf(2);
  const { traffic, latencies } = trafficOf(
    { ...scenario, traffic: { ...scenario.traffic, requestsPerSecond: requests / 3_600 } },
    1,
    0,
    random,
    limits,
  );
  const metrics = new SimulatedMetrics({ origin: 0, periodMs: HOUR_MS, delayMs: 0, latency: latencies.at, random });
  metrics.measures = { slowerThanMs: SLOWER_THAN, bins: [] };
  const answers = answersOf(traffic.draw(HOUR_MS, HOUR_MS, share));
  const sides = ['production', 'candidate'] as const;
  sides.forEach((side) => metrics.add(1, side, answers[side]));
  const of = (side: Side): { [metric: string]: number } => Object.fromEntries(COUNTED.map((metric) => [metric, metrics.value(side, metric, 'Sum', HOUR_MS, 1)]));
  return { production: of('production'), candidate: of('candidate') };
}

/** What a rehearsal counts of as many that it serves one by one, with environments that are there at once. */
function servedOneByOne(requests: number, share: number, limits: TimeLimits): Counted {
  const random = randomOf(3);
  const startedAt = 10 * HOUR_MS;
  const environments = { initMs: { medianMs: 1e-6, p99Ms: 1e-6 }, idleMinutes: 60, candidateFactor: 1, cacheFactor: 1, cacheRequests: 0 };
  const one = { ...scenario, traffic: { ...scenario.traffic, requestsPerSecond: requests / 3_600 } };
  const { traffic, latencies } = trafficOf(one, 1, startedAt, random, limits);
  const world = new RequestWorld(one, startedAt, 60_000, {
    traffic, latencies, limits, servers: environmentsOf(environments, random, random), arrivals: random, routing: random,
  });
  const metrics = new SimulatedMetrics({
    origin: 0,
    periodMs: 60_000,
    delayMs: 0,
    latency: latencies.at,
    observed: world.observed,
    random,
  });
  metrics.measures = { slowerThanMs: SLOWER_THAN, bins: [] };
  const first = startedAt / 60_000;
  for (let minute = first; minute < first + 60; minute++) {
    const answers = answersOf(world.draw(60_000 * minute, 60_000, share));
    (['production', 'candidate'] as const).forEach((side) => metrics.add(minute, side, answers[side]));
  }
  const of = (side: Side): { [metric: string]: number } => Object.fromEntries(COUNTED.map((metric) =>
    [metric, Array.from({ length: 60 }, (_, minute) => metrics.value(side, metric, 'Sum', 60_000, first + minute)).reduce((sum, value) => sum + value, 0)]));
  return { production: of('production'), candidate: of('candidate') };
}

const WAYS = [['by period', 500, rehearsed], ['one by one', 20, servedOneByOne]] as const;

test.each(LIMITS.flatMap((limits) => WAYS.map((way) => [...way, limits] as const)))('what a rehearsal counts of requests %s is what the router counts of them', async (_, more, count, limits) => {
  const requests = 6_000;
  const share = 0.5;
  const [real, simulated] = [await served(requests, share, limits), count(more * requests, share, limits)];
  for (const side of ['production', 'candidate'] as const) {
    for (const metric of COUNTED) {
      const expected = simulated[side][metric] / more;
      const apart = Math.abs(real[side][metric] - expected);
      expect([side, metric, apart <= 4.5 * Math.sqrt((expected + 1) * (1 + 1 / more)) + 1 ? 'as counted' : `${real[side][metric]} instead of ${expected}`]).toEqual([side, metric, 'as counted']);
    }
  }
  // The comparison is about something.
  expect(Math.min(...COUNTED.map((metric) => Math.max(real.candidate[metric], real.production[metric])))).toBeGreaterThan(10);
});
