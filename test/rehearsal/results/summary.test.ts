import type { Run } from '../../../rehearsal/engine/run';
import { builtInScenarios, USUAL } from '../../../lib/core/rehearsal/built-in';
import type { Scenario } from '../../../lib/core/rehearsal/scenario';
import { proportion, quantile } from '../../../rehearsal/statistics';
import { summarize } from '../../../rehearsal/results/summary';

const run = (overrides: Partial<Run>): Run => ({
  verdict: 'promoted', sentence: 'promoted', gist: '', seconds: 600, candidateRequests: 100, candidateFailures: 1, excessFailures: 0, excessWrong: 0, answered: true, shares: [], ...overrides,
});
const worse = builtInScenarios().find(({ name }) => name === 'worse')!;

test('Wilson\'s interval, by its published values', () => {
  // Newcombe 1998, table I.
  expect(proportion(81, 263)).toMatchObject({ low: expect.closeTo(0.2553, 4), high: expect.closeTo(0.3662, 4) });
  expect(proportion(0, 20)).toMatchObject({ low: 0, high: expect.closeTo(0.1611, 4) });
  expect(proportion(1, 29)).toMatchObject({ low: expect.closeTo(0.0061, 4), high: expect.closeTo(0.1718, 4) });
  expect([proportion(0, 1_000).low, proportion(1_000, 1_000).high]).toEqual([0, 1]);
  expect(quantile([3, 1, 2, 4], 0.5)).toBe(2);
  expect(quantile([], 0.5)).toBeUndefined();
});

test('what was rolled back before it was worse was rolled back without cause', () => {
  const summary = summarize(worse, [run({}), run({ verdict: 'rolled back', detectionSeconds: 60, sentence: 'at 1' }), run({ verdict: 'rolled back', sentence: 'at 2' })]);
  expect(summary).toMatchObject({ falseRollback: { count: 1 }, miss: { count: 1 }, detectionSeconds: { median: 60, p95: 60 }, reasons: [{ sentence: 'at 1', runs: 2 }] });
  expect(summarize(USUAL, [run({})]).miss).toBeUndefined();
});

test('expectations are unmet beyond what chance explains', () => {
  const expecting = (expect: Scenario['expect'], runs: Run[], scenario = worse): readonly string[] => summarize({ ...scenario, expect }, runs).unmet;
  const back = run({ verdict: 'rolled back', detectionSeconds: 300, candidateFailures: 60 });
  expect(expecting({ missRate: 0.01, detectWithinMinutes: 5, maxBadResponses: 60 }, [back, back])).toEqual([]);
  expect(expecting({ detectWithinMinutes: 4, maxBadResponses: 50 }, [back, back])).toEqual([
    'detectWithin: 95 % of 2 rollouts rolled the worse candidate back within 5 min, expected 4 min',
    'maxBadResponses: 60 requests failed at the candidate of a rollout on average, expected at most 50',
  ]);
  expect(expecting({ missRate: 0.1 }, Array.from({ length: 40 }, (_, i) => (i < 5 ? run({}) : back)))).toEqual([]);
  expect(expecting({ missRate: 0.1 }, Array.from({ length: 40 }, (_, i) => (i < 20 ? run({}) : back)))).toEqual([
    'missRate: promoted although worse: 50 % of 40 rollouts (at least 35.2 %), expected at most 10 %',
  ]);
  expect(expecting({ falseRollbackRate: 0.01 }, [run({ verdict: 'rolled back' })], USUAL)[0]).toMatch(/^falseRollbackRate: rolled back without cause: 100 % of 1 rollouts/);
});

test('a worse candidate that is never rolled back is not rolled back in time', () => {
  const expected = { ...worse, expect: { detectWithinMinutes: 5 } };
  const back = run({ verdict: 'rolled back', detectionSeconds: 60 });
  const several = (count: number, each: Run): Run[] => Array.from({ length: count }, () => each);
  expect(summarize(expected, several(20, run({}))).requirements).toEqual([
    { requirement: 'detectWithin', value: null, limit: 5, met: false, sentence: 'detectWithin: 100 % of 20 rollouts did not roll the worse candidate back within 5 min' },
  ]);
  expect(summarize(expected, [...several(10, back), ...several(10, run({ verdict: 'gave up' }))]).unmet).toHaveLength(1);
  // One of a hundred is within the 5 %; a rollout that ends before anything could be found says nothing.
  expect(summarize(expected, [...several(99, back), run({}), run({ verdict: 'superseded' })]).requirements).toMatchObject([{ value: 1, met: true }]);
});

test('failures that production would have had are not held against a candidate that is no worse', () => {
  const expect_ = { maxBadResponses: 0, detectWithinMinutes: 1, missRate: 0 };
  expect(summarize({ ...USUAL, expect: expect_ }, [run({ candidateFailures: 9 })]).requirements).toEqual([]);
  expect(summarize({ ...worse, expect: { maxBadResponses: 9 } }, [run({ candidateFailures: 9 })]).requirements).toMatchObject([{ requirement: 'maxBadResponses', value: 9, limit: 9, met: true }]);
});
