import { EntryCollector, type HistoryDocument } from '../../../../bin/cli/documents/history-document';
import { percent } from '../../../../bin/cli/view/format';
import { renderHistory } from '../../../../bin/cli/view/history';
import { painter } from '../../../../bin/cli/view/line';
import type { Reason } from '../../../../lib/core/rollout/reasons';
import type { StoredDecision } from '../../../../lib/core/rollout/state';
import { decision, NOW } from '../../../fixtures/records';

const plain = painter(false);

type Told = readonly [verdict: string, sentence: string, minute: number, reasons?: readonly Reason[]];

function collect(limit: number, oldestFirst: readonly Told[], rolloutId: (index: number) => string = () => 'r-1'): EntryCollector {
  const collector = new EntryCollector(limit);
  const stored = oldestFirst.map(([verdict, sentence, minute, reasons], index): StoredDecision => ({
    rolloutId: rolloutId(index), version: '99ee44aa11bb2c3d',
    decision: decision({ verdict: verdict as 'hold', sentence, at: NOW + minute * 60_000, ...(reasons && { reasons }) }),
  }));
  for (const one of stored.reverse()) {
    if (!collector.add(one)) {
      break;
    }
  }
  return collector;
}

const baked = (seconds: number): readonly Reason[] => [{ kind: 'baking', of: 'traffic', seconds, ofSeconds: 7_200, settlingSeconds: 60 }];
const fine: readonly Reason[] = [{ kind: 'answered', requests: 9, failures: 0, last: false }];
const holds: readonly Told[] = [
  ['hold', 'holding at 5 %: baked for 90 s of 2 h', 0, baked(90)], ['hold', 'holding at 5 %: baked for 2 min of 2 h', 1, baked(120)],
  ['hold', 'holding at 5 %: baked for 1 h 2 min of 2 h', 2, baked(3_720)], ['hold', 'holding at 5 %: a change calendar is closed', 3, [{ kind: 'calendar', state: 'closed' }]],
  ['advance', 'advancing from 5 % to 25 %: fine', 4, fine], ['advance', 'advancing from 5 % to 25 %: fine', 5, fine],
];

test('holds for the same cause are one entry, with the last sentence; other verdicts never are', () => {
  const { decisions, more } = collect(10, holds).result();
  expect(decisions.map(({ sentence, count, from, to }) => [sentence, count, from.slice(11, 16), to.slice(11, 16)])).toEqual([
    ['holding at 5 %: baked for 1 h 2 min of 2 h', 3, '12:00', '12:02'], ['holding at 5 %: a change calendar is closed', 1, '12:03', '12:03'],
    ['advancing from 5 % to 25 %: fine', 1, '12:04', '12:04'], ['advancing from 5 % to 25 %: fine', 1, '12:05', '12:05'],
  ]);
  expect(more).toBe(false);
});

test('a hold of another rollout is another entry', () => {
  expect(collect(10, holds.slice(0, 3), (index) => `r-${index > 1}`).result().decisions.map(({ count }) => count)).toEqual([2, 1]);
});

test('the limit counts entries, keeps the newest, and runs are complete', () => {
  const { decisions, more } = collect(3, [['advance', 'first', -1], ...holds.slice(0, 5)]).result();
  expect(decisions.map(({ count }) => count)).toEqual([3, 1, 1]);
  expect(more).toBe(true);
});

test('the table', () => {
  const document: HistoryDocument = {
    schema: 1, ok: true, command: 'history', stack: 'Shop', region: 'eu-west-1', alias: 'fraud/live', ...collect(2, holds).result(),
    rejected: [{ version: 'badbadbadbad', reason: 'guardrail errors: 5 errors', at: new Date(NOW).toISOString() }],
  };
  expect(renderHistory(document, plain)).toBe(`older decisions: --limit
2026-03-01 12:04:00Z  advance  99ee44aa11bb     25 %  advancing from 5 % to 25 %: fine
2026-03-01 12:05:00Z  advance  99ee44aa11bb     25 %  advancing from 5 % to 25 %: fine

rejected versions, refused until \`model-rollout retry\`:
  badbadbadbad  2026-03-01 12:00:00Z  guardrail errors: 5 errors`);
  const wrapped = renderHistory({ ...document, ...collect(9, holds).result(), rejected: [] }, plain, 100);
  expect(Math.max(...wrapped.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(wrapped).toContain('(3 times since');
  expect(renderHistory({ ...document, decisions: [], rejected: [], more: false }, plain)).toBe('fraud/live has no decisions: no rollout has been judged yet');
});

test('who paused is another cause, how long a guardrail has been silent is not', () => {
  const paused = (by: string): readonly Reason[] => [{ kind: 'paused', by }];
  const judged = (text: string): readonly Reason[] => [{ kind: 'evidence', judged: { of: 'traffic', verdict: 'hold', because: [{ kind: 'silent', guardrail: 'p99', text }], text } }];
  const told: readonly Told[] = [
    ['hold', 'paused by ada', 0, paused('ada')], ['hold', 'paused by bob', 1, paused('bob')],
    ['hold', 'p99: no data for 3 periods', 2, judged('p99: no data for 3 periods')], ['hold', 'p99: no data for 4 periods', 3, judged('p99: no data for 4 periods')],
  ];
  expect(collect(9, told).result().decisions.map(({ count }) => count)).toEqual([1, 1, 2]);
});

test('decisions of a controller that gave no reasons are one entry where they say the same', () => {
  const told: readonly Told[] = [['hold', 'a change calendar is closed', 0], ['hold', 'a change calendar is closed', 1], ['hold', 'baked for 2 min', 2]];
  expect(collect(9, told).result().decisions.map(({ count }) => count)).toEqual([2, 1]);
});

test.each([[100, '100 %'], [99.95, '99.95 %'], [0.1, '0.1 %'], [0.00012, '0.00012 %'], [33.33333, '33.33 %'], [0, '0 %']])('a share of %s', (value, text) => expect(percent(value)).toBe(text));
