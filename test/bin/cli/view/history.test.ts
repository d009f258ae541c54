import { EntryCollector, type HistoryDocument, kindOf } from '../../../../bin/cli/documents/history-document';
import { percent } from '../../../../bin/cli/view/format';
import { renderHistory } from '../../../../bin/cli/view/history';
import { painter } from '../../../../bin/cli/view/line';
import type { StoredDecision } from '../../../../lib/core/rollout/state';
import { decision, NOW } from '../../../fixtures/records';

const plain = painter(false);

function collect(limit: number, oldestFirst: [string, string, number][], rolloutId: (index: number) => string = () => 'r-1'): EntryCollector {
  const collector = new EntryCollector(limit);
  const stored = oldestFirst.map(([verdict, sentence, minute], index): StoredDecision => ({
    rolloutId: rolloutId(index), version: '99ee44aa11bb2c3d', decision: decision({ verdict: verdict as 'hold', sentence, at: NOW + minute * 60_000 }),
  }));
  for (const one of stored.reverse()) {
    if (!collector.add(one)) {
      break;
    }
  }
  return collector;
}

const holds: [string, string, number][] = [
  ['hold', 'holding at 5 %: baked for 90 s of 2 h', 0], ['hold', 'holding at 5 %: baked for 2 min of 2 h', 1], ['hold', 'holding at 5 %: baked for 1 h 2 min of 2 h', 2],
  ['hold', 'holding at 5 %: a change calendar is closed', 3], ['advance', 'advancing from 5 % to 25 %: fine', 4], ['advance', 'advancing from 5 % to 25 %: fine', 5],
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

test('the kind of a sentence is what does not change while nothing happens', () => {
  expect(kindOf('guardrail p99: 12.5 ms of 90 s')).toBe(kindOf('guardrail p98: 7 ms of 1 h 30 min'));
  expect(kindOf('holding at 5 %: paused by ada')).not.toBe(kindOf('holding at 5 %: paused by bob'));
});

test.each([[100, '100 %'], [99.95, '99.95 %'], [0.1, '0.1 %'], [0.00012, '0.00012 %'], [33.33333, '33.33 %'], [0, '0 %']])('a share of %s', (value, text) => expect(percent(value)).toBe(text));
