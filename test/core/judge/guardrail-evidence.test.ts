import { createEvidence } from '../../../lib/core/judge/create-evidence';
import type { GuardrailEvidence } from '../../../lib/core/judge/guardrail-evidence';
import { normalMixtureHalfWidth } from '../../../lib/core/judge/normal-mixture';
import type { Measurement } from '../../../lib/core/judge/period';
import type { GuardrailPlan } from '../../../lib/core/judge/plan';
import { StratifiedMeans } from '../../../lib/core/judge/stratified-means';

const settings = { plannedPeriods: 100, firstInvestment: 0.5, certificationThreshold: Math.log(20) };

function fed(plan: GuardrailPlan, measurements: readonly (readonly [index: number, measurement: Measurement])[]): GuardrailEvidence {
  const evidence = createEvidence(plan, settings);
  measurements.forEach(([index, measurement]) => evidence.add(measurement, index));
  return evidence;
}

const counts = (bad: readonly number[], total = 300): Measurement => ({
  kind: 'counts', candidate: { total, bad }, production: { total: 5700, bad: bad.map(() => 57) },
});
const errors: GuardrailPlan = { name: 'errors', kind: 'counts', outcomes: [{ label: 'errors' }] };

describe('evidence from counts', () => {
  test('after a gap is what periods without candidate requests would have left', () => {
    const empty = counts([0], 0);
    expect(fed(errors, [[0, counts([3])], [5, counts([12])]]).logEvidence())
      .toBeCloseTo(fed(errors, [[0, counts([3])], [1, empty], [2, empty], [3, empty], [4, empty], [5, counts([12])]]).logEvidence(), 12);
  });

  test('is the mean over the outcomes, and certified only in all of them', () => {
    const two: GuardrailPlan = { ...errors, outcomes: [{ label: 'slow' }, { label: 'very slow' }] };
    const periods = Array.from({ length: 30 }, (_, i) => [i, counts([2, 5])] as const);
    const [slow, verySlow] = [2, 5].map((bad) => fed(errors, periods.map(([i]) => [i, counts([bad])])));
    const both = fed(two, periods);
    expect(Math.exp(both.logEvidence())).toBeCloseTo((Math.exp(slow.logEvidence()) + Math.exp(verySlow.logEvidence())) / 2, 9);
    expect([slow.certified, verySlow.certified, both.certified]).toEqual([true, false, false]);
    expect(both.finding().logCertification).toBeCloseTo(verySlow.finding().logCertification!, 12);
  });

  test('by callers is against what they did before, be it so many times as often or so much more often', () => {
    const byCallers: GuardrailPlan = { ...errors, byCallers: true };
    const period = (bad: number, productionBad: number): Measurement => ({
      // Before, production failed 1 % of its own callers and 5 % of those that the candidate has now.
      kind: 'counts', candidate: { total: 300, bad: [bad] }, production: { total: 5700, bad: [productionBad] }, bias: [{ ratio: { lower: 4, upper: 6 }, excess: { lower: 0.03, upper: 0.05 } }],
    });
    const after = (bad: number, productionBad: number): GuardrailEvidence =>
      fed(
        byCallers,
        Array.from({ length: 60 }, (_, index) => [index, period(bad, productionBad)]),
      );
    expect(after(15, 57).logEvidence()).toBeLessThan(0);
    expect(after(15, 57).certified).toBe(true);
    // Everybody else fails less than the day before, or more, and the candidate's callers as much as they always do.
    expect(after(13, 6).logEvidence()).toBeLessThan(0);
    expect(after(27, 285).logEvidence()).toBeLessThan(0);
    expect(after(40, 57).logEvidence()).toBeGreaterThan(Math.log(1e6));
    expect(after(40, 57).finding().phrase).toContain('13 times as often');
    expect(after(40, 57).finding().phrase).toContain('where 4.0 to 6.0 times is expected of these callers');
  });

  test('of clusters is divided by their size', () => {
    const clustered = fed({ ...errors, overdispersion: 1.5 }, [[0, counts([9])]]);
    expect(clustered.logEvidence()).toBeLessThan(fed(errors, [[0, counts([9])]]).logEvidence());
  });

  test('of each form asks the question of that form', () => {
    const odds: GuardrailPlan = { ...errors, outcomes: [{ label: 'slow', form: 'odds' }], allowed: { ratio: 1, tolerance: 0 } };
    const rate: GuardrailPlan = { ...errors, allowed: { ratio: 1, tolerance: 0 } };
    const half: Measurement = { kind: 'counts', candidate: { total: 300, bad: [190] }, production: { total: 5700, bad: [2850] } };
    // The exact form has twice the evidence about a median (2.0c).
    expect(fed(odds, [[0, half]]).logEvidence()).toBeGreaterThan(fed(rate, [[0, half]]).logEvidence() + 2);
  });
});

describe('evidence about a mean', () => {
  const sums = (count: number, mean: number): { count: number; sum: number; sumOfSquares: number; cappedSum: number } =>
    ({ count, sum: count * mean, sumOfSquares: count * (mean * mean + 1), cappedSum: count * mean / 10 });
  const plan: GuardrailPlan = { name: 'm', kind: 'mean', label: 'reward', worse: 'lower', standardDeviation: 1 };
  const day = (mean: number): (readonly [number, Measurement])[] =>
    Array.from({ length: 40 }, (_, i) => [i, { kind: 'mean', candidate: sums(100, mean), production: sums(1900, 5) }]);

  test('starts at 1, capped or not', () => {
    expect(fed(plan, []).logEvidence()).toBe(0);
    expect(fed({ ...plan, capped: true }, []).logEvidence()).toBe(0);
  });

  test('of capped outcomes is half exact, half asymptotic', () => {
    const asymptotic = fed(plan, day(4.6)).logEvidence();
    const both = fed({ ...plan, capped: true }, day(4.6)).logEvidence();
    expect(both).toBeGreaterThan(Math.log(100));
    expect(both).toBeGreaterThanOrEqual(asymptotic - Math.LN2);
  });

  test('knows which direction is worse', () => {
    expect(fed({ ...plan, worse: 'higher' }, day(5.4)).logEvidence()).toBeGreaterThan(Math.log(100));
    expect(fed({ ...plan, worse: 'higher' }, day(4.6)).certified).toBe(true);
    expect(fed(plan, day(5.4)).certified).toBe(true);
    expect(fed(plan, day(4.5)).certified).toBe(false);
  });

  test('asks for its certification anew', () => {
    const evidence = fed(plan, day(5));
    expect(evidence.certified).toBe(true);
    evidence.beginStep();
    expect(evidence.certified).toBe(false);
  });

  test('has the variance of the weighted difference, candidate no less than production, ratio squared', () => {
    const means = new StratifiedMeans(0.5);
    // Production: variance 4 around 5; the candidate does not vary at all.
    means.add({ count: 200, sum: 1000, sumOfSquares: 5000 }, { count: 1001, sum: 5005, sumOfSquares: 25 * 1001 + 4 * 1000 });
    const { estimate, upper } = means.interval(10, 0.05)!;
    const weight = 200 * 1001 / 1201;
    const variance = weight ** 2 * (4 / 200 + 0.25 * 4 / 1001);
    expect(estimate).toBeCloseTo(2.5, 12);
    expect(upper - estimate).toBeCloseTo(normalMixtureHalfWidth(variance, 10, 0.05) / weight, 12);
  });
});

describe('evidence from pairs', () => {
  const answers: GuardrailPlan = { name: 'a', kind: 'disagreement', label: 'answers', bound: 0.02 };
  const minute = (disagreements: number): Measurement => ({ kind: 'disagreement', pairs: 600, disagreements });

  test('certifies against the margin, which is the bound where none is given', () => {
    const periods = Array.from({ length: 10 }, (_, i) => [i, minute(12)] as const);
    expect(fed(answers, periods).certified).toBe(false);
    expect(fed({ ...answers, margin: 0.04 }, periods).certified).toBe(true);
  });

  test('of clusters counts as fewer pairs', () => {
    const quarter = fed({ ...answers, overdispersion: 4 }, [[0, minute(24)]]);
    expect(quarter.logEvidence()).toBeCloseTo(fed(answers, [[0, { kind: 'disagreement', pairs: 150, disagreements: 6 }]]).logEvidence(), 9);
  });

  test('is possible for a bound that leaves no multiple of it below 1', () => {
    const evidence = fed({ ...answers, bound: 0.85 }, Array.from({ length: 5 }, (_, i) => [i, minute(590)] as const));
    expect(evidence.logEvidence()).toBeGreaterThan(Math.log(100));
  });
});

describe('evidence of drift', () => {
  const drift: GuardrailPlan = { name: 'd', kind: 'drift', label: 'score', bins: 2, ratio: 1.25 };
  const day = (first: number): (readonly [number, Measurement])[] =>
    Array.from({ length: 60 }, (_, i) => [i, { kind: 'drift', candidate: [first, 1000 - first], production: [2500, 2500] }]);

  test('leaves changes within the ratio alone, upwards and downwards', () => {
    expect(fed(drift, day(500)).logEvidence()).toBeLessThan(0);
    expect(fed(drift, day(450)).logEvidence()).toBeLessThan(0);
    expect(fed(drift, day(550)).logEvidence()).toBeLessThan(0);
    expect(fed(drift, day(300)).logEvidence()).toBeGreaterThan(Math.log(100));
    expect(fed(drift, day(700)).logEvidence()).toBeGreaterThan(Math.log(100));
  });
});
