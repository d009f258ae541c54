import { alarmRule } from '../../../benchmarks/judge/peers/alarm';
import { run } from '../../../benchmarks/judge/simulation/run';
import { acted } from '../../../benchmarks/judge/simulation/statistics';
import { steady } from '../../../benchmarks/judge/simulation/traces';
import { alarmProbability } from '../../../lib/core/judge/threshold-alarm';

const alarm = (threshold: number, m: number, n: number): { threshold: number; datapointsToAlarm: number; evaluationPeriods: number } =>
  ({ threshold, datapointsToAlarm: m, evaluationPeriods: n });

describe('threshold alarm', () => {
  // 5 % of 10, 100, 1000 requests a second; the reference simulated 5,000 days each: four standard errors are below .03.
  test.each([
    [30, 0.05, 3, 0.01, 0.07],
    [30, 0.182, 1, 0.01, 0.01],
    [30, 0.0645, 3, 0.01, 0.008],
    [30, 0.05, 3, 0.015, 0.43],
    [300, 0.02, 3, 0.01, 0.199],
    [300, 0.03, 1, 0.01, 0.95],
    [300, 0.0438, 1, 0.01, 0.01],
    [300, 0.0235, 3, 0.015, 0.88],
    [300, 0.0438, 1, 0.015, 0.4],
    [3000, 0.0188, 1, 0.01, 0.01],
    [3000, 0.014, 3, 0.01, 0.008],
    [3000, 0.015, 1, 0.01, 0.999],
  ])(
    'at %p requests a minute, > %p in %p of as many, fires on an error rate of %p in a share %p of the days',
    (requests, threshold, m, rate, share) => {
      expect(Math.abs(alarmProbability(alarm(threshold, m, m), requests, rate, 1440) - share)).toBeLessThan(0.03);
    },
  );

  test('two of three, against simulation', () => {
    const exact = alarmProbability(alarm(0.06, 2, 3), 30, 0.01, 120);
    const simulated = acted(run({ scenario: steady(10, 0.01), rule: () => alarmRule(0.06, 2, 3), runs: 3000, seed: 1, horizon: 120 }));
    expect(Math.abs(simulated - exact)).toBeLessThan(4 * Math.sqrt(exact * (1 - exact) / 3000));
  });

  test('does not count periods with too few requests', () => {
    const few = { ...alarm(0.2, 1, 1), minimumRequests: 4 };
    const poisson = (mean: number, count: number): number =>
      (Math.exp(-mean) * mean ** count) / [...Array(count).keys()].reduce((product, i) => product * (i + 1), 1);
    let expected = 0;
    for (let bad = 0; bad < 30; bad++) {
      for (let good = 0; good < 30; good++) {
        expected += bad + good >= 4 && bad > 0.2 * (bad + good) ? poisson(1, bad) * poisson(2, good) : 0;
      }
    }
    expect(alarmProbability(few, 3, 1 / 3, 1)).toBeCloseTo(expected, 9);
    expect(alarmProbability({ ...few, minimumRequests: 1_000 }, 3, 1 / 3, 100)).toBe(0);
    expect(alarmProbability({ ...few, minimumRequests: 0 }, 3, 1 / 3, 1)).toBe(alarmProbability(alarm(0.2, 1, 1), 3, 1 / 3, 1));
  });

  test('never fires without errors, without requests or without time, and at once on total failure', () => {
    expect(alarmProbability(alarm(0.02, 1, 1), 100, 0, 1000)).toBe(0);
    expect(alarmProbability(alarm(0.02, 1, 1), 0, 0.5, 1000)).toBe(0);
    expect(alarmProbability(alarm(0.02, 1, 1), 100, 0.5, 0)).toBe(0);
    expect(alarmProbability(alarm(0.02, 3, 3), 100, 1, 3)).toBeCloseTo(1, 9);
    expect(alarmProbability(alarm(0.02, 3, 3), 100, 1, 2)).toBe(0);
  });

  test('does not count a rate that equals the threshold as above it', () => {
    expect(alarmProbability(alarm(0.999999, 1, 1), 5, 0.5, 1)).toBeLessThan(Math.exp(-2.5));
    expect(alarmProbability(alarm(0.5, 1, 1), 1e6, 0.5, 1)).toBeCloseTo(0.5, 2);
  });

  test('stays a probability at a million requests a period', () => {
    const probability = alarmProbability(alarm(0.0102, 1, 1), 1e6, 0.01, 60);
    expect(probability).toBeGreaterThan(0.5);
    expect(probability).toBeLessThanOrEqual(1);
  });
});
