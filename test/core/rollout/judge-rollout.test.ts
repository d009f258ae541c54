import { ROUTE_MAX_AGE_MS } from '../../../lib/core/timing';
import { judgedTime, judgePlanOf, judgeRollout } from '../../../lib/core/rollout/judge-rollout';
import { periodsOf } from '../../../lib/core/rollout/periods';
import type { Series, SeriesByKey } from '../../../lib/core/rollout/series';
import type { RolloutPlan } from '../../../lib/core/rollout/plan';
import type { EvidenceGuardrailPlan } from '../../../lib/core/guardrails/kinds';
import { type MetricSource, sourceKey } from '../../../lib/core/guardrails/sources';
import { guardrailSources, requestSources } from '../../../lib/core/rollout/sources';
import { measuresOf } from '../../../lib/core/rollout/baseline';
import { slowMetric } from '../../../lib/core/names';
import { variant } from '../../fixtures/serving';
import { plan } from '../../fixtures/plan';

const MINUTE = 60_000;
const START = 1_700_000_040_000;
const errors: EvidenceGuardrailPlan = { kind: 'errors', name: 'errors', action: 'rollback' };
const source = (metricName: string, version: string): MetricSource => ({ namespace: 'Shop', metricName, dimensions: { Version: version }, statistic: 'Sum' });
const orders: EvidenceGuardrailPlan = {
  kind: 'metric', name: 'orders', action: 'hold', label: 'lost orders',
  candidate: { total: source('Orders', 'v2'), bad: source('Lost', 'v2') }, production: { total: source('Orders', 'v1'), bad: source('Lost', 'v1') },
};

const state = (guardrails: RolloutPlan['guardrails'] = [errors], overrides: Partial<RolloutPlan> = {}): Parameters<typeof periodsOf>[0] => ({
  alias: 'fraud/live', plan: plan({ guardrails, ...overrides }), production: variant('production', { version: 'v1' }), candidate: variant('candidate', { version: 'v2' }),
  stage: 0, shares: [{ stage: 0, from: START, until: START + 60 * MINUTE }],
  baseline: { thresholds: { slow: [10, 100], slower: [300] }, overdispersion: { errors: 2 }, frequent: [], notes: [] },
});

const time = { start: START + MINUTE, until: START + 4 * MINUTE, periodSeconds: 60 };
/** Values of one metric in the first periods; undefined where there is none. */
const series = (...entries: readonly [MetricSource, readonly (number | undefined)[]][]): SeriesByKey =>
  new Map(
    entries.map(([metric, values]): [string, Series] => [
      sourceKey(metric),
      new Map(values.flatMap((value, index) => (value === undefined ? [] : [[time.start + index * MINUTE, value] as const]))),
    ]),
  );

const { candidate, production } = requestSources(state());
const [{ candidate: { parts: [candidateFailures] }, production: { parts: [productionFailures] } }] = guardrailSources(state());

test('periods begin when every router knew what to count, and only closed ones are judged', () => {
  const now = START + 10 * MINUTE;
  const { start, until } = judgedTime(state(), now)!;
  expect(start).toBeGreaterThanOrEqual(START + ROUTE_MAX_AGE_MS);
  expect([start % MINUTE, until % MINUTE]).toEqual([0, 0]);
  expect(until).toBeLessThanOrEqual(now - MINUTE);
  expect(judgedTime({ ...state(), shares: undefined }, now)).toBeUndefined();
});

test('requests are what was assigned: a version without is 0, silence is nothing', () => {
  const [first, second, third] = periodsOf(state(), series(
    [candidate, [50, undefined, undefined]], [production, [950, 900, undefined]], [candidateFailures, [7]], [productionFailures, [3, 4]],
  ), time).sort((a, b) => a.start - b.start);
  expect(first).toMatchObject({
    step: 0,
    share: 0.05,
    requests: { candidate: 50, production: 950 },
    measurements: { errors: { candidate: { total: 50, bad: [7] }, production: { total: 950, bad: [3] } } },
  });
  expect(second).toMatchObject({
    requests: { candidate: 0, production: 900 },
    measurements: { errors: { candidate: { total: 0, bad: [0] }, production: { bad: [4] } } },
  });
  expect(third).toBeUndefined();
});

test('a count that is missing beside its total is zero where zeros are not written, and lost where they are', () => {
  const sparse = periodsOf(
    state([orders]),
    series(
      [candidate, [50, 50, 50]],
      [production, [950, 950, 950]],
      [orders.candidate.total, [40, 40, 40]],
      [orders.candidate.bad, [undefined, 2, undefined]],
      [orders.production.total, [800, 800, 800]],
      [orders.production.bad, [3, 0, undefined]],
    ),
    time,
  ).sort((a, b) => a.start - b.start);
  expect(sparse.map(({ measurements }) => measurements.orders)).toMatchObject(
    [{ candidate: { total: 40, bad: [0] } }, { candidate: { bad: [2] }, production: { bad: [0] } }, undefined as never].slice(0, 2),
  );
  // Production's metric has written a zero, so its gap is a loss.
  expect(sparse[2].measurements.orders).toBeUndefined();
  // Routers write zeros always.
  const [lost] = periodsOf(state(), series([candidate, [50]], [production, [950]], [productionFailures, [3]]), time);
  expect(lost.measurements.errors).toBeUndefined();
});

test('impossible counts are passed on as they are, for the engine to refuse', () => {
  const verdicts = [
    [-1, 3],
    [NaN, 3],
    [60, 3],
  ].map(
    ([bad, base]) =>
      judgeRollout(state(), series([candidate, [50]], [production, [950]], [candidateFailures, [bad]], [productionFailures, [base]]), time)
        .verdict,
  );
  expect(verdicts).toEqual(['invalid', 'invalid', 'invalid']);
});

test('routers count in the order in which the controller reads', () => {
  const guardrails: EvidenceGuardrailPlan[] = [
    { kind: 'latency', name: 'slow', action: 'rollback', quantiles: [0.5, 0.9], slowdown: 1.1 }, { kind: 'latency', name: 'unknown', action: 'rollback', quantiles: [0.9] },
    { kind: 'drift', name: 'drift', action: 'hold', path: '$.score', edges: [1] }, { kind: 'latency', name: 'slower', action: 'hold', quantiles: [0.99] },
  ];
  const judged = state(guardrails);
  expect(measuresOf(judged.plan, judged.baseline)).toEqual({ slowerThanMs: [10, 100, 300], candidateSlowerThanMs: [11, 110, 300], bins: [{ path: '$.score', edges: [1] }] });
  const counted = guardrailSources(judged).map(({ guardrail: of, candidate }) => [of.name, candidate.parts.map((each) => each.metricName)]);
  expect(counted).toEqual([
    ['slow', [slowMetric(0), slowMetric(1)]], ['drift', ['Predictions1Bin1', 'Predictions1Bin2', 'Predictions1Bin3']], ['slower', [slowMetric(2)]],
  ]);
  expect(judgePlanOf(judged, 0).guardrails[0]).toMatchObject({ outcomes: [{ label: 'requests slower than 10 ms (11 ms the candidate\'s)' }, {}] });
  expect(judgePlanOf(judged, 0).guardrails.map((guardrail) => [guardrail.name, guardrail.kind === 'counts' ? guardrail.outcomes.map(({ form }) => form) : guardrail.kind])).toEqual([
    ['slow', ['odds', 'odds']], ['drift', 'drift'], ['slower', ['rate']],
  ]);
});

test('a split alone may be checked, and may not be', () => {
  const checked = state([], { judgement: { alpha: 0.01, sampleRatio: { tolerance: 0.05, alpha: 0.001 }, uncertified: { afterSeconds: 0, policy: 'pause' } } });
  const broken = series(
    [candidate, [500, 500, 500]],
    [production, [500, 500, 500]],
    [candidateFailures, [5, 5, 5]],
    [productionFailures, [5, 5, 5]],
  );
  expect(judgeRollout(checked, broken, time).verdict).toBe('invalid');
  expect(
    judgeRollout(
      checked,
      series([candidate, [50, 50, 50]], [production, [950, 950, 950]], [candidateFailures, [1, 0, 0]], [productionFailures, [9, 9, 9]]),
      time,
    ),
  ).toMatchObject({
    verdict: 'advance-permitted',
    guardrails: [{ action: 'observe' }],
  });
  const unchecked = judgeRollout(state(), broken, time);
  expect([unchecked.verdict, unchecked.sampleRatio.brokenAt, unchecked.sampleRatio.observed]).toEqual(['hold', undefined, 0.5]);
});

test('how much counts vary is taken from the plan, else from history', () => {
  const of = (overdispersion?: number): unknown => judgePlanOf(state([errors], { judgement: { alpha: 0.01, uncertified: { afterSeconds: 0, policy: 'pause' }, ...(overdispersion && { overdispersion }) } }), 0).guardrails[0].overdispersion;
  expect([of(), of(3)]).toEqual([2, 3]);
});

test('what is said to be independent is believed: nothing is kept back for bursts, and nothing of them is learnt', () => {
  const of = (overdispersion?: number): ReturnType<typeof judgePlanOf> => {
    const known = state([errors], { judgement: { alpha: 0.01, uncertified: { afterSeconds: 0, policy: 'pause' }, ...(overdispersion && { overdispersion }) } });
    const noise = { [errors.name]: [{ bursty: true as const, wander: { excess: 2, requests: 600 } }] };
    return judgePlanOf({ ...known, baseline: { ...known.baseline!, noise } }, 0);
  };
  expect([of().clip, of(3).clip]).toEqual([expect.objectContaining({ atOnce: expect.any(Number) }), of().clip]);
  expect(of().guardrails[0]).toMatchObject({ outcomes: [{ bursty: true, wander: { excess: 2 } }] });
  expect(of(1)).not.toHaveProperty('clip');
  expect(of(1).guardrails[0]).toMatchObject({
    overdispersion: 1, outcomes: [expect.not.objectContaining({ bursty: true, wander: expect.anything() })],
  });
});

test('what is wrong for a day is told in few words', () => {
  const values = Array.from({ length: 1_430 }, () => NaN);
  const judged = { ...state([errors], { deadlineSeconds: 86_400 }), shares: [{ stage: 0, from: START, until: START + 86_400_000 }] };
  const { verdict, problems, reasons } = judgeRollout(judged, series([candidate, values], [production, values]), {
    ...time,
    until: START + 86_400_000,
  });
  expect([verdict, problems.length, reasons.length]).toEqual(['invalid', 20, 20]);
});
