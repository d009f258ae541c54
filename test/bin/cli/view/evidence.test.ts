import { EntryCollector } from '../../../../bin/cli/documents/history-document';
import { parseState, UnreadableRecordError } from '../../../../lib/core/rollout/parse';
import { aliasStatus } from '../../../../bin/cli/documents/status-document';
import { renderHistory } from '../../../../bin/cli/view/history';
import { painter } from '../../../../bin/cli/view/line';
import { renderStatus } from '../../../../bin/cli/view/status';
import { judge } from '../../../../lib/core/judge/judge';
import type { Judgement } from '../../../../lib/core/judge/judgement';
import { canaryRoute, decision, NOW, plan, state } from '../../../fixtures/records';

const plain = painter(false);

/** What the engine says after some minutes at 100 requests a second. */
function judgement(candidateErrors: number): Judgement {
  const start = NOW - 600_000;
  const periods = Array.from({ length: 9 }, (_, index) => ({
    start: start + index * 60_000, step: 1, share: 0.25, requests: { candidate: 1_500, production: 4_500 },
    measurements: { errors: { kind: 'counts' as const, candidate: { total: 1_500, bad: [candidateErrors] }, production: { total: 4_500, bad: [45] } } },
  }));
  return judge({ start, periodMs: 60_000, plannedPeriods: 30, minimumPeriods: 5, guardrails: [{ kind: 'counts', name: 'errors', outcomes: [{ label: 'errors' }] }] }, periods, { step: 1, closedUntil: NOW - 60_000 });
}

const judged = (said: Judgement): Parameters<typeof state>[0] => ({
  plan: plan({ guardrails: [{ kind: 'errors', name: 'errors', action: 'rollback' }, { kind: 'latency', name: 'latency', action: 'rollback', quantiles: [0.99] }] }),
  baseline: { thresholds: {}, overdispersion: {}, frequent: [], notes: [{ guardrail: 'latency', text: 'guardrail latency is left out: production has no latencies of the last day to compare with' }] },
  last: decision({ at: NOW - 20_000, evidence: { until: NOW - 80_000, calendar: 'open', guardrails: [], judgement: said } }),
});

const status = (said: Judgement): ReturnType<typeof aliasStatus> =>
  aliasStatus('fraud/live', { route: { json: JSON.stringify(canaryRoute()), revision: 7 }, state: JSON.stringify(state(judged(said))) }, NOW);

test('status shows each guardrail\'s ratio with its interval, its evidence and its certification', () => {
  const healthy = status(judgement(15));
  const text = renderStatus({ schema: 1, ok: true, command: 'status', stack: 'Shop', region: 'eu-west-1', at: new Date(NOW).toISOString(), aliases: [healthy] }, plain);
  expect(text).toMatch(/guardrail {2}errors ok \(rollback\) errors: 135 of 13,500 \(1 %\) of the candidate's requests, .* 1\.0 times as often \[0\.\d+, 1\.\d+\], evidence [\d.]+, certified/);
  expect(text).toContain('guardrail  latency not read (rollback) guardrail latency is left out: production has no latencies');
  expect(text).toMatch(/evidence {3}0\.\d+ of 100 that roll back, 25 % of the requests for 25 % configured/);
  expect(healthy.rollout?.evidence).toMatchObject({ verdict: 'advance-permitted', threshold: 100, guardrails: [{ name: 'errors', certified: true, silent: false, ratio: { estimate: 1 } }] });
});

test('what rolled the candidate back is triggered, and evidence without end is still a number', () => {
  const bad = status(judgement(1_400));
  expect(bad.rollout?.guardrails[0]).toMatchObject({ name: 'errors', status: 'triggered' });
  expect(JSON.parse(JSON.stringify(bad.rollout?.evidence))).toMatchObject({ verdict: 'roll back', evidence: expect.any(Number) });
});

test('history lists it under decisions that moved something', () => {
  const collector = new EntryCollector(10);
  for (const verdict of ['hold', 'advance'] as const) {
    collector.add({ rolloutId: 'r-1', version: 'v', decision: decision({ verdict, sentence: verdict, evidence: { until: 0, calendar: 'open', guardrails: [], judgement: judgement(15) } }) });
  }
  const text = renderHistory({ schema: 1, ok: true, command: 'history', stack: 'Shop', region: 'eu-west-1', alias: 'fraud/live', ...collector.result(), rejected: [] }, plain, 120);
  expect(text.replace(/\s+/g, ' ')).toMatch(/advance errors: 135 of 13,500 \(1 %\) of the candidate's requests, .* 1\.0 times as often \[0\.\d+, 1\.\d+\], evidence [\d.]+, certified/);
  expect(text.match(/certified/g)).toHaveLength(1);
  expect(collector.result().decisions.every(({ evidence }) => evidence?.guardrails[0].certified === true)).toBe(true);
});

test('fails for a judgement or a baseline that is none', () => {
  const broken = state(judged({ ...judgement(15), guardrails: [{}] } as unknown as Judgement));
  expect(() => parseState(JSON.stringify(broken))).toThrow(UnreadableRecordError);
  expect(() => parseState(JSON.stringify({ ...state(judged(judgement(15))), baseline: {} }))).toThrow(/baseline.notes is not a list/);
});
