import type { GetMetricDataCommandInput } from '@aws-sdk/client-cloudwatch';
import { readBaseline } from '../../../lambda/controller/baseline';
import { askGuardrails } from '../../../lambda/controller/function-guardrails';
import { readJudgement } from '../../../lambda/controller/judgement';
import { readSeries, valuesOf } from '../../../lambda/shared/series';
import { notify } from '../../../lambda/controller/notify';
import type { CountsPlan } from '../../../lib/core/judge/plan';
import { Dimension, Metric } from '../../../lib/core/names';
import type { Baseline } from '../../../lib/core/rollout/baseline';
import { decide } from '../../../lib/core/rollout/decide';
import { isWatched } from '../../../lib/core/rollout/evidence';
import { judgePlanOf } from '../../../lib/core/rollout/judge-rollout';
import type { RolloutPlan } from '../../../lib/core/rollout/plan';
import type { FunctionGuardrailPlan } from '../../../lib/core/guardrails/function';
import type { EvidenceGuardrailPlan } from '../../../lib/core/guardrails/kinds';
import { routerMetric, type SeriesSource } from '../../../lib/core/guardrails/sources';
import type { RolloutState } from '../../../lib/core/rollout/state';
import { route, variant } from '../../fixtures/serving';
import { PublishedMetrics } from '../../fixtures/published-metrics';
import { NO_CELLS } from '../../fixtures/traffic';
import { plan } from '../../fixtures/plan';
import { healthy } from '../../fixtures/world';

const NOW = Date.UTC(2026, 10, 24, 12, 0, 30);
const MINUTE = 60_000;
const errors: EvidenceGuardrailPlan = { kind: 'errors', name: 'errors', action: 'rollback' };
const latency: EvidenceGuardrailPlan = { kind: 'latency', name: 'latency', action: 'rollback', quantiles: [0.5, 0.99] };

const state = (guardrails: RolloutPlan['guardrails'] = [errors], overrides: Partial<RolloutState> = {}): RolloutState => ({
  schema: 1, id: 'fraud-live-0123456789abcdef', alias: 'fraud/live', plan: plan({ guardrails }), production: variant('production', { version: 'v1' }),
  candidate: variant('candidate', { version: 'v2', role: 'candidate' }), promoted: route([variant('v2')]), routerFunction: 'router',
  startedAt: NOW - 600_000, stage: 0, stageStartedAt: NOW - 600_000, prepared: true, decisions: 0,
  shares: [{ stage: 0, from: NOW - 600_000, until: NOW + 180_000 }], ...overrides,
});

/** Production's last hours, a minute at a time. */
function history(
  minutes: number,
  of: (minute: number) => { requests: number; failures: number; latencies?: readonly number[] },
): PublishedMetrics {
  const cloudWatch = new PublishedMetrics(() => NOW);
  const end = Math.floor(NOW / MINUTE) * MINUTE;
  for (let minute = 0; minute < minutes; minute++) {
    const { requests, failures, latencies = [] } = of(minute);
    const at = end - (minutes - minute) * MINUTE;
    cloudWatch.put(routerMetric('fraud/live', 'v1', Metric.INVOCATIONS), at, requests);
    cloudWatch.put(routerMetric('fraud/live', 'v1', Metric.FAILURES), at, failures);
    latencies.forEach((value) => cloudWatch.put(routerMetric('fraud/live', 'v1', Metric.MODEL_LATENCY), at, value));
  }
  return cloudWatch;
}

describe('a baseline', () => {
  test('has production\'s quantiles, however few requests there were', async () => {
    const baseline = await readBaseline(
      { cloudWatch: history(3, () => ({ requests: 100, failures: 1, latencies: [10, 20, 30, 40] })), cells: NO_CELLS },
      state([errors, latency]),
      NOW,
    );
    expect(baseline).toEqual({ thresholds: { latency: [20, 40] }, overdispersion: {}, frequent: [], notes: [] });
  });

  test('has the last minute of a young endpoint', async () => {
    const cloudWatch = new PublishedMetrics(() => NOW);
    cloudWatch.put(routerMetric('fraud/live', 'v1', Metric.MODEL_LATENCY), NOW - 5_000, 12);
    expect((await readBaseline({ cloudWatch, cells: NO_CELLS }, state([latency]), NOW)).thresholds).toEqual({ latency: [12, 12] });
  });

  test('knows how much counts vary, and when bad outcomes are frequent', async () => {
    // Failures come in clusters of nine, or not at all.
    const failing = history(720, (minute) => ({ requests: 1_000, failures: 9 * ((minute * 7) % 5 === 0 ? 3 : (minute * 11) % 3) }));
    const clustered = await readBaseline({ cloudWatch: failing, cells: NO_CELLS }, state([errors], { promoted: route([variant('v2')], { assignment: { source: 'header', name: 'x-user' } }) }), NOW);
    expect(clustered.overdispersion.errors).toBeGreaterThan(2);
    // Each request goes its own way: what fails together is not at one version together.
    expect((await readBaseline({ cloudWatch: failing, cells: NO_CELLS }, state(), NOW)).overdispersion).toEqual({});
    expect(clustered.frequent).toEqual([]);
    expect((await readBaseline({ cloudWatch: history(720, () => ({ requests: 1_000, failures: 80 })), cells: NO_CELLS }, state(), NOW)).frequent).toEqual(['errors']);
  });

  test('knows what wanders by itself and what never comes in bursts, and the judge is told of both', async () => {
    const wandering = history(1440, (minute) => ({ requests: 1_000, failures: 20 + Math.round(12 * Math.sin(minute / 9)) }));
    const { noise } = await readBaseline({ cloudWatch: wandering, cells: NO_CELLS }, state(), NOW);
    expect(noise).toEqual({ errors: [{ wander: { excess: expect.any(Number), requests: 1_000 }, bursty: true }] });
    const calm = await readBaseline({ cloudWatch: history(1440, () => ({ requests: 1_000, failures: 0 })), cells: NO_CELLS }, state(), NOW);
    expect(calm.noise).toEqual({ errors: [{ calm: true, steady: true }] });
    const outcomeOf = (baseline: Baseline): unknown =>
      (judgePlanOf({ plan: state().plan, baseline }, 0).guardrails[0] as CountsPlan).outcomes[0];
    expect(outcomeOf(calm)).toEqual({ label: 'errors', form: 'rate', calm: true, steady: true });
    expect(outcomeOf({ ...calm, noise })).toEqual({ label: 'errors', form: 'rate', wander: noise!.errors[0].wander, bursty: true });
    // Where callers stick, dispersion is divided by as a whole.
    const sticky = state([errors], { promoted: route([variant('v2')], { assignment: { source: 'header', name: 'x-user' } }) });
    expect((await readBaseline({ cloudWatch: wandering, cells: NO_CELLS }, sticky, NOW)).noise).toBeUndefined();
  });

  test('fails for a plan that nobody could judge, and for counts that routers would refuse', async () => {
    await expect(readBaseline({ cloudWatch: history(3, () => ({ requests: 1, failures: 0 })), cells: NO_CELLS }, state([{ ...errors, allowed: { ratio: 2, tolerance: 0.1 } }]), NOW)).rejects.toThrow('margin is not wider than allowed');
    await expect(readBaseline({ cloudWatch: history(3, () => ({ requests: 1, failures: 0 })), cells: NO_CELLS }, state([{ kind: 'drift', name: 'd', action: 'hold', path: '$.a', edges: [1, 1] }]), NOW)).rejects.toThrow('edges do not increase');
  });

  test('fails when CloudWatch cannot be read', async () => {
    const cloudWatch = history(3, () => ({ requests: 1, failures: 0 }));
    cloudWatch.fault = () => { throw new Error('Rate exceeded'); };
    await expect(readBaseline({ cloudWatch, cells: NO_CELLS }, state(), NOW)).rejects.toThrow('Rate exceeded');
  });
});

describe('series', () => {
  const source = (index: number): SeriesSource => ({ namespace: 'N', metricName: `m${index}`, dimensions: {}, statistic: 'Sum' });

  test('of more metrics than one call takes are read in several, page by page', async () => {
    const cloudWatch = new PublishedMetrics(() => NOW);
    cloudWatch.pageSize = 100;
    const sources = Array.from({ length: 620 }, (_, index) => source(index));
    sources.forEach((metric, index) => cloudWatch.put(metric, NOW - 5 * MINUTE, index));
    const read = await readSeries(cloudWatch, [...sources, ...sources], { start: NOW - 10 * MINUTE, until: NOW, periodSeconds: 60 });
    expect(sources.map((metric) => [...valuesOf(read, metric).values()])).toEqual(sources.map((_, index) => [index]));
    expect(cloudWatch.calls).toHaveLength(5 + 2);
  });

  test('fails for an answer that is none, and for one that never ends', async () => {
    const answers = (page: object): { send: never } => ({ send: (async (_: { input: GetMetricDataCommandInput }) => page) as never });
    const time = { start: 0, until: MINUTE, periodSeconds: 60 };
    await expect(readSeries(answers({ MetricDataResults: [{ Id: 'm0', StatusCode: 'Forbidden' }] }), [source(0)], time)).rejects.toThrow('Forbidden');
    await expect(readSeries(answers({ NextToken: 'again', MetricDataResults: [] }), [source(0)], time)).rejects.toThrow('pages');
  });
});

describe('a judgement', () => {
  test('that cannot be made is said, and ends the lease', async () => {
    const cloudWatch = new PublishedMetrics(() => NOW);
    cloudWatch.fault = () => { throw Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' }); };
    expect(await readJudgement({ cloudWatch, cells: NO_CELLS }, state(), NOW)).toEqual({ judgementProblem: 'ThrottlingException: Rate exceeded' });
    expect(await readJudgement({ cloudWatch, cells: NO_CELLS }, state([errors], { shares: undefined }), NOW)).toMatchObject({ judgementProblem: expect.stringContaining('since when') });
    expect(isWatched({ ...healthy, judgementProblem: 'x' })).toBe(false);
  });

  test('is asked for where there is evidence and traffic only', async () => {
    const cloudWatch = new PublishedMetrics(() => NOW);
    expect(await readJudgement({ cloudWatch, cells: NO_CELLS }, state([]), NOW)).toEqual({});
    expect(await readJudgement({ cloudWatch, cells: NO_CELLS }, state([errors], { stage: -1 }), NOW)).toEqual({});
    expect(cloudWatch.calls).toEqual([]);
  });

  test('is told as a metric beside the weight', async () => {
    const cloudWatch = new PublishedMetrics(() => NOW);
    const judged = await readJudgement({ cloudWatch, cells: NO_CELLS }, state(), NOW);
    const lines: string[] = [];
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
    const channels = { events: { send: (async () => ({})) as never }, sns: { send: (async () => ({})) as never }, warn: () => {} };
    for (const evidence of [{ ...healthy, ...judged }, healthy]) {
      await notify(state(), decide(state().plan, state(), evidence, NOW), undefined, channels);
    }
    write.mockRestore();
    const [told, untold] = lines.map((line) => JSON.parse(line) as { [name: string]: unknown });
    expect(told).toMatchObject({ [Dimension.ENDPOINT]: 'fraud', [Dimension.ALIAS]: 'live', [Metric.CANDIDATE_WEIGHT]: 5, [Metric.LOG_EVIDENCE]: 0 });
    expect(untold).not.toHaveProperty(Metric.LOG_EVIDENCE);
  });
});

describe('functions that are guardrails', () => {
  const guardrail: FunctionGuardrailPlan = { kind: 'function', name: 'fairness', action: 'rollback', functionArn: 'arn:aws:lambda:r:1:function:fair' };
  const answering = (text: string, failed?: string): { send: never; asked: unknown[] } => {
    const asked: unknown[] = [];
    return {
      asked,
      send: (async ({ input }: { input: { Payload: string } }) => (
        asked.push(JSON.parse(input.Payload)),
        { Payload: Buffer.from(text), FunctionError: failed }
      )) as never,
    };
  };

  test.each([
    ['{"status":"ok","detail":"fine"}', undefined, 'ok', 'fine', undefined],
    ['{"status":"triggered"}', undefined, 'triggered', 'the function says triggered', undefined],
    ['{"status":"unknown","detail":"too few labels"}', undefined, 'unknown', 'too few labels', undefined],
    ['{"verdict":"pass"}', undefined, 'unknown', 'the function answered with no status "ok", "triggered" or "unknown"', true],
    ['null', undefined, 'unknown', 'the function answered with no status "ok", "triggered" or "unknown"', true],
    ['no JSON', undefined, 'unknown', 'the function answered with no status "ok", "triggered" or "unknown"', true],
    ['{"errorMessage":"x"}', 'Unhandled', 'unknown', 'the function failed: {"errorMessage":"x"}', true],
  ])('%s', async (text, failed, status, detail, unreadable) => {
    const lambda = answering(text, failed);
    expect(await askGuardrails(lambda, state(), [guardrail])).toEqual([{ name: 'fairness', action: 'rollback', status, detail, ...(unreadable && { unreadable }) }]);
    expect(lambda.asked).toEqual([{ guardrail: 'fairness', alias: 'fraud/live', rolloutId: 'fraud-live-0123456789abcdef', productionVersion: 'v1', candidateVersion: 'v2', percent: 5 }]);
  });

  test('that cannot be asked are unknown', async () => {
    const refusing = { send: (async () => { throw Object.assign(new Error('no'), { name: 'AccessDeniedException' }); }) as never };
    expect(await askGuardrails(refusing, state(), [guardrail])).toMatchObject([{ status: 'unknown', unreadable: true, detail: 'the function could not be asked: AccessDeniedException: no' }]);
  });
});
