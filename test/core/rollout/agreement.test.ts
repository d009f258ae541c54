import { judgeRollout } from '../../../lib/core/rollout/judge-rollout';
import { periodsOf } from '../../../lib/core/rollout/periods';
import type { Series, SeriesByKey } from '../../../lib/core/rollout/series';
import type { AgreementPlan } from '../../../lib/core/guardrails/agreement';
import { sourceKey } from '../../../lib/core/guardrails/sources';
import { guardrailSources, requestSources } from '../../../lib/core/rollout/sources';
import { plan } from '../../fixtures/plan';
import { variant } from '../../fixtures/serving';

const MINUTE = 60_000;
const START = 1_700_000_040_000;
const PERIODS = 30;
const time = { start: START + MINUTE, until: START + (PERIODS + 1) * MINUTE, periodSeconds: 60 };

const agreement: AgreementPlan = { kind: 'agreement', name: 'agreement', action: 'rollback', shadow: 'v3', bound: 0.05, margin: 0.1 };
const state: Parameters<typeof periodsOf>[0] = {
  alias: 'fraud/live',
  plan: plan({ guardrails: [agreement] }),
  production: variant('production', { version: 'v1' }),
  candidate: variant('candidate', { version: 'v2' }),
  stage: 0,
  shares: [{ stage: 0, from: START, until: START + 60 * MINUTE }],
  baseline: { thresholds: {}, overdispersion: {}, frequent: [], notes: [] },
};
const { candidate, production } = requestSources(state);
const [{ candidate: { total: comparisons, parts: [differences, schemaDifferences, errors, comparisonErrors] } }] = guardrailSources(state);

/** A rollout in which every period has so many comparisons and disagreements of each kind. */
function rollout(counts: {
  comparisons?: number;
  differences?: number;
  schema?: number;
  errors?: number;
  comparison?: number;
}): SeriesByKey {
  const every = (value: number | undefined): Series =>
    new Map(value === undefined ? [] : Array.from({ length: PERIODS }, (_, index) => [time.start + index * MINUTE, value] as const));
  return new Map(
    [
      [candidate, 50],
      [production, 950],
      [comparisons, counts.comparisons],
      [differences, counts.differences ?? 0],
      [schemaDifferences, counts.schema ?? 0],
      [errors, counts.errors ?? 0],
      [comparisonErrors, counts.comparison ?? 0],
    ].map(([source, value]) => [sourceKey(source as never), every(value as number | undefined)] as const),
  );
}

test('what is read is what the mirror counted for the candidate\'s version, differences of all kinds', () => {
  expect(comparisons).toEqual({
    namespace: 'ModelRollout', metricName: 'Comparisons', statistic: 'Sum', dimensions: { Endpoint: 'fraud', Alias: 'live', Shadow: 'v3', Version: 'v2' },
  });
  expect([differences, schemaDifferences, errors, comparisonErrors].map(({ metricName }) => metricName)).toEqual(['Differences', 'SchemaDifferences', 'ShadowErrors', 'ComparisonErrors']);
  const [first] = periodsOf(state, rollout({ comparisons: 100, differences: 3, schema: 2, errors: 1, comparison: 4 }), time);
  expect(first.measurements).toEqual({ agreement: { kind: 'disagreement', pairs: 100, disagreements: 10 } });
});

test('a candidate that agrees is certified, and one that disagrees is rolled back', () => {
  expect(judgeRollout(state, rollout({ comparisons: 100, differences: 2 }), time)).toMatchObject({ verdict: 'advance-permitted', guardrails: [{ name: 'agreement', certified: true }] });
  const worse = judgeRollout(state, rollout({ comparisons: 100, differences: 20, errors: 5 }), time);
  expect(worse).toMatchObject({ verdict: 'roll back', attributedTo: 'agreement' });
  expect(worse.sentence).toContain('shadow v3: 25 of 100 pairs disagree, 5% allowed');
});

test('a disagreement that is allowed does not take it back, and one between bound and margin is not certified', () => {
  expect(judgeRollout(state, rollout({ comparisons: 100, differences: 5 }), time).verdict).not.toBe('roll back');
  expect(judgeRollout(state, rollout({ comparisons: 10, differences: 1 }), time)).toMatchObject({ verdict: 'hold', guardrails: [{ certified: false }] });
});

test('fails to compare anything: the rollout holds', () => {
  expect(judgeRollout(state, rollout({}), time)).toMatchObject({ verdict: 'hold', guardrails: [{ silent: true }] });
});
