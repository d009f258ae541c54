import { judgeRollout } from '../../../lib/core/rollout/judge-rollout';
import type { periodsOf } from '../../../lib/core/rollout/periods';
import type { Series, SeriesByKey } from '../../../lib/core/rollout/series';
import type { FeedbackPlan } from '../../../lib/core/guardrails/feedback';
import { sourceKey } from '../../../lib/core/guardrails/sources';
import { guardrailSources, requestSources } from '../../../lib/core/rollout/sources';
import { randomOf } from '../../../rehearsal/engine/random';
import { plan } from '../../fixtures/plan';
import { variant } from '../../fixtures/serving';

/**
 * How often the real judge rolls a candidate back whose labels come late, when it looks every minute at counts of past minutes that still
 * grow. Labels of wrong answers take four times as long as those of right ones, as disputed payments do, in both versions alike.
 */

const MINUTE = 60_000;
const START = 1_700_000_040_000;
const PERIODS = 60;
const RUNS = 300;
const ALPHA = 0.05;
const REQUESTS = { candidate: 20, production: 60 };

type Side = keyof typeof REQUESTS;

interface Label {
  readonly side: Side;
  readonly period: number;
  readonly wrong: boolean;
  /** Minutes after the start. */
  readonly known: number;
}

function labelsOf(seed: number, wrongShare: { readonly [side in Side]: number }, delay: (wrong: boolean, side: Side) => number): Label[] {
  const random = randomOf(seed);
  return (['candidate', 'production'] as const).flatMap((side) => Array.from({ length: PERIODS }, (_, period) => period).flatMap((period) =>
    Array.from({ length: REQUESTS[side] }, (): Label => {
      const wrong = random.uniform() < wrongShare[side];
      return { side, period, wrong, known: period + 1 - Math.log(1 - random.uniform()) * delay(wrong, side) };
    })));
}

/** Whether the rollout is rolled back at any of its minutes. */
function takenBack(labels: readonly Label[], labelDelayMinutes: number): boolean {
  const feedback: FeedbackPlan = { kind: 'feedback', name: 'feedback', action: 'rollback', labelDelayMinutes, allowed: { ratio: 1.1, tolerance: 0 }, margin: { ratio: 2, tolerance: 0.01 } };
  const state: Parameters<typeof periodsOf>[0] = {
    alias: 'fraud/live',
    plan: plan({ guardrails: [feedback], judgement: { alpha: ALPHA, uncertified: { afterSeconds: 0, policy: 'pause' } } }),
    production: variant('production', { version: 'v1' }), candidate: variant('candidate', { version: 'v2' }),
    stage: 0, shares: [{ stage: 0, from: START - MINUTE, until: START + 2 * PERIODS * MINUTE }], baseline: { thresholds: {}, overdispersion: {}, frequent: ['feedback'], notes: [] },
  };
  const requests = requestSources(state);
  const [sources] = guardrailSources(state);
  const constant = (value: number): Series => new Map(Array.from({ length: PERIODS }, (_, period) => [START + period * MINUTE, value]));
  const counts = {
    candidate: [new Map<number, number>(), new Map<number, number>()],
    production: [new Map<number, number>(), new Map<number, number>()],
  };
  const series: SeriesByKey = new Map<string, Series>([
    [sourceKey(requests.candidate), constant(REQUESTS.candidate)], [sourceKey(requests.production), constant(REQUESTS.production)],
    [sourceKey(sources.candidate.total), counts.candidate[0]], [sourceKey(sources.candidate.parts[0]), counts.candidate[1]],
    [sourceKey(sources.production.total), counts.production[0]], [sourceKey(sources.production.parts[0]), counts.production[1]],
  ]);
  const waiting = [...labels].sort((a, b) => b.known - a.known);
  for (let minute = 1; minute <= PERIODS; minute++) {
    for (let label = waiting.at(-1); label !== undefined && label.known <= minute; label = waiting.at(-1)) {
      const [total, wrong] = counts[label.side];
      const at = START + label.period * MINUTE;
      total.set(at, (total.get(at) ?? 0) + 1);
      wrong.set(at, (wrong.get(at) ?? 0) + Number(label.wrong));
      waiting.pop();
    }
    if (judgeRollout(state, series, { start: START, until: START + minute * MINUTE, periodSeconds: 60 }).verdict === 'roll back') {
      return true;
    }
  }
  return false;
}

const share = (
  runs: number,
  wrongShare: { readonly [side in Side]: number },
  delay: (wrong: boolean, side: Side) => number,
  labelDelayMinutes: number,
): number =>
  Array.from({ length: runs }, (_, seed) => takenBack(labelsOf(seed, wrongShare, delay), labelDelayMinutes)).filter(Boolean).length / runs;

const AS_GOOD = { candidate: 0.11, production: 0.1 };
const wrongLater = (wrong: boolean): number => (wrong ? 8 : 2);

test('a candidate that is as bad as may be is rolled back no more often than promised, when nearly all labels are in before they are judged', () => {
  expect(share(RUNS, AS_GOOD, wrongLater, 20)).toBeLessThanOrEqual(ALPHA);
});

test('a candidate that is wrong three times as often is found, however late its labels are', () => {
  expect(share(40, { candidate: 0.3, production: 0.1 }, wrongLater, 20)).toBe(1);
});

test('why there is a delay: labels that come at another time for the candidate deceive whoever does not wait for them', () => {
  // The candidate's wrong answers are noticed at once, production's as late as ever.
  const uneven = (wrong: boolean, side: Side): number => ({ candidate: wrong ? 1 : 2, production: wrong ? 8 : 2 })[side];
  // Many times what is promised.
  expect(share(60, AS_GOOD, uneven, 0)).toBeGreaterThan(5 * ALPHA);
  expect(share(60, AS_GOOD, uneven, 30)).toBeLessThanOrEqual(ALPHA);
});
