import { SplitDispersion } from '../../../lib/core/judge/split-dispersion';
import { type Random, randomOf } from '../../../rehearsal/engine/random';

/** Mean estimate after so many minutes of a thousand requests, a quarter of them the candidate's. */
function meanFactor(
  failures: (random: Random, minute: number) => readonly [candidate: number, production: number],
  minutes = 40,
  runs = 300,
): number {
  let sum = 0;
  for (let seed = 1; seed <= runs; seed++) {
    const random = randomOf(seed);
    const split = new SplitDispersion();
    for (let minute = 0; minute < minutes; minute++) {
      const [candidateBad, productionBad] = failures(random, minute);
      split.add({ candidateTotal: 250, candidateBad, productionTotal: 750, productionBad });
    }
    sum += split.factor / runs;
  }
  return sum;
}

const independent =
  (candidate: number, production: number) =>
  (random: Random): [number, number] => [random.binomial(250, candidate), random.binomial(750, production)];
const clustered = (random: Random, expected: number): number => {
  let bad = 0;
  for (let left = random.poisson(expected / 3); left > 0; left--) {
    bad += 1 + Math.floor(5 * random.uniform());
  }
  return bad;
};

test('is hardly above 1 for requests that fail each by itself, also where one version fails more', () => {
  expect(meanFactor(independent(0.01, 0.01))).toBeLessThan(1.12);
  expect(meanFactor(independent(0.05, 0.01))).toBeLessThan(1.12);
});

test('is that of clusters that a version has by itself', () => {
  const factor = meanFactor((random) => [clustered(random, 2.5), clustered(random, 7.5)]);
  expect(factor).toBeGreaterThan(2);
  expect(factor).toBeLessThan(3.7);
});

test('is 1 for clusters whose requests are assigned each by itself, and for an outage that both have', () => {
  expect(meanFactor((random) => {
    const all = 4 * random.poisson(2.5);
    const mine = random.binomial(all, 0.25);
    return [mine, all - mine];
  })).toBeLessThan(1.12);
  expect(meanFactor((random, minute) => independent(minute % 8 < 2 ? 0.06 : 0.01, minute % 8 < 2 ? 0.06 : 0.01)(random))).toBeLessThan(
    1.12,
  );
});

test('a regression that begins is one deviation, not a burst', () => {
  expect(meanFactor((random, minute) => independent(minute < 20 ? 0.01 : 0.05, 0.01)(random))).toBeLessThan(1.3);
});

test('is quiet once clusters would have shown and have not', () => {
  const quiet = (failures: (random: Random) => readonly [number, number], minutes: number): number => {
    let count = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const random = randomOf(seed);
      const split = new SplitDispersion();
      for (let minute = 0; minute < minutes; minute++) {
        const [candidateBad, productionBad] = failures(random);
        split.add({ candidateTotal: 250, candidateBad, productionTotal: 750, productionBad });
      }
      count += Number(split.isQuiet) / 200;
    }
    return count;
  };
  expect(quiet((random) => independent(0.01, 0.01)(random), 1)).toBe(0);
  expect(quiet((random) => independent(0.01, 0.01)(random), 40)).toBeGreaterThan(0.9);
  expect(quiet((random) => [clustered(random, 2.5), clustered(random, 7.5)], 40)).toBeLessThan(0.1);
});

test('periods of different shares are not compared, nor such without requests', () => {
  const split = new SplitDispersion();
  split.add({ candidateTotal: 50, candidateBad: 0, productionTotal: 950, productionBad: 10 });
  split.add({ candidateTotal: 500, candidateBad: 40, productionTotal: 500, productionBad: 5 });
  split.add({ candidateTotal: 0, candidateBad: 0, productionTotal: 1000, productionBad: 10 });
  expect(split.factor).toBe(1);
});
