import { createEvidence } from '../../../lib/core/judge/create-evidence';
import { decidedPairs } from '../../../lib/core/judge/information';
import { randomOf } from '../../../rehearsal/engine/random';

const ALPHA = 0.01;
const PERIODS = 1_000;
const PAIRS = 10;
const TIES = 0.3;

interface Course {
  /** Decided pairs until it was rolled back; undefined if it was not. */
  readonly rolledBackAfter?: number;
  readonly certifiedAfter?: number;
}

/** A candidate that loses so many of the decided pairs, looked at after every ten pairs until all have been. */
function course(losses: number, seed: number): Course {
  const random = randomOf(seed);
  const evidence = createEvidence(
    { kind: 'discordance', name: 'preference', label: 'shadow', ratio: 1, margin: 1.5 },
    { plannedPeriods: PERIODS, firstInvestment: 0.8, certificationThreshold: Math.log(20) },
  );
  let decided = 0;
  let certifiedAfter: number | undefined;
  for (let period = 0; period < PERIODS; period++) {
    const now = random.binomial(PAIRS, 1 - TIES);
    const lost = random.binomial(now, losses);
    decided += now;
    evidence.add({ kind: 'discordance', pairs: PAIRS, onlyCandidateWrong: lost, onlyProductionWrong: now - lost }, period);
    certifiedAfter ??= evidence.certified ? decided : undefined;
    if (evidence.logEvidence() >= Math.log(1 / ALPHA)) {
      return { rolledBackAfter: decided, certifiedAfter };
    }
  }
  return { certifiedAfter };
}

const courses = (losses: number, runs: number): Course[] => Array.from({ length: runs }, (_, seed) => course(losses, seed + 1));
const rolledBack = (runs: readonly Course[]): number[] =>
  runs.flatMap(({ rolledBackAfter }) => rolledBackAfter ?? []).sort((a, b) => a - b);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

test('the fewest decided pairs that any test takes are those that are documented', () => {
  expect([0.55, 0.6, 0.7].map((losses) => Math.round(decidedPairs(losses, 1, ALPHA)))).toEqual([919, 229, 56]);
  expect(decidedPairs(0.5, 1, ALPHA)).toBe(Infinity);
  expect(decidedPairs(0.6, 1.5, ALPHA)).toBe(Infinity);
});

test('a candidate that loses as often as it wins is rolled back no more often than promised in 1,000 runs, and found as good', () => {
  const equal = courses(0.5, 1_000);
  // More than 21 of 1,000 at a chance of 1 % come once in a thousand times.
  expect(rolledBack(equal).length).toBeLessThanOrEqual(21);
  expect(equal.filter(({ certifiedAfter }) => certifiedAfter !== undefined).length).toBeGreaterThan(950);
});

test.each([[0.55, 300], [0.6, 500], [0.7, 500]])('a candidate that loses %d of its decided pairs is found, nearly as soon as any test could', (losses, runs) => {
  const found = rolledBack(courses(losses, runs));
  expect(found.length / runs).toBeGreaterThan(0.99);
  const needed = mean(found) / decidedPairs(losses, 1, ALPHA);
  expect(needed).toBeGreaterThan(0.9);
  expect(needed).toBeLessThan(1.6);
  expect(found[Math.floor(0.95 * found.length)] / decidedPairs(losses, 1, ALPHA)).toBeLessThan(3.5);
});

test('certainty that it does not lose 60 of 100 is wrong no more often than in one of twenty, at just that', () => {
  const lucky = courses(0.6, 1_000).filter(({ certifiedAfter }) => certifiedAfter !== undefined);
  expect(lucky.length).toBeLessThanOrEqual(73);
});
