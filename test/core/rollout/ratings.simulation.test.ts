import { judgeRollout } from '../../../lib/core/rollout/judge-rollout';
import type { periodsOf } from '../../../lib/core/rollout/periods';
import type { Series, SeriesByKey } from '../../../lib/core/rollout/series';
import type { RatingPlan } from '../../../lib/core/guardrails/rating';
import { sourceKey } from '../../../lib/core/guardrails/sources';
import { guardrailSources, requestSources } from '../../../lib/core/rollout/sources';
import { randomOf } from '../../../rehearsal/engine/random';
import { plan } from '../../fixtures/plan';
import { variant } from '../../fixtures/serving';

/** How often the real judge rolls a candidate back by how callers rate its answers, when it looks every minute. */

const MINUTE = 60_000;
const START = 1_700_000_040_000;
const PERIODS = 60;
const ALPHA = 0.05;
const RATED = { candidate: 20, production: 60 };

type Side = keyof typeof RATED;
/** Chances of the ratings from the lowest to the highest. */
type Chances = readonly number[];

interface World {
  readonly lowest: number;
  readonly highest: number;
  readonly candidate: Chances;
  readonly production: Chances;
  /** Minutes that the ratings take on average, by how high they are: low ones are told later. */
  readonly delay?: (rating: number) => number;
  readonly labelDelayMinutes?: number;
}

function drawn(chances: Chances, uniform: number): number {
  let sum = 0;
  const index = chances.findIndex((chance) => (sum += chance) > uniform);
  return index < 0 ? chances.length - 1 : index;
}

/** The verdict of the last minute, or of the first at which the candidate is rolled back. */
function verdict({ lowest, highest, delay, labelDelayMinutes = 0, ...chances }: World, seed: number): string {
  const random = randomOf(seed);
  const minutes = Array.from({ length: PERIODS }, (_, period) => period);
  const ratings = (Object.keys(RATED) as Side[]).flatMap((side) => minutes.flatMap((period) =>
    Array.from({ length: RATED[side] }, () => {
      const rating = lowest + ((highest - lowest) * drawn(chances[side], random.uniform())) / (chances[side].length - 1);
      return { side, period, rating, known: period + 1 - Math.log(1 - random.uniform()) * (delay?.(rating) ?? 0) };
    })));
  const guardrail: RatingPlan = {
    kind: 'rating', name: 'feedback', action: 'rollback', lowest, highest, allowed: 0.95, margin: 0.8, labelDelayMinutes,
  };
  const state: Parameters<typeof periodsOf>[0] = {
    alias: 'chat/live',
    plan: plan({ guardrails: [guardrail], judgement: { alpha: ALPHA, uncertified: { afterSeconds: 0, policy: 'pause' } } }),
    production: variant('production', { version: 'v1' }), candidate: variant('candidate', { version: 'v2' }),
    stage: 0, shares: [{ stage: 0, from: START - MINUTE, until: START + 2 * PERIODS * MINUTE }],
    baseline: { thresholds: {}, overdispersion: {}, frequent: [], notes: [] },
  };
  const requests = requestSources(state);
  const [sources] = guardrailSources(state);
  const constant = (value: number): Series => new Map(Array.from({ length: PERIODS }, (_, period) => [START + period * MINUTE, value]));
  const sums = {
    candidate: [new Map<number, number>(), new Map<number, number>()], production: [new Map<number, number>(), new Map<number, number>()],
  };
  const series: SeriesByKey = new Map<string, Series>([
    [sourceKey(requests.candidate), constant(100)], [sourceKey(requests.production), constant(300)],
    ...(Object.keys(RATED) as Side[]).flatMap((side): [string, Series][] =>
      [[sourceKey(sources[side].total), sums[side][0]], [sourceKey(sources[side].parts[0]), sums[side][1]]]),
  ]);
  const waiting = [...ratings].sort((a, b) => b.known - a.known);
  let last = '';
  for (let minute = 1; minute <= PERIODS; minute++) {
    for (let told = waiting.at(-1); told !== undefined && told.known <= minute; told = waiting.at(-1)) {
      const [total, sum] = sums[told.side];
      const at = START + told.period * MINUTE;
      total.set(at, (total.get(at) ?? 0) + 1);
      sum.set(at, (sum.get(at) ?? 0) + told.rating);
      waiting.pop();
    }
    last = judgeRollout(state, series, { start: START, until: START + minute * MINUTE, periodSeconds: 60 }).verdict;
    if (last === 'roll back') {
      return last;
    }
  }
  return last;
}

function rolledBack(world: World, runs: number): number {
  return Array.from({ length: runs }, (_, seed) => verdict(world, seed + 1)).filter((each) => each === 'roll back').length / runs;
}

const THUMBS = { lowest: 0, highest: 1 } as const;
const STARS = { lowest: 1, highest: 5 } as const;
const LIKED: Chances = [0.05, 0.05, 0.1, 0.3, 0.5];

test.each<[string, World]>([
  ['thumbs', { ...THUMBS, candidate: [0.2, 0.8], production: [0.2, 0.8] }],
  ['thumbs that are nearly all up', { ...THUMBS, candidate: [0.02, 0.98], production: [0.02, 0.98] }],
  ['stars', { ...STARS, candidate: LIKED, production: LIKED }],
  ['stars of which the low ones come later', { ...STARS, candidate: LIKED, production: LIKED, delay: (rating) => 6 - rating, labelDelayMinutes: 10 }],
])('a candidate that gets as good %s is rolled back no more often than promised', (_, world) => {
  // One in twenty is promised.
  expect(rolledBack(world, 100)).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 100));
});

test.each<[string, World]>([
  ['half as many thumbs up', { ...THUMBS, candidate: [0.6, 0.4], production: [0.2, 0.8] }],
  ['a star less', { ...STARS, candidate: [0.1, 0.1, 0.3, 0.4, 0.1], production: LIKED }],
])('a candidate that gets %s is rolled back', (_, world) => {
  expect(rolledBack(world, 50)).toBeGreaterThan(0.9);
});

test('a mean that hides in right and wrong is found: as many answers get four stars or more, and the others one instead of three', () => {
  expect(rolledBack({ ...STARS, candidate: [0.4, 0, 0, 0.3, 0.3], production: [0, 0, 0.4, 0.3, 0.3] }, 50)).toBeGreaterThan(0.9);
});
