import type { Counts } from '../../lib/core/judge/counts';
import type { judgeRollout } from '../../lib/core/rollout/judge-rollout';
import type { Series, SeriesByKey } from '../../lib/core/rollout/series';
import type { RolloutPlan } from '../../lib/core/rollout/plan';
import type { EvidenceGuardrailPlan } from '../../lib/core/guardrails/kinds';
import { type MetricSource, sourceKey } from '../../lib/core/guardrails/sources';
import { guardrailSources, requestSources } from '../../lib/core/rollout/sources';
import type { Variant } from '../../lib/core/routing/route';

/**
 * What the controller has in hand once CloudWatch has answered: a rollout of a day with a guardrail for each of the days, and its metrics.
 */
export function liveTick(days: readonly (readonly Counts[])[]): Parameters<typeof judgeRollout> {
  const periodMs = 60_000;
  const until = days[0].length * periodMs;
  const source = (metricName: string): MetricSource => ({ namespace: 'Shop', metricName, dimensions: {}, statistic: 'Sum' });
  const guardrails = days.map((_, index): EvidenceGuardrailPlan => ({
    kind: 'metric',
    name: `metric-${index}`,
    action: 'rollback',
    label: 'errors',
    candidate: { total: source(`ct${index}`), bad: source(`cb${index}`) },
    production: { total: source(`pt${index}`), bad: source(`pb${index}`) },
  }));
  const plan: RolloutPlan = {
    schema: 1,
    kind: 'canary',
    answer: 'response',
    stages: [{ percent: 5, bakeSeconds: until / 1_000, approval: false }],
    deadlineSeconds: until / 1_000,
    intervalSeconds: 60,
    leaseSeconds: 180,
    metrics: { periodSeconds: 60, delaySeconds: 60 },
    minimumRequests: 0,
    tooFewRequests: 'hold',
    guardrails,
    readinessSeconds: 600,
    smokeTests: [],
    warmUpRequests: 0,
    hooks: [],
    windows: [],
    calendars: [],
    drainSeconds: 30,
    rollbackWindowSeconds: 0,
    judgement: { alpha: 0.01, sampleRatio: { tolerance: 0.05, alpha: 0.001 }, uncertified: { afterSeconds: 600, policy: 'pause' } },
  };
  const variant = (version: string): Variant => ({
    name: version,
    version,
    role: 'candidate',
    weight: 1,
    timeBudgetMs: 1_000,
    target: { kind: 'lambda', functionArn: version, contract: 'json', maxRequestBytes: 1 },
  });
  const state = {
    alias: 'fraud/live',
    plan,
    production: variant('v1'),
    candidate: variant('v2'),
    stage: 0,
    shares: [{ stage: 0, from: -periodMs, until: until + periodMs }],
  };
  const series = new Map<string, Series>();
  const put = (metric: MetricSource, day: readonly Counts[], of: (counts: Counts) => number): void => {
    series.set(sourceKey(metric), new Map(day.map((counts, index) => [index * periodMs, of(counts)])));
  };
  const requests = requestSources(state);
  put(requests.candidate, days[0], (counts) => counts.candidateTotal);
  put(requests.production, days[0], (counts) => counts.productionTotal);
  guardrailSources(state).forEach(({ candidate, production }, index) => {
    put(candidate.total, days[index], (counts) => counts.candidateTotal);
    put(candidate.parts[0], days[index], (counts) => counts.candidateBad);
    put(production.total, days[index], (counts) => counts.productionTotal);
    put(production.parts[0], days[index], (counts) => counts.productionBad);
  });
  return [state, series as SeriesByKey, { start: 0, until, periodSeconds: 60 }];
}
