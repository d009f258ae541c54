import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkPlan } from '../../../lib/core/judge/check-plan';
import { FinishReason } from '../../../lib/core/generation/finish-reason';
import { type EvidenceGuardrailPlan, KINDS, kindOf } from '../../../lib/core/guardrails/kinds';
import { LABEL_METRICS } from '../../../lib/core/guardrails/labels';
import type { MetricSource, Sources } from '../../../lib/core/guardrails/sources';
import { Dimension, METRIC_NAMESPACE } from '../../../lib/core/names';
import { type Baseline, knownOf, measuresOf } from '../../../lib/core/rollout/baseline';
import { Guardrail } from '../../../lib/index';
import { LatencyDistribution } from '../../../rehearsal/engine/latency-distribution';
import { USUAL } from '../../../lib/core/rehearsal/built-in';
import { randomOf } from '../../../rehearsal/engine/random';
import { SimulatedMetrics } from '../../../rehearsal/engine/simulated-metrics';
import { outputsOf, SimulatedShadows } from '../../../rehearsal/engine/simulated-shadows';

type Kind = EvidenceGuardrailPlan['kind'];

const source = (metricName: string): MetricSource => ({ namespace: 'Shop', metricName, dimensions: {}, statistic: 'Sum' });
const common = { name: 'guarded', action: 'rollback' } as const;
/** A plan of each kind, as its construct writes it: a kind without one does not compile. */
const PLANS: { readonly [Each in Kind]: Extract<EvidenceGuardrailPlan, { kind: Each }> } = {
  'errors': { ...common, kind: 'errors' },
  'latency': { ...common, kind: 'latency', quantiles: [0.5, 0.99] },
  'first-token': { ...common, kind: 'first-token', quantiles: [0.5, 0.99] },
  'time-per-token': { ...common, kind: 'time-per-token', quantiles: [0.5, 0.99] },
  'finish-reasons': { ...common, kind: 'finish-reasons', reasons: [FinishReason.LENGTH, FinishReason.OTHER] },
  'tokens': { ...common, kind: 'tokens', worse: 'higher', allowed: 1.2, margin: 1.5 },
  'cost': {
    ...common, kind: 'cost', worse: 'higher', allowed: 1.2, margin: 1.5, currency: 'USD', asOf: '2026-11-01',
    production: { in: 3, out: 15 }, candidate: { in: 1, out: 5 },
  },
  'schema': { ...common, kind: 'schema', schema: { type: 'object', required: ['name'] } },
  'metric': {
    ...common, kind: 'metric', label: 'declined', candidate: { total: source('a'), bad: source('b') }, production: { total: source('c'), bad: source('d') },
  },
  'mean': { ...common, kind: 'mean', label: 'stars', candidate: source('a'), production: source('b'), lowest: 1, highest: 5, worse: 'lower', allowed: 0.95, margin: 0.9 },
  'drift': { ...common, kind: 'drift', path: '$.score', edges: [0.5] },
  'agreement': { ...common, kind: 'agreement', shadow: 'next', bound: 0.05, margin: 0.1 },
  'preference': { ...common, kind: 'preference', shadow: 'next', ratio: 1, margin: 1.5 },
  'feedback': { ...common, kind: 'feedback', labelDelayMinutes: 5 },
  'rating': { ...common, kind: 'rating', labelDelayMinutes: 5, lowest: 1, highest: 5, allowed: 0.95, margin: 0.9 },
  'shadow-accuracy': { ...common, kind: 'shadow-accuracy', shadow: 'next', ratio: 1.1, margin: 1.5 },
};
/** Values of anything, which only their owner publishes: a simulated candidate has none. */
const NOT_REHEARSED: readonly Kind[] = ['mean'];
/** As many quantiles as a kind learns. */
const baselineOf = (kind: Kind): Baseline => ({ thresholds: { guarded: kind === 'tokens' ? [100] : [10, 100] }, overdispersion: {}, frequent: [], notes: [],
});
const guide = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'guides', 'guardrails.md'), 'utf8');
const page = readFileSync(join(__dirname, '..', '..', '..', 'CONTRIBUTING.md'), 'utf8');

test('what Guardrail offers by evidence is each made by one kind, and has its line in the guide', () => {
  const offered = Object.getOwnPropertyNames(Guardrail).filter((name) => !['length', 'name', 'prototype'].includes(name));
  const made = Object.values(KINDS).flatMap(({ factories }) => factories);
  expect(new Set(made).size).toBe(made.length);
  const others = ['sampleRatio', 'custom', 'alarm', 'errorPercentAbove', 'latencyAbove'];
  expect([...made, ...others].sort()).toEqual(offered.sort());
  expect(offered.filter((name) => !guide.includes(`| \`Guardrail.${name}(`))).toEqual([]);
});

test('CONTRIBUTING says where a new kind goes, and names no file that is gone', () => {
  const from = page.indexOf('## Add a guardrail');
  const files = [...page.slice(from, page.indexOf('\n## ', from + 1)).matchAll(/`((?:lib|test|docs)\/[\w/.-]+\.\w+)`/g)].map(([, file]) => file);
  expect(files.length).toBeGreaterThan(6);
  expect(files.filter((file) => !readable(file))).toEqual([]);
});

describe.each(Object.keys(PLANS) as Kind[])('%s', (kind) => {
  const plan = PLANS[kind];
  const baseline = baselineOf(kind);
  const [{ learnt, place }] = knownOf({ plan: { guardrails: [plan] }, baseline });
  const sources = kindOf(plan).sources(plan, { alias: 'fraud/live', candidate: 'v2', production: 'v1' }, { learnt, place })!;

  test('is judged by the engine, by what is measured of it', () => {
    const judged = kindOf(plan).judged(plan, { learnt, periodSeconds: 60 });
    expect(judged.map(({ name, action }) => [name, action])).toEqual([['guarded', 'rollback']]);
    checkPlan({ start: 0, periodMs: 60_000, plannedPeriods: 10, guardrails: judged });
    const counts = { total: 10, bad: sources.candidate.parts.map(() => 1) };
    expect(kindOf(plan).measured(plan, counts, counts, learnt).kind).toBe(judged[0].kind);
  });

  test('reads two versions apart, or pairs of both', () => {
    const of = ({ total, parts }: Sources['candidate']): string => JSON.stringify([total, parts]);
    expect(of(sources.candidate) === of(sources.production)).toBe(kindOf(plan).unit(plan) === 'pair');
  });

  test('says which of a candidate\'s faults it sees', () => {
    expect(kindOf(plan).sees.length).toBeGreaterThan(0);
  });

  test('has counts in a rehearsal', () => {
    const missing = [sources.candidate, sources.production].flatMap(({ total, parts }) => [total, ...parts])
      .filter((each) => !isSimulated(plan, each));
    expect(missing.length > 0).toBe(NOT_REHEARSED.includes(kind));
  });
});

function readable(file: string): boolean {
  try {
    return readFileSync(join(__dirname, '..', '..', '..', file)).length > 0;
  } catch {
    return false;
  }
}

/** Whether the rehearsal's metrics have a value where a guardrail looks. */
function isSimulated(plan: EvidenceGuardrailPlan, { namespace, metricName, dimensions, statistic }: MetricSource): boolean {
  if (namespace !== METRIC_NAMESPACE) {
    return kindOf(plan).standIns(plan).some((stand) => stand.source.metricName === metricName);
  }
  const time = { origin: 0, periodMs: 60_000 };
  const random = randomOf(1);
  if (dimensions[Dimension.SHADOW] !== undefined) {
    const shadows = new SimulatedShadows({ ...time, random, outputs: outputsOf({ guardrails: [plan] }) });
    shadows.mirrors = [{ name: 'next', version: 'v2', sampleRate: 1 } as never];
    shadows.add(0, 0, 100, 'v2', { errors: 0.1, differences: 0.1, noise: 0.1, losses: 0.5 });
    return LABEL_METRICS.has(metricName) || shadows.value('next', metricName, 60_000, 0) !== undefined;
  }
  const latency = (): LatencyDistribution => new LatencyDistribution({ medianMs: 10, p99Ms: 100 });
  const metrics = new SimulatedMetrics({ ...time, delayMs: 0, random, latency, behaviour: () => USUAL.production });
  metrics.measures = measuresOf({ guardrails: [plan] }, baselineOf(plan.kind));
  metrics.add(0, 'candidate', {
    requests: 100, failures: 1, timeouts: 0, refusals: 0, fallbacks: 0, fallbackFailures: 0, answeredBeside: 0,
  });
  return LABEL_METRICS.has(metricName) || !Number.isNaN(metrics.value('candidate', metricName, statistic, 60_000, 0));
}
