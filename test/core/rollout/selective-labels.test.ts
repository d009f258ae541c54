import type { Judgement } from '../../../lib/core/judge/judgement';
import { Metric } from '../../../lib/core/names';
import { judgeRollout } from '../../../lib/core/rollout/judge-rollout';
import type { periodsOf } from '../../../lib/core/rollout/periods';
import type { Series, SeriesByKey } from '../../../lib/core/rollout/series';
import type { FeedbackPlan } from '../../../lib/core/guardrails/feedback';
import { routerMetric, sourceKey } from '../../../lib/core/guardrails/sources';
import { guardrailSources, requestSources } from '../../../lib/core/rollout/sources';
import { randomOf } from '../../../rehearsal/engine/random';
import { variant } from '../../fixtures/serving';
import { plan } from '../../fixtures/plan';

/**
 * Labels that select themselves: callers tell more often, or sooner, of one version's answers than of the other's. The real judge looks at
 * every minute. A hundred requests a second, half of them at the candidate, of which one in ten is failed, and one in five of the others
 * gets a label.
 */

const MINUTE = 60_000;
const START = 1_700_000_040_000;
const PERIODS = 60;
const REQUESTS = 3_000;
const TOLD = 0.2;

interface World {
  /** Share of the candidate's, and of production's, answers that are wrong. */
  readonly wrong: readonly [candidate: number, production: number];
  /** How often they are told of. */
  readonly told: readonly [candidate: number, production: number];
  /** Mean of the minutes until then. */
  readonly minutes?: readonly [candidate: number, production: number];
  /** Requests that each version fails. */
  readonly failing?: readonly [candidate: number, production: number];
}

const guardrail = (overrides: Partial<FeedbackPlan> = {}): FeedbackPlan => ({
  kind: 'feedback', name: 'feedback', action: 'rollback', labelDelayMinutes: 10, allowed: { ratio: 1.1, tolerance: 0.0005 }, margin: { ratio: 1.5, tolerance: 0.001 },
  labelRatio: { tolerance: 0.05, alpha: 0.001 }, ...overrides,
});

/** The first judgement, minute by minute, that does not only hold for certainty, or the last one. */
function judged(
  { wrong, told, minutes = [2, 2], failing = [0.1, 0.1] }: World,
  seed: number,
  feedback = guardrail(),
  periods = PERIODS,
): Judgement {
  const random = randomOf(seed);
  const state: Parameters<typeof periodsOf>[0] = {
    alias: 'fraud/live',
    plan: plan({ guardrails: [feedback] }),
    production: variant('production', { version: 'v1' }),
    candidate: variant('candidate', { version: 'v2' }),
    stage: 0,
    shares: [{ stage: 0, from: START - MINUTE, until: START + 2 * PERIODS * MINUTE }],
    baseline: { thresholds: {}, overdispersion: {}, frequent: [], notes: [] },
  };
  const [sources] = guardrailSources(state);
  const requests = requestSources(state);
  const constant = (value: number): Series => new Map(Array.from({ length: periods }, (_, period) => [START + period * MINUTE, value]));
  const sides = [0, 1].map((side) =>
    Array.from({ length: periods }, () => {
      const answers = Math.round(REQUESTS * (1 - failing[side]));
      const labels = random.binomial(answers, told[side]);
      return { labels, wrong: random.binomial(labels, wrong[side]) };
    }),
  );
  let last: Judgement | undefined;
  for (let minute = 5; minute <= periods; minute += 5) {
    const known = (side: number, of: (period: { labels: number; wrong: number }) => number): Series =>
      new Map(
        sides[side].flatMap((period, index) => {
          const part = 1 - Math.exp(-(minute - index) / minutes[side]);
          return index < minute ? [[START + index * MINUTE, Math.round(part * of(period))] as const] : [];
        }),
      );
    const series: SeriesByKey = new Map<string, Series>([
      [sourceKey(requests.candidate), constant(REQUESTS)],
      [sourceKey(requests.production), constant(REQUESTS)],
      ...(['v2', 'v1'] as const).flatMap((version, side): [string, Series][] => [
        [sourceKey(routerMetric('fraud/live', version, Metric.FAILURES)), constant(Math.round(REQUESTS * failing[side]))],
        [sourceKey(routerMetric('fraud/live', version, Metric.CLIENT_ERRORS)), constant(0)],
      ]),
      [sourceKey(sources.candidate.total), known(0, ({ labels }) => labels)],
      [sourceKey(sources.candidate.parts[0]), known(0, (period) => period.wrong)],
      [sourceKey(sources.production.total), known(1, ({ labels }) => labels)],
      [sourceKey(sources.production.parts[0]), known(1, (period) => period.wrong)],
    ]);
    last = judgeRollout(state, series, { start: START, until: START + minute * MINUTE, periodSeconds: 60 });
    if (last.verdict === 'roll back' || last.verdict === 'invalid') {
      return last;
    }
  }
  return last!;
}

const verdicts = (world: World, runs = 20, feedback?: FeedbackPlan): string[] =>
  [...new Set(Array.from({ length: runs }, (_, seed) => judged(world, seed, feedback).verdict))].sort();

test('a candidate that is wrong twice as often and told of half as often is not taken for a good one', () => {
  expect(verdicts({ wrong: [0.1, 0.1], told: [TOLD / 2, TOLD] })).toEqual(['invalid']);
  const { sentence } = judged({ wrong: [0.1, 0.1], told: [TOLD / 2, TOLD] }, 1);
  expect(sentence).toMatch(/^analysis invalid: feedback: the candidate's answers got 3\d% of the labels instead of 50%, evidence .*\(first found /);
});

test('callers who tell more often of the candidate\'s wrong answers do not have it rolled back', () => {
  // Of its wrong answers half more are told than of production's, of the right ones as many.
  const told: World = { wrong: [0.15 / 1.05, 0.1], told: [TOLD * 1.05 * 1.2, TOLD] };
  expect(verdicts(told, 20)).toEqual(['invalid']);
  expect(verdicts(told, 20, guardrail({ labelRatio: undefined }))).toEqual(['roll back']);
});

test('labels that come sooner for the candidate than they are waited for, later for production, are seen', () => {
  const sooner: World = { wrong: [0.1, 0.1], told: [TOLD, TOLD], minutes: [1, 15] };
  expect(verdicts(sooner)).toEqual(['invalid']);
});

test('labels that come alike are judged, whatever a version fails or refuses and however much it gets', () => {
  expect(verdicts({ wrong: [0.1, 0.1], told: [TOLD, TOLD] })).toEqual(['advance-permitted']);
  // A version that fails more has fewer answers, and so fewer labels.
  expect(verdicts({ wrong: [0.1, 0.1], told: [TOLD, TOLD], failing: [0.4, 0.05] })).toEqual(['advance-permitted']);
  expect(verdicts({ wrong: [0.2, 0.1], told: [TOLD, TOLD] })).toEqual(['roll back']);
});

test('a tolerance of one\'s own is kept, and a guardrail that only observes makes nothing invalid', () => {
  const more: World = { wrong: [0.1, 0.1], told: [TOLD * 1.3, TOLD] };
  expect(verdicts(more, 5)).toEqual(['invalid']);
  expect(verdicts(more, 5, guardrail({ labelRatio: { tolerance: 0.5, alpha: 0.001 } }))).toEqual(['advance-permitted']);
  expect(verdicts(more, 5, guardrail({ action: 'observe' }))).toEqual(['advance-permitted']);
});

test('a suspicion holds, and what the labels say is no evidence as long as there is one', () => {
  const suspicious = Array.from({ length: 40 }, (_, seed) =>
    judged({ wrong: [0.12, 0.1], told: [TOLD * 1.12, TOLD] }, seed, guardrail({ labelRatio: { tolerance: 0.05, alpha: 1e-9 } }), 45),
  ).filter(
    ({ verdict, reasons }) =>
      verdict !== 'roll back' && reasons.some((reason) => reason.text.startsWith("suspicious: feedback: the candidate's answers got")),
  );
  expect(suspicious.length).toBeGreaterThan(0);
  for (const { verdict, logEvidence } of suspicious) {
    expect(verdict).toBe('hold');
    expect(logEvidence).toBeLessThanOrEqual(0);
  }
});

test('where the answers were not all read, nothing is said of the labels', () => {
  const state = { alias: 'fraud/live', plan: plan({ guardrails: [guardrail({ labelRatio: undefined })] }), production: variant('production', { version: 'v1' }), candidate: variant('candidate', { version: 'v2' }), stage: 0, baseline: undefined };
  expect(guardrailSources(state)[0]).not.toHaveProperty('answers');
});
