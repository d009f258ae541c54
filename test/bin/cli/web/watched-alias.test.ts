import { aliasStatus, type AliasStatus } from '../../../../bin/cli/documents/status-document';
import { watchedAlias } from '../../../../bin/cli/web/watch-document';
import { RolloutItem, type RolloutState, type StoredDecision } from '../../../../lib/core/rollout/state';
import { rolloutCharts } from '../../../../page/rollout-charts';
import { judgedShop } from '../../../fixtures/judged-shop';
import { canaryRoute, decision, NOW, state } from '../../../fixtures/records';

/** What the page is told of an alias, from what was read. */

const MINUTE = 60_000;

const statusOf = (overrides: Partial<RolloutState> | undefined): AliasStatus => aliasStatus('fraud/live', {
  route: { json: JSON.stringify(canaryRoute()), revision: 7 }, ...(overrides && { state: JSON.stringify(state(overrides)) }),
}, NOW);

const decided = (...list: Partial<StoredDecision['decision']>[]): StoredDecision[] =>
  list.map((each) => ({ rolloutId: 'r-1', version: 'v', decision: decision(each) }));

const approval = { stages: state().plan.stages.map((stage) => ({ ...stage, approval: true })) };
const order = { by: 'ada', at: NOW };

const rolledBack: Partial<RolloutState> = { outcome: { result: 'rolled back', sentence: 'rolled back', at: NOW, reported: true } };

test.each<[string, Partial<RolloutState> | undefined, string[]]>([
  ['that runs', {}, ['pause', 'promote', 'abort']],
  ['that is paused', { paused: order }, ['resume', 'promote', 'abort']],
  ['that waits for approval', { plan: { ...state().plan, ...approval } }, ['approve', 'pause', 'promote', 'abort']],
  ['that was promoted', { outcome: { result: 'promoted', sentence: 'promoted', at: NOW, reported: true } }, []],
  ['that was rolled back', rolledBack, []],
  ['whose place another took', { outcome: { result: 'superseded', sentence: 'superseded', at: NOW, reported: true } }, []],
  ['that there is not', undefined, []],
])('offers the orders that fit a rollout %s', (_, overrides, orders) => {
  expect(watchedAlias(statusOf(overrides), { decided: [] }, NOW).orders).toEqual(orders);
});

test('offers another try where the version is rejected, and nowhere else', () => {
  expect(watchedAlias(statusOf(rolledBack), { decided: [], rejected: true }, NOW)).toMatchObject({ orders: ['retry'], rejected: true });
  expect(watchedAlias(statusOf({}), { decided: [], rejected: true }, NOW).orders).not.toContain('retry');
});

test('guardrails are shown as they were read last where an abort has asked none, with the time', () => {
  const aborted: Partial<StoredDecision['decision']> = {
    at: NOW, verdict: 'roll back', sentence: 'rolled back: aborted by ada', evidence: { until: NOW, guardrails: [], calendar: 'unknown' },
  };
  const items = judgedShop().rollouts!['fraud/live'];
  const list = Object.entries(items).filter(([item]) => item.startsWith(RolloutItem.DECISIONS))
    .map(([, content]) => JSON.parse(String(content)) as StoredDecision);
  const plan = { ...state().plan, guardrails: [{ kind: 'errors' as const, name: 'errors', action: 'rollback' as const }, state().plan.guardrails[1]] };
  const shown = (known: StoredDecision[]): ReturnType<typeof watchedAlias> =>
    watchedAlias(statusOf({ ...rolledBack, plan, last: decision(aborted) }), { decided: [...known, ...decided(aborted)] }, NOW);
  const { status: { rollout }, readAt } = shown(list);
  expect(rollout?.guardrails).toMatchObject([
    { name: 'errors', status: 'ok' }, { name: 'errors by x-tenant', status: 'ok' }, { name: 'latency', status: 'unknown' },
  ]);
  expect(rollout?.evidence?.guardrails.map(({ name }) => name)).toEqual(['errors', 'errors by x-tenant']);
  expect(readAt).toBe(new Date(list.at(-1)!.decision.at).toISOString());
  // Nothing was ever read.
  expect(shown([])).not.toHaveProperty('readAt');
  expect(shown([]).status.rollout?.guardrails).toMatchObject([{ status: 'not read' }, { status: 'not read' }]);
});

test('the share begins with nothing, changes with each decision, and ends with all or nothing', () => {
  const list = decided({ at: NOW - 10 * MINUTE, percent: 5 }, { at: NOW - 5 * MINUTE, percent: 25 });
  const shares = (overrides: Partial<RolloutState>): unknown => watchedAlias(statusOf(overrides), { decided: list }, NOW).trace?.shares;
  const begun = [{ x: NOW / 1_000 - 900, y: 0 }, { x: NOW / 1_000 - 600, y: 5 }, { x: NOW / 1_000 - 300, y: 25 }];
  const end = { sentence: 's', at: NOW - MINUTE, reported: true };
  expect(shares({})).toEqual(begun);
  expect(shares({ outcome: { result: 'promoted', ...end } })).toEqual([...begun, { x: NOW / 1_000 - 60, y: 100 }]);
  expect(shares({ outcome: { result: 'rolled back', ...end } })).toEqual([...begun, { x: NOW / 1_000 - 60, y: 0 }]);
});

test('evidence is drawn to where the candidate is rolled back, from every decision that has some', () => {
  const items = judgedShop().rollouts!['fraud/live'];
  const list = Object.entries(items).filter(([item]) => item.startsWith(RolloutItem.DECISIONS))
    .map(([, content]) => JSON.parse(String(content)) as StoredDecision);
  const { trace } = watchedAlias(statusOf({}), { decided: [...decided({ at: NOW }), ...list] }, NOW);
  expect(trace?.evidence?.points).toHaveLength(list.length);
  expect(trace?.evidence?.threshold).toBeCloseTo(Math.log(100));
  expect(rolloutCharts(trace!).map(({ title }) => title)).toEqual(["Candidate's share", 'Evidence against the candidate']);
});

test('evidence without end is read from a record, which has no infinity', () => {
  const [stored] = Object.values(judgedShop().rollouts!['fraud/live']).map((content) => JSON.parse(String(content)) as StoredDecision);
  const judgement = { ...stored.decision.evidence.judgement!, logEvidence: null as unknown as number };
  const { trace } = watchedAlias(statusOf({}), { decided: decided({ evidence: { ...stored.decision.evidence, judgement } }) }, NOW);
  expect(trace?.evidence?.points).toMatchObject([{ y: 0 }]);
});

test('decisions are the newest first, repeated holds one, and no more than a page holds', () => {
  const holds = Array.from({ length: 300 }, (_, index) => ({ at: NOW - (400 - index) * MINUTE }));
  const { decisions } = watchedAlias(statusOf({}), { decided: decided(...holds, { at: NOW, verdict: 'advance', sentence: 'advancing' }) }, NOW);
  expect(decisions).toMatchObject([{ verdict: 'advance', count: 1 }, { verdict: 'hold', count: 300 }]);
  const moves = Array.from({ length: 300 }, (_, index) => ({ at: NOW - (300 - index) * MINUTE, verdict: 'advance' as const, sentence: 'advancing' }));
  expect(watchedAlias(statusOf({}), { decided: decided(...moves) }, NOW).decisions).toHaveLength(60);
});
