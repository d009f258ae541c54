import fc from 'fast-check';
import { createEvidence } from '../../../lib/core/judge/create-evidence';
import type { DiscordanceMeasurement } from '../../../lib/core/judge/period';
import type { DiscordancePlan } from '../../../lib/core/judge/plan';
import { CERTIFICATION_MULTIPLES, multiplesOf, rateIncrements } from '../../../lib/core/judge/rate';

const settings = { plannedPeriods: 1, firstInvestment: 0.8, certificationThreshold: Math.log(20) };
const plan: DiscordancePlan = { kind: 'discordance', name: 'failures', label: 'replay', tolerance: 0.02, words: { pairs: 'pairs', verb: 'failed' } };

function judged(
  pairs: number,
  candidate: number,
  production: number,
  overrides: Partial<DiscordancePlan> = {},
): { certified: boolean; phrase: string; evidence: number } {
  const evidence = createEvidence({ ...plan, ...overrides }, settings);
  const measurement: DiscordanceMeasurement = {
    kind: 'discordance',
    pairs,
    onlyCandidateWrong: candidate,
    onlyProductionWrong: production,
  };
  evidence.add(measurement, 0);
  return { certified: evidence.certified, phrase: evidence.finding().phrase, evidence: Math.exp(evidence.logEvidence()) };
}

test('of pairs that never fail a tolerance makes certain, where a ratio says nothing', () => {
  expect(judged(400, 0, 0).certified).toBe(true);
  expect(judged(100, 0, 0).certified).toBe(false);
  expect(judged(1_000_000, 0, 0, { tolerance: undefined }).certified).toBe(false);
});

test('harm is looked for as before: who is alone in failing, however few pairs fail', () => {
  expect(judged(1_000, 12, 0).evidence).toBeGreaterThan(200);
  expect(judged(1_000, 12, 0).evidence).toBe(judged(1_000, 12, 0, { tolerance: undefined }).evidence);
  expect(judged(1_000, 12, 12).evidence).toBeLessThan(1);
  expect(judged(1_000, 3, 1).phrase).toBe('replay: of 1,000 pairs 3 failed in the candidate alone, 1 in production alone');
});

test('certainty is none where the candidate is as much worse as is tolerated, however both failures hang together', () => {
  const multiples = multiplesOf(CERTIFICATION_MULTIPLES);
  fc.assert(
    fc.property(
      fc.record({
        tolerance: fc.double({ min: 0.001, max: 0.4, noNaN: true }),
        production: fc.double({ min: 0, max: 1, noNaN: true }),
        both: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      ({ tolerance, production: share, both: overlap }) => {
        // The candidate alone fails more often than production alone by just the tolerance; the rest of the pairs fails on both sides or on
        // none.
        const production = (share * (1 - tolerance)) / 2;
        const candidate = production + tolerance;
        const both = overlap * (1 - candidate - production);
        const chances: readonly (readonly [chance: number, candidate: number, production: number])[] = [
          [both, 1, 1],
          [candidate, 1, 0],
          [production, 0, 1],
          [1 - both - candidate - production, 0, 0],
        ];
        const mean = new Float64Array(multiples.values.length);
        for (const [chance, candidateBad, productionBad] of chances) {
          rateIncrements(
            { candidateTotal: 1, candidateBad, productionTotal: 1, productionBad },
            { ratio: 1, tolerance },
            multiples,
            1,
            new Float64Array(mean.length),
          ).forEach((increment, j) => (mean[j] += chance * Math.exp(increment)));
        }
        expect(Math.max(...mean)).toBeLessThanOrEqual(1 + 1e-12);
      },
    ),
  );
});
