import { logDirichletMultinomial, logMultinomial } from '../../../benchmarks/judge/peers/dirichlet-multinomial';
import { normalMixtureHalfWidth, normalMixtureScale, oneSidedNormalMixture } from '../../../lib/core/judge/normal-mixture';
import { logGamma, logNormalCdf } from '../../../lib/core/judge/special-functions';
import { StratifiedMeans } from '../../../lib/core/judge/stratified-means';
import { classify } from '../../../rehearsal/peers/kayenta-judge';
import { mannWhitney, standardizedRankSum, TOLERANCE } from '../../../rehearsal/peers/mann-whitney';
import { control, experiment, high, low, skewedControl, skewedExperiment, tiedControl, tiedExperiment } from '../../fixtures/kayenta-samples';

describe('confseq (gostevehoward/confseq 70b1ef3, uniform_boundaries_unittest)', () => {
  const scale = normalMixtureScale(100, 0.05);
  const oneSided = normalMixtureScale(100, 0.1);

  test('two-sided normal mixture: best rho, bound', () => {
    expect(scale).toBeCloseTo(12.60056, 5);
    expect(normalMixtureHalfWidth(100, scale, 0.05)).toBeCloseTo(30.35209, 5);
  });

  test('one-sided normal mixture: log mixture, and the bound is where it reaches 1/alpha', () => {
    expect(oneSidedNormalMixture(10, 100, oneSided)).toBeCloseTo(-0.06502391, 7);
    expect(oneSidedNormalMixture(27.66071, 100, oneSided)).toBeCloseTo(Math.log(20), 5);
  });
});

describe('gbstats 0.8.0 (TestSequentialTTest)', () => {
  /** Its Welch variance of the relative difference, and the tuning parameter N* as our variance of interest. */
  const interval = (a: { n: number; mean: number; variance: number }, b: typeof a, tuning: number): number[] => {
    const variance = b.variance / (a.mean ** 2 * b.n) + a.variance * b.mean ** 2 / (a.mean ** 4 * a.n);
    const estimate = b.mean / a.mean - 1;
    const scale = normalMixtureScale(variance * tuning / (a.n + b.n), 0.05);
    const halfWidth = normalMixtureHalfWidth(variance, scale, 0.05);
    return [estimate, Math.sqrt(variance), estimate - halfWidth, estimate + halfWidth];
  };
  const sample = (n: number, sum: number, squares: number): { n: number; mean: number; variance: number } =>
    ({ n, mean: sum / n, variance: (squares - sum * sum / n) / (n - 1) });
  const proportion = (n: number, sum: number): { n: number; mean: number; variance: number } =>
    ({ n, mean: sum / n, variance: sum / n * (1 - sum / n) });

  test('asymptotic confidence sequence of a mean', () => {
    const values = interval(sample(3000, 1396.87, 52377.9767), sample(3461, 2422.7, 134698.29), 1000);
    [0.50336, 0.33341, -0.55844, 1.56516].forEach((expected, i) => expect(values[i]).toBeCloseTo(expected, 5));
  });

  test('asymptotic confidence sequence of a proportion', () => {
    const values = interval(proportion(3000, 1396), proportion(3461, 2422), 5000);
    [0.50386, 0.03386, 0.40098, 0.60675].forEach((expected, i) => expect(values[i]).toBeCloseTo(expected, 5));
  });

  test('the stratified test of a single stratum is that test for a difference', () => {
    const means = new StratifiedMeans(1);
    means.add({ count: 3461, sum: 24_227, sumOfSquares: 303_000 }, { count: 3000, sum: 13_968, sumOfSquares: 123_776 });
    const variance = sample(3461, 24_227, 303_000).variance / 3461 + sample(3000, 13_968, 123_776).variance / 3000;
    const weight = 3461 * 3000 / 6461;
    const scale = normalMixtureScale(variance * weight ** 2, 0.05);
    const { estimate, lower } = means.interval(scale, 0.05)!;
    expect(estimate).toBeCloseTo(24_227 / 3461 - 13_968 / 3000, 9);
    expect(estimate - lower).toBeCloseTo(normalMixtureHalfWidth(variance, normalMixtureScale(variance, 0.05), 0.05), 9);
  });
});

describe('ssrm (optimizely/ssrm c44f538, test_sequential_posteriors)', () => {
  const share = [0.4, 0.4, 0.2];
  const sequences = [
    {
      counts: [[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]],
      mismatch: [-1.0986122886681096, -2.4849066497880004, -3.401197381662155, -4.499809670330265, -6.4457198193855785],
      match: [-0.916290731874155, -1.83258146374831, -2.748872195622465, -3.66516292749662, -5.27460083993072],
    },
    {
      counts: [[20, 17, 9], [18, 21, 8], [4, 6, 4], [18, 19, 11]],
      mismatch: [-7.028201432058012, -11.947847738358888, -15.471401950257842, -19.96484521090386],
      match: [-4.0776406466061985, -8.265946861099877, -11.610743519545139, -15.781031228536165],
    },
  ];

  test('log marginal likelihoods of match and mismatch', () => {
    for (const { counts, mismatch, match } of sequences) {
      let prior = [1, 1, 1];
      let [null0, null1] = [0, 0];
      counts.forEach((observed, i) => {
        null0 += logMultinomial(observed, share);
        null1 += logDirichletMultinomial(observed, prior);
        prior = prior.map((value, arm) => value + observed[arm]);
        expect(null0).toBeCloseTo(match[i], 10);
        expect(null1).toBeCloseTo(mismatch[i], 10);
      });
    }
  });
});

describe('Kayenta (spinnaker/kayenta, MannWhitneySuite and ClassifierSuite)', () => {
  const z95 = 1.959963984540054;
  const z98 = 2.3263478740408408;

  test('interval and estimate of the small example', () => {
    const shift = mannWhitney([10, 20, 30, 40], [1, 2, 3, 4], z95)!;
    expect(Math.abs(shift.lower - 6)).toBeLessThan(TOLERANCE);
    expect(Math.abs(shift.upper - 39)).toBeLessThan(TOLERANCE);
    expect(Math.abs(shift.estimate - 22.5)).toBeLessThan(TOLERANCE);
  });

  test('ties out with R, within the tolerance of its solver', () => {
    const shift = mannWhitney(tiedExperiment, tiedControl, z95)!;
    expect(Math.abs(shift.lower - -0.500002521696696)).toBeLessThan(TOLERANCE);
    expect(Math.abs(shift.upper - -3.486287505871302e-5)).toBeLessThan(TOLERANCE);
    expect(Math.abs(shift.estimate - -0.4999393907180323)).toBeLessThan(TOLERANCE);
  });

  test('intermediate values match R to the printed digits', () => {
    const [x, y] = [skewedExperiment, skewedControl].map((values) => Float64Array.from(values).sort());
    const [muMin, muMax] = [x[0] - y[y.length - 1], x[x.length - 1] - y[0]];
    expect(muMin).toBeCloseTo(-3.124999999999986, 12);
    expect(muMax).toBeCloseTo(5.555555555555557, 12);
    expect(standardizedRankSum(x, y, muMin) - z95).toBeCloseTo(17.090968923762254, 9);
    expect(standardizedRankSum(x, y, muMax) - z95).toBeCloseTo(-20.997687930433106, 9);
    expect(standardizedRankSum(x, y, muMin) + z95).toBeCloseTo(21.01089689284236, 9);
    expect(standardizedRankSum(x, y, muMax) + z95).toBeCloseTo(-17.077759961353, 9);
    const shift = mannWhitney(skewedExperiment, skewedControl, z95)!;
    [[shift.lower, 2.02456461662334e-5], [shift.upper, 3.521755377702165e-5], [shift.estimate, 2.6279243045155653e-5]]
      .forEach(([ours, theirs]) => expect(Math.abs(ours - theirs)).toBeLessThan(TOLERANCE));
  });

  test('classifies its examples', () => {
    const settings = { tolerance: 0.1, quantile: z95 };
    expect(classify(experiment, control, 'either', settings)).toBe('Pass');
    expect(classify(high, control, 'either', settings)).toBe('High');
    expect(classify(experiment, low, 'either', settings)).toBe('Low');
    expect(classify(experiment, low, 'increase', settings)).toBe('Pass');
    expect(classify(high, control, 'decrease', settings)).toBe('Pass');
    expect(classify(high, control, 'increase', settings)).toBe('High');
    expect(classify(experiment, low, 'decrease', settings)).toBe('Low');
    expect(classify([], control, 'increase')).toBe('Nodata');
    expect(classify([1, 1], [1, 1], 'increase')).toBe('Pass');
    expect(z98).toBeCloseTo(2.326348, 6);
  });
});

describe('special functions', () => {
  test('ln Gamma', () => {
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 13);
    expect(logGamma(10.5)).toBeCloseTo(13.940625219403763, 12);
    let factorial = 0;
    for (let n = 1; n <= 1000; n++) {
      factorial += Math.log(n);
      expect(logGamma(n + 1)).toBeCloseTo(factorial, 9);
    }
    expect(logGamma(1e9 + 1) - logGamma(1e9)).toBeCloseTo(Math.log(1e9), 4);
  });

  test('ln of the normal distribution function, far into its tail', () => {
    expect(logNormalCdf(0)).toBeCloseTo(-Math.LN2, 15);
    expect(logNormalCdf(-1.959963984540054)).toBeCloseTo(Math.log(0.025), 12);
    expect(logNormalCdf(-10)).toBeCloseTo(-53.23128515051247, 10);
    expect(logNormalCdf(-40)).toBeCloseTo(-804.6084420137538, 9);
    expect(logNormalCdf(5)).toBeCloseTo(-2.866516129637636e-7, 16);
    expect(logNormalCdf(-1e8)).toBeCloseTo(-5e15, -2);
  });
});
