import { decide } from '../../../lib/core/rollout/decide';
import type { Decision } from '../../../lib/core/rollout/decision';
import type { Evidence } from '../../../lib/core/rollout/evidence';
import { courseInWords } from '../../../lib/core/rollout/in-words';
import { judgedTime } from '../../../lib/core/rollout/judge-rollout';
import type { RolloutState } from '../../../lib/core/rollout/state';
import { plan } from '../../fixtures/plan';
import { healthy } from '../../fixtures/world';

const MINUTE = 60_000;
const START = 1_700_000_000_000;
const judgement = { alpha: 0.01, uncertified: { afterSeconds: 600, policy: 'pause' } } as const;
const cohortFirst = plan({
  stages: [{ percent: 0, bakeSeconds: 600, approval: false, cohort: { minimumRequests: 20, maximumErrorPercent: 10 } }, ...plan().stages],
  guardrails: [{ kind: 'errors', name: 'compared', action: 'rollback' }], judgement, deadlineSeconds: 36_000,
});
const at = (minutes: number, evidence: Partial<Evidence> = {}, state: Partial<RolloutState> = {}): Decision => decide(
  cohortFirst, { stage: 0, startedAt: START, stageStartedAt: START, prepared: true, ...state }, { ...healthy, ...evidence },
  START + minutes * MINUTE,
);
const answered = (requests: number, failures = 0): Partial<Evidence> => ({ candidate: { requests, failures } });

test('the cohort has the candidate before anybody else, then come the shares', () => {
  expect(at(0, { readiness: { ready: true, failed: false } }, { stage: -1 })).toMatchObject({
    verdict: 'advance', stage: 0, percent: 0, sentence: 'advancing from 0 % to the cohort: the candidate is ready',
  });
  expect(at(9, answered(30))).toMatchObject({ verdict: 'hold', sentence: 'holding at the cohort: baked for 9 min of 10 min' });
  expect(at(10, answered(30, 2))).toMatchObject({
    verdict: 'advance', stage: 1, percent: 5, sentence: 'advancing from the cohort to 5 %: the candidate answered 28 of 30 requests of the cohort',
  });
});

test('a cohort that sends nothing proves nothing', () => {
  expect(at(60, answered(19)).sentence).toBe('holding at the cohort: the candidate had 19 requests in this stage, 20 are needed');
  // What was replayed are others' requests.
  expect(at(60, answered(0)).verdict).toBe('hold');
  expect(at(60, { candidate: undefined }).sentence).toContain('the number of requests is not known');
});

test.each<[string, Partial<Evidence>, string]>([
  ['a good part of what the cohort sends', answered(20, 3), 'roll back'],
  ['as much as it may', answered(20, 2), 'hold'],
  ['all of less than what says something', answered(19, 19), 'hold'],
  ['what production fails about as often', { ...answered(20, 3), production: { requests: 1_000, failures: 80 } }, 'hold'],
])('a candidate that fails %s', (_, evidence, verdict) => {
  expect(at(5, evidence)).toMatchObject({ verdict, ...(verdict === 'hold' ? {} : {
    rejects: true, sentence: 'rolled back: the candidate failed 3 of 20 requests of the cohort, more than 10 %',
  }) });
});

test('what alarms see of the cohort\'s requests rolls the candidate back, and it is refused the next time', () => {
  const triggered = at(3, { guardrails: [{ name: 'circuit', action: 'rollback', status: 'triggered', detail: 'half failed' }] });
  expect(triggered).toMatchObject({ verdict: 'roll back', rejects: true });
});

test('nothing is compared before the first share, and what is compared begins with it', () => {
  const state = (shares: RolloutState['shares']): Pick<RolloutState, 'plan' | 'shares'> => ({ plan: cohortFirst, shares });
  const first = { stage: 0, from: START, until: START + 10 * MINUTE };
  expect(judgedTime(state([first]), START + 9 * MINUTE)).toBeUndefined();
  const time = judgedTime(state([first, { stage: 1, from: START + 10 * MINUTE, until: START + 20 * MINUTE }]), START + 15 * MINUTE)!;
  expect(time.start).toBeGreaterThanOrEqual(START + 10 * MINUTE);
});

test('how many requests steps need says nothing of the cohort', () => {
  const little = at(0, { readiness: { ready: true, failed: false }, usualRequestsPerSecond: 0.02 }, { stage: -1 });
  expect(little).toMatchObject({ verdict: 'roll back', reasons: [{ kind: 'too-little-traffic', firstPercent: 5 }] });
  expect(at(0, { readiness: { ready: true, failed: false }, usualRequestsPerSecond: 50 }, { stage: -1 }).verdict).toBe('advance');
});

test('the course names the cohort', () => {
  expect(courseInWords('v2', cohortFirst)).toContain('gets the requests of the cohort for 10 min, then 5 % and 50 % of all for 5 min each, then 95 % for 10 min');
});
