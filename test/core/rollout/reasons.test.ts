import type { Verdict } from '../../../lib/core/rollout/decision';
import { gist, type JudgedReason, type Reason } from '../../../lib/core/rollout/reasons';
import { because, sentenceOf } from '../../../lib/core/rollout/sentences';

const judged: JudgedReason = { of: 'traffic', verdict: 'hold', because: [{ kind: 'uncertified', guardrail: 'errors', text: 'errors, not certified' }], text: 'errors, not certified' };

/** One of each, with the words that people read. The compiler completes the table. */
const WORDS: { readonly [kind in Reason['kind']]: readonly [Extract<Reason, { kind: kind }>, string] } = {
  'aborted': [{ kind: 'aborted', by: 'ann', because: 'wrong scores' }, 'aborted by ann: wrong scores'],
  'controller-failed': [{ kind: 'controller-failed', error: 'Boom', leaseEnds: true }, 'the controller failed, and the candidate\'s share ends with its lease: Boom'],
  'guardrail': [{ kind: 'guardrail', name: 'p99', status: 'triggered', detail: 'alarm p99 is ALARM' }, 'guardrail p99: alarm p99 is ALARM'],
  'tests-failed': [{ kind: 'tests-failed' }, 'the candidate failed its tests before traffic'],
  'evidence': [{ kind: 'evidence', judged: { ...judged, of: 'shadow' } }, 'before any traffic, errors, not certified'],
  'cohort-failed': [
    { kind: 'cohort-failed', requests: 20, failures: 3, maxPercent: 10 },
    'the candidate failed 3 of 20 requests of the cohort, more than 10 %',
  ],
  'replay-failed': [{ kind: 'replay-failed', problem: 'no such key' }, 'the recorded requests cannot be replayed: no such key'],
  'gate': [{ kind: 'gate', name: 'hook x', verdict: 'wait', detail: 'not yet' }, 'hook x: not yet'],
  'never-ready': [{ kind: 'never-ready', seconds: 600 }, 'the candidate was not ready within 10 min: it could not be asked'],
  'no-window': [{ kind: 'no-window', deadlineSeconds: 3_600, lastStepAfterSeconds: 600 },
    'no time window before the deadline of 1 h is open for long enough: the last step begins 10 min after the first; deploy it while a window is open'],
  'foreseen': [{ kind: 'foreseen', problems: ['too few instances', 'too slow'] }, 'too few instances; too slow'],
  'too-little-traffic': [
    { kind: 'too-little-traffic', requestsPerSecond: 0.0123, needed: 50, firstPercent: 5, firstSeconds: 81_300, seconds: 90_000, deadlineSeconds: 3_600 },
    'there is too little traffic: production\'s busiest hour of the last day had 0.012 requests a second, at which 50 requests at 5 % take 22 h 35 min and all steps 25 h, but the deadline is 1 h; '
      + 'have recorded requests replayed before traffic (replay), lower minRequests, begin with a larger share, raise the deadline, or choose InsufficientTrafficAction.ADVANCE',
  ],
  'deadline': [{ kind: 'deadline', deadlineSeconds: 3_600, plannedSeconds: 1_200, percent: 5, missing: { kind: 'paused', by: 'ann' } },
    'the deadline of 1 h passed at 5 %: paused by ann (all steps take 20 min by themselves)'],
  'uncertified': [{ kind: 'uncertified', judged, afterSeconds: 600, waits: true },
    'not certified 10 min after the bake time: errors, not certified; it waits for more evidence, or for somebody to promote it'],
  'uncertified-replay': [{ kind: 'uncertified-replay', requests: 200, judged, waits: false }, 'before any traffic, not certified by all 200 recorded requests: errors, not certified'],
  'not-ready': [{ kind: 'not-ready' }, 'the candidate has not been asked yet'],
  'paused': [{ kind: 'paused', by: 'ann', because: 'lunch' }, 'paused by ann (lunch)'],
  'evidence-unknown': [{ kind: 'evidence-unknown', of: 'traffic', problem: 'Throttling' }, 'the evidence is not known: Throttling'],
  'baking': [{ kind: 'baking', of: 'traffic', seconds: 90, ofSeconds: 300, stopped: 'settling', settlingSeconds: 60 }, 'baked for 90 s of 5 min; a fresh share settles for 60 s before it counts'],
  'requests-unknown': [{ kind: 'requests-unknown' }, 'the number of requests is not known'],
  'impossible-counts': [{ kind: 'impossible-counts', requests: 3, failures: 4 }, 'the counts contradict each other: 4 failures of 3 requests'],
  'too-few-requests': [{ kind: 'too-few-requests', requests: 3, needed: 50 }, 'the candidate had 3 requests in this stage, 50 are needed'],
  'replaying': [{ kind: 'replaying', done: 20, total: 200 }, 'replayed 20 of 200 recorded requests'],
  'not-shadowed': [{ kind: 'not-shadowed' }, 'the candidate has not been asked as a shadow yet'],
  'approval': [{ kind: 'approval', percent: 50 }, 'waiting for approval of 50 %'],
  'outside-windows': [{ kind: 'outside-windows' }, 'outside the time windows in which the rollout may advance'],
  'window-closes': [{ kind: 'window-closes', lastStepAfterSeconds: 600 }, 'the time window closes before the last step could begin, 10 min after the first'],
  'calendar': [{ kind: 'calendar', state: 'unknown' }, 'the state of a change calendar is not known'],
  'ready': [{ kind: 'ready', notes: ['latency is left out'] }, 'the candidate is ready; latency is left out'],
  'answered': [{ kind: 'answered', requests: 100, failures: 1, last: false }, 'the candidate answered 99 of 100 requests'],
  'proof': [{ kind: 'proof', judged: { ...judged, of: 'replay', verdict: 'advance-permitted', because: [], text: 'errors: 1.0 times as often' } }, 'errors: 1.0 times as often'],
  'noticed': [{ kind: 'noticed', name: 'warm-up', detail: 'its environments start more slowly' }, 'its environments start more slowly'],
  'promotion-asked': [{ kind: 'promotion-asked', by: 'ann', because: 'tested' }, 'ann asked for it (tested)'],
  'superseded': [{ kind: 'superseded' }, 'superseded: a deployment has changed the alias, which is no longer under this rollout'],
};

test.each(Object.values(WORDS).map(([reason, words]) => [reason.kind, reason, words] as const))('%s', (_, reason, words) => {
  expect(because([reason])).toBe(words);
});

test.each<[Verdict, string]>([
  ['roll back', 'rolled back: paused by ann'], ['hold', 'holding at 5 %: paused by ann'], ['invalid', 'holding at 5 %: paused by ann'],
  ['advance', 'advancing from 5 % to 25 %: paused by ann'], ['promote', 'promoted: paused by ann'],
])('a sentence begins with what is done: %s', (verdict, sentence) => {
  expect(sentenceOf(verdict, [{ kind: 'paused', by: 'ann' }], { from: '5 %', to: '25 %' })).toBe(sentence);
});

test('reasons are of one gist while nothing but times and counts changes', () => {
  const few = (requests: number): Reason[] => [{ kind: 'too-few-requests', requests, needed: 50 }];
  expect(gist(few(3))).toBe(gist(few(4)));
  const held = (guardrail: string, text: string): Reason[] => [{ kind: 'evidence', judged: { ...judged, because: [{ kind: 'silent', guardrail, text }], text } }];
  expect(gist(held('errors', 'no data for 3 periods'))).toBe(gist(held('errors', 'no data for 4 periods')));
  expect(gist(held('errors', 'x'))).not.toBe(gist(held('latency', 'x')));
  expect(gist([{ kind: 'paused', by: 'ann' }])).not.toBe(gist([{ kind: 'paused', by: 'bob' }]));
  expect(gist([{ kind: 'guardrail', name: 'a', status: 'unknown', detail: '' }])).not.toBe(gist([{ kind: 'guardrail', name: 'a', status: 'triggered', detail: '' }]));
});

test('a controller that gave no reasons had none to compare', () => {
  expect(gist(undefined)).toBeUndefined();
});
