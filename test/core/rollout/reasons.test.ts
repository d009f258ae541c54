import type { Verdict } from '../../../lib/core/rollout/decision';
import { gist, type Reason } from '../../../lib/core/rollout/reasons';
import { because, sentenceOf } from '../../../lib/core/rollout/sentences';
import { judged, WORDS } from '../../fixtures/reasons';

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
