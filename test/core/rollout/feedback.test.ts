import { judgePlanOf, judgeRollout } from '../../../lib/core/rollout/judge-rollout';
import { periodsOf } from '../../../lib/core/rollout/periods';
import type { Series, SeriesByKey } from '../../../lib/core/rollout/series';
import type { FeedbackPlan } from '../../../lib/core/guardrails/feedback';
import { sourceKey } from '../../../lib/core/guardrails/sources';
import { guardrailSources, requestSources } from '../../../lib/core/rollout/sources';
import { plan } from '../../fixtures/plan';
import { variant } from '../../fixtures/serving';

const MINUTE = 60_000;
const START = 1_700_000_040_000;
const PERIODS = 60;
const time = { start: START + MINUTE, until: START + (PERIODS + 1) * MINUTE, periodSeconds: 60 };

const feedback: FeedbackPlan = { kind: 'feedback', name: 'feedback', action: 'rollback', labelDelayMinutes: 20 };
const stateOf = (guardrail: FeedbackPlan): Parameters<typeof periodsOf>[0] => ({
  alias: 'fraud/live', plan: plan({ guardrails: [guardrail] }), production: variant('production', { version: 'v1' }), candidate: variant('candidate', { version: 'v2' }),
  stage: 0, shares: [{ stage: 0, from: START, until: START + (PERIODS + 1) * MINUTE }], baseline: { thresholds: {}, overdispersion: {}, frequent: ['feedback'], notes: [] },
});
const state = stateOf(feedback);
const { candidate, production } = requestSources(state);
const [sources] = guardrailSources(state);

type Counts = readonly [outcomes: number, wrong: number] | undefined;

/** A rollout whose labels are known for so many of its first periods. */
function labels(known: number, ours: Counts, theirs: Counts): SeriesByKey {
  const every = (value: number | undefined, periods: number): Series =>
    new Map(value === undefined ? [] : Array.from({ length: periods }, (_, index) => [time.start + index * MINUTE, value] as const));
  return new Map([
    [candidate, every(50, PERIODS)], [production, every(950, PERIODS)],
    [sources.candidate.total, every(ours?.[0], known)], [sources.candidate.parts[0], every(ours?.[1], known)],
    [sources.production.total, every(theirs?.[0], known)], [sources.production.parts[0], every(theirs?.[1], known)],
  ].map(([source, series]) => [sourceKey(source as never), series as Series]));
}

test('what is read is what feedback found of both versions', () => {
  expect(sources).toMatchObject({
    candidate: { total: { metricName: 'FeedbackOutcomes', dimensions: { Endpoint: 'fraud', Alias: 'live', Version: 'v2' } }, parts: [{ metricName: 'FeedbackWrong' }] },
    production: { total: { dimensions: { Version: 'v1' } } },
  });
});

test('only inferences whose labels are due are judged, whatever labels others have already', () => {
  const judged = periodsOf(state, labels(PERIODS, [40, 4], [700, 70]), time).filter(
    ({ measurements }) => measurements.feedback !== undefined,
  );
  expect(judged.length).toBe(PERIODS - 20);
  expect(Math.max(...judged.map(({ start }) => start))).toBe(time.until - 21 * MINUTE);
});

test('labels that are as late as expected are no silence; a candidate as good is certified and a worse one is rolled back', () => {
  expect(judgeRollout(state, labels(PERIODS - 20, [40, 2], [700, 35]), time)).toMatchObject({ verdict: 'advance-permitted', guardrails: [{ certified: true, silent: false }] });
  const worse = judgeRollout(state, labels(PERIODS - 20, [40, 30], [700, 35]), time);
  expect(worse).toMatchObject({ verdict: 'roll back', attributedTo: 'feedback' });
  expect(worse.sentence).toContain('wrong answers');
});

test('where only one version has labels in a minute the other has none', () => {
  const [first] = periodsOf(state, labels(PERIODS, undefined, [700, 35]), time).sort((a, b) => a.start - b.start);
  expect(first.measurements.feedback).toMatchObject({ candidate: { total: 0, bad: [0] }, production: { total: 700, bad: [35] } });
});

test('fails without labels: the rollout holds from the beginning on, also before they are due', () => {
  expect(judgeRollout(state, labels(0, undefined, undefined), time)).toMatchObject({ verdict: 'hold', guardrails: [{ silent: true }] });
  const early = judgeRollout(state, labels(0, undefined, undefined), { ...time, until: time.start + 2 * MINUTE });
  expect(early).toMatchObject({ verdict: 'hold', guardrails: [{ silent: true }] });
  expect(early.reasons).toContainEqual({ kind: 'silent', guardrail: 'feedback', text: 'feedback: no data yet' });
});

test('fails to get labels any more: the rollout holds when they are overdue', () => {
  const at = (known: number): boolean => judgeRollout(state, labels(known, [40, 2], [700, 35]), time).guardrails[0].silent;
  expect([at(40), at(21), at(20), at(10)]).toEqual([false, false, true, true]);
  const prompt = stateOf({ ...feedback, labelDelayMinutes: 0 });
  expect([46, 45].map((known) => judgeRollout(prompt, labels(known, [40, 2], [700, 35]), time).guardrails[0].silent)).toEqual([
    false,
    true,
  ]);
});

test('delays are counted in the shortest periods of the rollout', () => {
  const planned = (labelDelayMinutes: number, deadlineSeconds: number): unknown[] => {
    const { delayPeriods, silentPeriods } = judgePlanOf(
      { ...state, plan: plan({ guardrails: [{ ...feedback, labelDelayMinutes }], deadlineSeconds }) },
      START,
    ).guardrails[0];
    return [delayPeriods, silentPeriods];
  };
  expect([planned(20, 3_600), planned(0, 3_600), planned(61, 14 * 86_400)]).toEqual([[20, 20], [0, 15], [61, 61]]);
});
