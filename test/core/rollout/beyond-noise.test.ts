import fc from 'fast-check';
import type { Judgement } from '../../../lib/core/judge/judgement';
import { judgeRollout } from '../../../lib/core/rollout/judge-rollout';
import { periodsOf } from '../../../lib/core/rollout/periods';
import type { SeriesByKey } from '../../../lib/core/rollout/series';
import type { AgreementPlan } from '../../../lib/core/guardrails/agreement';
import { sourceKey } from '../../../lib/core/guardrails/sources';
import { guardrailSources, requestSources } from '../../../lib/core/rollout/sources';
import { randomOf } from '../../../rehearsal/engine/random';
import { plan } from '../../fixtures/plan';
import { variant } from '../../fixtures/serving';

/** Disagreement of a shadow beyond production's with itself, as a whole rollout judges it. */

const MINUTE = 60_000;
const START = 1_700_000_040_000;

const agreement: AgreementPlan = { kind: 'agreement', name: 'agreement', action: 'rollback', shadow: 'v3', beyondNoise: true, bound: 0.05, margin: 0.1 };
const state: Parameters<typeof periodsOf>[0] = {
  alias: 'fraud/live',
  plan: plan({ guardrails: [agreement], judgement: { alpha: 0.01, uncertified: { afterSeconds: 600, policy: 'pause' } } }),
  production: variant('production', { version: 'v1' }),
  candidate: variant('candidate', { version: 'v2' }),
  stage: 0,
  shares: [{ stage: 0, from: START, until: START + 600 * MINUTE }],
  baseline: { thresholds: {}, overdispersion: {}, frequent: [], notes: [] },
};
const { candidate, production } = requestSources(state);
const [{ candidate: pairs, production: noise }] = guardrailSources(state);

/** What a mirror counted in a period. */
interface Minute { readonly pairs: number; readonly differ: number; readonly twice?: number; readonly noise?: number }

function seriesOf(minutes: readonly Minute[]): SeriesByKey {
  const of = (value: (minute: Minute) => number | undefined): Map<number, number> =>
    new Map(
      minutes.flatMap((minute, index) => (value(minute) === undefined ? [] : [[START + (index + 1) * MINUTE, value(minute)!] as const])),
    );
  const [differences, ...others] = pairs.parts;
  return new Map([
    [sourceKey(candidate), of(() => 50)],
    [sourceKey(production), of(() => 950)],
    [sourceKey(pairs.total), of((minute) => minute.pairs)],
    [sourceKey(differences), of((minute) => minute.differ)],
    ...others.map((source) => [sourceKey(source), of(() => 0)] as const),
    [sourceKey(noise.total), of((minute) => minute.twice)],
    [sourceKey(noise.parts[0]), of((minute) => minute.noise)],
  ]);
}

const judgeAll = (minutes: readonly Minute[]): Judgement =>
  judgeRollout(state, seriesOf(minutes), { start: START + MINUTE, until: START + (minutes.length + 1) * MINUTE, periodSeconds: 60 });

/**
 * An hour in which a share of the requests that differ is given; the same first answer of production is behind both comparisons, so that
 * they depend on each other.
 */
function hour(seed: number, { shadow, itself, dependent }: { shadow: number; itself: number; dependent: boolean }): Minute[] {
  const random = randomOf(seed);
  return Array.from({ length: 60 }, () => {
    let [differ, again, twice] = [0, 0, 0];
    for (let i = 0; i < 60; i++) {
      const [first, second] = [random.uniform(), random.uniform()];
      differ += Number(first < shadow);
      if (i % 4 === 0) {
        twice++;
        again += Number((dependent ? first : second) < itself);
      }
    }
    return { pairs: 60, differ, twice, noise: again };
  });
}

test('production\'s second answers are what the shadow\'s are compared with', () => {
  expect([noise.total.metricName, noise.parts.map(({ metricName }) => metricName)]).toEqual(['NoiseComparisons', ['NoiseDifferences']]);
  const [first] = periodsOf(state, seriesOf([{ pairs: 60, differ: 6, twice: 15, noise: 2 }]), {
    start: START + MINUTE,
    until: START + 2 * MINUTE,
    periodSeconds: 60,
  });
  expect(first.measurements).toEqual({ agreement: { kind: 'counts', candidate: { total: 60, bad: [6] }, production: { total: 15, bad: [2] } } });
});

test('a shadow that differs no more than production from itself is certified, though it differs on a third of the requests', () => {
  expect(judgeAll(hour(1, { shadow: 0.33, itself: 0.33, dependent: false }))).toMatchObject({ verdict: 'advance-permitted' });
});

test.each([false, true])('a shadow as noisy as is allowed is rolled back as seldom as promised, also where both comparisons depend on one answer: %s', (dependent) => {
  const runs = 300;
  let rolledBack = 0;
  for (let seed = 0; seed < runs; seed++) {
    // On the border: five percent beyond the noise.
    rolledBack += Number(judgeAll(hour(seed, { shadow: 0.25, itself: 0.2, dependent })).verdict === 'roll back');
  }
  // 0.01 is promised; more than 9 of 300 has a chance of 0.2 % then.
  expect(rolledBack).toBeLessThanOrEqual(9);
});

test('a shadow that is twice as far off is found within the hour, in nine of ten at the least', () => {
  const runs = 100;
  let found = 0;
  for (let seed = 0; seed < runs; seed++) {
    found += Number(judgeAll(hour(seed, { shadow: 0.5, itself: 0.2, dependent: false })).verdict === 'roll back');
  }
  expect(found).toBeGreaterThanOrEqual(90);
});

test('minutes in which nothing was asked twice are no silence, and no evidence', () => {
  const minutes = hour(3, { shadow: 0.2, itself: 0.2, dependent: false });
  const thin = minutes.map((minute, index) => (index % 10 === 9 ? minute : { pairs: minute.pairs, differ: minute.differ }));
  const judgement = judgeAll([
    ...thin,
    { pairs: 60, differ: 12 },
    { pairs: 60, differ: 12 },
    { pairs: 60, differ: 12 },
    { pairs: 60, differ: 12 },
  ]);
  expect(judgement.guardrails).toMatchObject([{ silent: false }]);
});

test('fails to measure the noise at all: the rollout holds, and never advances', () => {
  fc.assert(fc.property(fc.array(fc.nat({ max: 60 }), { minLength: 5, maxLength: 60 }), (differences) => {
    const { verdict } = judgeAll(differences.map((differ) => ({ pairs: 60, differ })));
    expect(verdict).toBe('hold');
  }), { numRuns: 50 });
});
