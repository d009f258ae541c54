import type { Run } from '../../rehearsal/engine/run';
import { builtInScenarios, USUAL } from '../../rehearsal/scenario/built-in';
import type { Scenario } from '../../rehearsal/scenario/scenario';
import { proportion, quantile } from '../../rehearsal/statistics';
import { summarize } from '../../rehearsal/summary';

const run = (overrides: Partial<Run>): Run => ({
  verdict: 'promoted', sentence: 'promoted', seconds: 600, candidateRequests: 100, candidateFailures: 1, excessFailures: 0, answered: true, shares: [], ...overrides,
});
const worse = builtInScenarios().find(({ name }) => name === 'worse')!;

test('Wilson\'s interval, by its published values', () => {
  // Newcombe 1998, table I.
  expect(proportion(81, 263)).toMatchObject({ low: expect.closeTo(0.2553, 4), high: expect.closeTo(0.3662, 4) });
  expect(proportion(0, 20)).toMatchObject({ low: 0, high: expect.closeTo(0.1611, 4) });
  expect(proportion(1, 29)).toMatchObject({ low: expect.closeTo(0.0061, 4), high: expect.closeTo(0.1718, 4) });
  expect(quantile([3, 1, 2, 4], 0.5)).toBe(2);
  expect(quantile([], 0.5)).toBeUndefined();
});

test('what was taken back before it was worse was taken back without cause', () => {
  const summary = summarize(worse, [run({}), run({ verdict: 'rolled back', detectionSeconds: 60, sentence: 'at 1' }), run({ verdict: 'rolled back', sentence: 'at 2' })]);
  expect(summary).toMatchObject({ falseRollback: { count: 1 }, miss: { count: 1 }, detectionSeconds: { median: 60, p95: 60 }, reasons: [{ sentence: 'at 1', runs: 2 }] });
  expect(summarize(USUAL, [run({})]).miss).toBeUndefined();
});

test('expectations are unmet beyond what chance explains', () => {
  const expecting = (expect: Scenario['expect'], runs: Run[], scenario = worse): readonly string[] => summarize({ ...scenario, expect }, runs).unmet;
  const back = run({ verdict: 'rolled back', detectionSeconds: 300, candidateFailures: 60 });
  expect(expecting({ miss: 0.01, detectWithinMinutes: 5, maxBadResponses: 60 }, [back, back])).toEqual([]);
  expect(expecting({ detectWithinMinutes: 4, maxBadResponses: 50 }, [back, back])).toEqual([
    'detected within 5 min in 95 % of the rollouts that detect, expected 4 min',
    '60 requests failed at the candidate of a rollout on average, expected at most 50',
  ]);
  expect(expecting({ miss: 0.1 }, Array.from({ length: 40 }, (_, i) => (i < 5 ? run({}) : back)))).toEqual([]);
  expect(expecting({ miss: 0.1 }, Array.from({ length: 40 }, (_, i) => (i < 20 ? run({}) : back)))).toEqual([
    'promoted although worse: 50 % of 40 rollouts (at least 35.2 %), expected at most 10 %',
  ]);
  expect(expecting({ falseRollback: 0.01 }, [run({ verdict: 'rolled back' })], USUAL)[0]).toMatch(/^rolled back without cause: 100 % of 1 rollouts/);
});
