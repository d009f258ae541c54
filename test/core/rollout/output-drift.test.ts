import { measuresOf } from '../../../lib/core/rollout/baseline';
import type { periodsOf } from '../../../lib/core/rollout/periods';
import { judgeRollout } from '../../../lib/core/rollout/judge-rollout';
import type { DriftPlan } from '../../../lib/core/guardrails/drift';
import { sourceKey } from '../../../lib/core/guardrails/sources';
import { guardrailSources, requestSources } from '../../../lib/core/rollout/sources';
import { plan } from '../../fixtures/plan';
import { variant } from '../../fixtures/serving';

const MINUTE = 60_000;
const START = 1_700_000_040_000;
const PERIODS = 30;
const time = { start: START + MINUTE, until: START + (PERIODS + 1) * MINUTE, periodSeconds: 60 };

const router: DriftPlan = { kind: 'drift', name: 'prediction-drift', action: 'observe', path: '$.label', labels: ['a'] };
const drift: DriftPlan = { kind: 'drift', name: 'output-drift', action: 'hold', path: '$.score', edges: [0.5], shadow: 'v3', measure: 1 };
const state: Parameters<typeof periodsOf>[0] = {
  alias: 'fraud/live',
  plan: plan({ guardrails: [drift, router] }),
  production: variant('production', { version: 'v1' }),
  candidate: variant('candidate', { version: 'v2' }),
  stage: 0,
  shares: [{ stage: 0, from: START, until: START + 60 * MINUTE }],
  baseline: { thresholds: {}, overdispersion: {}, frequent: [], notes: [] },
};
const [shadow, predictions] = guardrailSources(state);

const series = (shadowBins: number[], productionBins: number[]): Parameters<typeof judgeRollout>[1] => {
  const total = productionBins.reduce((sum, count) => sum + count, 0);
  const { candidate, production } = requestSources(state);
  return new Map(
    [
      [candidate, 50],
      [production, 950],
      [shadow.candidate.total, total],
      ...shadow.candidate.parts.map((part, bin) => [part, shadowBins[bin]] as const),
      ...shadow.production.parts.map((part, bin) => [part, productionBins[bin]] as const),
    ].map(
      ([source, value]) =>
        [
          sourceKey(source as typeof candidate),
          new Map(Array.from({ length: PERIODS }, (_, index) => [time.start + index * MINUTE, value as number])),
        ] as const,
    ),
  );
};

test('is read from the mirror, for the candidate\'s version, and moves no bin of the routers', () => {
  expect(shadow.candidate.total).toEqual({
    namespace: 'ModelRollout', metricName: 'Outputs', statistic: 'Sum', dimensions: { Endpoint: 'fraud', Alias: 'live', Shadow: 'v3', Version: 'v2' },
  });
  expect(shadow.candidate.parts.map(({ metricName }) => metricName)).toEqual(['ShadowOutputs2Bin1', 'ShadowOutputs2Bin2', 'ShadowOutputs2Bin3']);
  expect(shadow.production.parts.map(({ metricName, dimensions }) => `${metricName} ${dimensions.Version}`)).toEqual(['ProductionOutputs2Bin1 v2', 'ProductionOutputs2Bin2 v2', 'ProductionOutputs2Bin3 v2']);
  expect(predictions.candidate.parts[0].metricName).toBe('Predictions1Bin1');
  expect(measuresOf(state.plan, state.baseline)!.bins).toEqual([{ path: '$.label', labels: ['a'] }]);
});

test('answers that are spread as production\'s hold nothing, and others hold the rollout with the size of the drift', () => {
  expect(judgeRollout(state, series([60, 40, 0], [60, 40, 0]), time)).toMatchObject({ verdict: 'advance-permitted' });
  const other = judgeRollout(state, series([30, 70, 0], [60, 40, 0]), time);
  expect(other).toMatchObject({ verdict: 'hold', guardrails: [{ name: 'output-drift' }, {}] });
  expect(other.sentence).toContain('drift of $.score in shadow v3');
  expect(other.guardrails[0].drift!.stabilityIndex).toBeGreaterThan(0.1);
});
