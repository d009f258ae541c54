import { randomOf } from '../../../rehearsal/engine/random';
import { normalMixtureScale, oneSidedNormalMixture } from '../../../lib/core/judge/normal-mixture';
import { logNormalCdf } from '../../../lib/core/judge/special-functions';
import { type Moments, StratifiedMeans } from '../../../lib/core/judge/stratified-means';

const moments = (values: readonly number[]): Moments => ({
  count: values.length,
  sum: values.reduce((sum, value) => sum + value, 0),
  sumOfSquares: values.reduce((sum, value) => sum + value * value, 0),
});

function sample(seed: number, count: number, level: number): Moments {
  const random = randomOf(seed);
  return moments(Array.from({ length: count }, () => level + random.normal()));
}

const scale = normalMixtureScale(2000, 0.02);

describe('normal mixture', () => {
  test('is the formula of the reference in its own terms', () => {
    const [sum, variance] = [30, 80];
    const [z, q] = [sum / Math.sqrt(variance), variance / (variance + scale)];
    expect(oneSidedNormalMixture(sum, variance, scale))
      .toBeCloseTo(Math.log(2 * Math.sqrt(1 - q)) + q * z * z / 2 + logNormalCdf(z * Math.sqrt(q)), 12);
  });

  test('stays finite for any sum', () => {
    for (const sum of [-1e12, -1, 0, 1, 1e12]) {
      expect(Number.isFinite(oneSidedNormalMixture(sum, 1e9, 1))).toBe(true);
    }
  });
});

describe('stratified means', () => {
  test('see a lower mean on the lower side only', () => {
    const means = new StratifiedMeans(1);
    for (let period = 0; period < 20; period++) {
      means.add(sample(2 * period, 200, 4.7), sample(2 * period + 1, 2000, 5));
    }
    expect(means.logEvidence(-1, scale)).toBeGreaterThan(Math.log(100));
    expect(means.logEvidence(1, scale)).toBeLessThan(0);
    const { estimate, lower, upper } = means.interval(scale, 0.05)!;
    expect(estimate).toBeCloseTo(-0.3, 1);
    expect(lower).toBeLessThan(estimate);
    expect(upper).toBeLessThan(0);
  });

  test('are not fooled by weights that move while the mean moves', () => {
    const means = new StratifiedMeans(1);
    for (let period = 0; period < 40; period++) {
      const [level, n, m] = period < 20 ? [6, 50, 950] : [4, 500, 500];
      means.add(sample(900 + 2 * period, n, level), sample(901 + 2 * period, m, level));
    }
    expect(Math.abs(means.interval(scale, 0.05)!.estimate)).toBeLessThan(0.1);
    expect(means.logEvidence(-1, scale)).toBeLessThan(Math.log(10));
  });

  test('stay silent until the candidate is worth fifty outcomes', () => {
    const means = new StratifiedMeans(1);
    // One huge outcome among zeros is worth one outcome, however many zeros there are.
    means.add(moments([1000, ...new Array<number>(5000).fill(0)]), sample(1, 5000, 5));
    expect(means.mature).toBe(false);
    expect(means.logEvidence(-1, scale)).toBe(0);
    expect(means.interval(scale, 0.05)).toBeUndefined();
  });

  test('take the candidate to vary no less than production', () => {
    const [own, floored] = [new StratifiedMeans(1), new StratifiedMeans(1)];
    const production = sample(2, 3000, 5);
    own.add(sample(3, 300, 4.6), production);
    // The same mean without any variation of its own would be certain in an instant.
    floored.add({ count: 300, sum: 4.6 * 300, sumOfSquares: 4.6 * 4.6 * 300 }, production);
    expect(floored.logEvidence(-1, scale)).toBeLessThan(own.logEvidence(-1, scale) * 1.5);
  });

  test('ignore a period in which one side had no outcome', () => {
    const means = new StratifiedMeans(1);
    means.add(moments([]), sample(4, 100, 5));
    means.add(sample(5, 100, 5), moments([]));
    expect(means.mature).toBe(false);
  });
});
