import { aliasStatus, type StatusDocument } from '../../../../bin/cli/documents/status-document';
import { renderAliasLine, renderStatus } from '../../../../bin/cli/view/status';
import { painter } from '../../../../bin/cli/view/line';
import { judgeReplay } from '../../../../lib/core/replay/judge-replay';
import { NO_PAIRS } from '../../../../lib/core/replay/pair';
import type { ReplayPlan } from '../../../../lib/core/replay/plan';
import { variant, route } from '../../../fixtures/serving';
import { canaryRoute, decision, NOW, plan, state } from '../../../fixtures/records';
import type { RolloutState } from '../../../../lib/core/rollout/state';
import type { Route } from '../../../../lib/core/routing/route';

const plain = painter(false);

function status(records: { route?: Route; state?: RolloutState }, alias = 'fraud/live', now = NOW): ReturnType<typeof aliasStatus> {
  return aliasStatus(alias, {
    ...(records.route === undefined ? {} : { route: { json: JSON.stringify(records.route), revision: records.route.revision } }),
    ...(records.state === undefined ? {} : { state: JSON.stringify(records.state) }),
  }, now);
}

function tree(...aliases: ReturnType<typeof aliasStatus>[]): string {
  const document: StatusDocument = { schema: 1, ok: true, command: 'status', stack: 'Shop', region: 'eu-west-1', at: new Date(NOW).toISOString(), aliases };
  return renderStatus(document, plain);
}

test('a rollout in its second stage', () => {
  const beta = status({ route: route([variant('v1', { weight: 999 }), variant('v2', { role: 'candidate', weight: 1 })]) }, 'fraud/beta');
  expect(tree(beta, status({ route: canaryRoute(), state: state() }))).toBe(`Shop eu-west-1
└─ fraud
   ├─ beta revision 1
   │  ├─ v1   99.9 %  v1v1v1v1v1v1  Lambda v1
   │  └─ v2    0.1 %  v2v2v2v2v2v2  Lambda v2
   └─ live revision 7
      ├─ production     75 %  ab12cd34ef56  Lambda production
      ├─ candidate      25 %  99ee44aa11bb  Lambda candidate
      ├─ lease      holds for 2 min 40 s
      └─ canary rollout to 99ee44aa11bb ████████░░░░░░░░░░░░░░░░ 33 %  stage 2 of 3 at 25 %
         ├─ time       3 min 20 s of 10 min in this stage, 45 min until the deadline
         ├─ guardrail  errors ok (rollback) alarm errors is OK
         ├─ guardrail  latency unknown (hold) alarm latency has no data
         ├─ requests   candidate 240 (1 failed), production 720 (2 failed)
         ├─ decision   holding at 25 %: baked for 3 min of 10 min (number 14, 20 s ago)
         └─ waits for  6 min 40 s more of this stage`);
});

test('what it waits for, by whose turn it is', () => {
  const waits = (overrides: Partial<RolloutState>): string | undefined => /waits for +(.*)/.exec(tree(status({ route: canaryRoute(), state: state(overrides) })))?.[1];
  const approval = plan({ stages: plan().stages.map((stage, index) => ({ ...stage, approval: index === 2 })) });
  const baked = { stageStartedAt: NOW - 700_000 };
  expect(waits({ paused: { by: 'ada', at: NOW - 5_000, reason: 'lunch' } })).toBe('`model-rollout resume`');
  expect(waits({ plan: approval })).toBe('6 min 40 s more of this stage, then `model-rollout approve` for stage 3');
  expect(waits({ plan: approval, ...baked })).toBe('`model-rollout approve` for stage 3');
  expect(waits({ plan: approval, ...baked, approved: { stage: 2, by: 'ada', at: NOW } })).toBe('baked for 3 min of 10 min');
  expect(waits({ ...baked, last: decision({ reasons: [{ kind: 'calendar', state: 'closed' }], sentence: 'holding at 25 %: a change calendar is closed' }) })).toBe('a change calendar is closed');
  expect(waits({ ...baked, last: decision({ verdict: 'advance', sentence: 'advancing' }) })).toBeUndefined();
  expect(waits({ stage: -1, last: undefined, decisions: 0 })).toBe('the controller, which has not decided yet');
});

test('what holds it for more than its bake time, and what ended it, has an address of help', () => {
  const see = (overrides: Partial<RolloutState>): string | undefined => /see +(.*)/.exec(tree(status({ route: canaryRoute(), state: state(overrides) })))?.[1];
  const closed = decision({ reasons: [{ kind: 'calendar', state: 'closed' }], sentence: 'holding at 25 %: a change calendar is closed' });
  expect(see({ last: closed })).toMatch(/^https:.*\/troubleshooting\.md#held-calendar$/);
  expect(see({ last: decision() })).toBeUndefined();
  const ended = { reasons: [{ kind: 'deadline', deadlineSeconds: 60, plannedSeconds: 30, percent: 25 }], sentence: 'rolled back: the deadline passed', at: NOW, reported: true } as const;
  expect(see({ last: closed, outcome: { ...ended, result: 'rolled back' } })).toMatch(/#ended-deadline$/);
  expect(see({ last: closed, outcome: { ...ended, result: 'promoted' } })).toBeUndefined();
});

test('orders and an abort are named with their authors', () => {
  const aborted = canaryRoute({ rollout: { id: 'r-1', aborted: { by: 'alarm errors', reason: '5 errors', at: NOW - 3_000 } } });
  const text = tree(status({ route: aborted, state: state({ paused: { by: 'ada', at: NOW - 60_000, reason: 'lunch' }, promotion: { by: 'bob', at: NOW - 1_000 } }) }));
  expect(text).toContain('aborted    by alarm errors 3 s ago: 5 errors');
  expect(text).toContain('paused     by ada 60 s ago: lunch');
  expect(text).toContain('promotion  asked for by bob 1 s ago');
});

test('a preview is named while the rollout runs', () => {
  expect(tree(status({ route: canaryRoute(), state: state({ plan: plan({ kind: 'blue-green', previewAlias: 'fraud/preview' }) }) }))).toContain('preview    fraud/preview answers with the candidate alone');
});

test('before traffic no stage has begun', () => {
  const { rollout } = status({
    route: canaryRoute({ lease: undefined }),
    state: state({ stage: -1, stageStartedAt: NOW - 30_000, last: undefined, decisions: 0 }),
  });
  expect(rollout).toMatchObject({ stage: { number: 0, of: 3, percent: 0, bakeSeconds: 0 }, progress: 0, status: 'running' });
  expect(rollout?.guardrails.map((guardrail) => guardrail.status)).toEqual(['not read', 'not read']);
});

test('the shadow stage is told while it lasts, with what judges it', () => {
  const shadow = {
    mirror: { name: 'candidate', version: '99ee44aa11bb2c3d', functionArn: 'mirror', sampleRate: 0.1, filters: [] }, bakeSeconds: 2_400,
    guardrails: [{ kind: 'agreement' as const, name: 'agreement', action: 'rollback' as const, shadow: 'candidate', bound: 0.05, margin: 0.1 }],
    judgement: { alpha: 0.005, uncertified: { afterSeconds: 600, policy: 'pause' as const } },
  };
  const before = { plan: plan({ shadow }), stage: -1, stageStartedAt: NOW - 900_000, last: undefined, decisions: 0 };
  const alias = status({ route: canaryRoute({ lease: undefined }), state: state({ ...before, shadow: { startedAt: NOW - 600_000 } }) });
  expect(alias.rollout).toMatchObject({ shadow: { name: 'candidate', seconds: 600, bakeSeconds: 2_400 }, progress: 0.125, guardrails: [{ name: 'agreement' }, { name: 'errors' }, { name: 'latency' }] });
  expect(tree(alias)).toMatch(/shadow before stage 1 of 3[^]*10 min of 40 min as shadow candidate/);
  expect(status({ route: canaryRoute({ lease: undefined }), state: state(before) }).rollout?.shadow).toEqual({ name: 'candidate', bakeSeconds: 2_400 });
  expect(status({ route: canaryRoute(), state: state({ plan: plan({ shadow }) }) }).rollout).not.toHaveProperty('shadow');
});

test('a replay is told while it lasts: how many of the requests, what it waits for, and what judges it', () => {
  const replay: ReplayPlan = {
    source: { kind: 'object', bucket: 'golden', key: 'fraud.jsonl' }, requests: 1_000, requestsPerSecond: 5, concurrency: 2, warmUpRequests: 10, comparison: { kind: 'exact' }, agreement: { bound: 0.05, margin: 0.1 },
    failureTolerance: 0.02, accuracyTolerance: 0.05, slowdown: 1.5, seconds: 600, alpha: 0.005, uncertified: 'advance',
  };
  const progress = { startedAt: NOW - 60_000, at: NOW - 5_000, done: 200, requests: { digest: 'd', total: 400, labelled: 0 }, tally: { ...NO_PAIRS, pairs: 200, compared: 200, disagreed: 2, timed: 200 }, certified: [] };
  const before = { plan: plan({ replay }), stage: -1, stageStartedAt: NOW - 900_000, decisions: 3 };
  const last = decision({ stage: -1, percent: 0, reasons: [{ kind: 'replaying', done: 200, total: 400 }], sentence: 'holding at 0 %: replayed 200 of 400 recorded requests', evidence: { until: NOW, guardrails: [], calendar: 'open', replay: judgeReplay(replay, { tally: progress.tally, labelled: false, at: NOW }) } });
  const alias = status({ route: canaryRoute({ lease: undefined }), state: state({ ...before, last, replay: { ...progress, waits: { problem: 'the candidate has no capacity to spare', since: NOW, times: 1 } } }) });
  expect(alias.rollout).toMatchObject({
    replay: { done: 200, of: 400, waits: 'the candidate has no capacity to spare' }, waitsFor: 'replayed 200 of 400 recorded requests', evidence: { verdict: 'hold', threshold: 200 },
    guardrails: expect.arrayContaining([expect.objectContaining({ name: 'replayed agreement', status: 'ok', detail: expect.stringContaining('2 of 200 pairs disagree') })]) as unknown,
  });
  expect(alias.rollout!.progress).toBeCloseTo(300 / (600 + 2_400));
  expect(tree(alias)).toMatch(/replay before stage 1 of 3[^]*200 of 400 recorded requests replayed/);
  expect(status({ route: canaryRoute({ lease: undefined }), state: state({ ...before, last: undefined }) }).rollout?.replay).toEqual({
    of: 1_000,
  });
  expect(status({ route: canaryRoute(), state: state({ plan: plan({ replay }), replay: progress }) }).rollout).not.toHaveProperty('replay');
});

test.each<['promoted' | 'rolled back' | 'superseded', number, number]>([['promoted', 3, 1], ['rolled back', -1, 0], ['superseded', 1, 1 / 3]])('an end: %s', (result, stage, progress) => {
  const alias = status({
    route: route([variant('production')], { revision: 9 }), state: state({ stage, stageStartedAt: NOW - 260_000, outcome: { result, sentence: `${result}: because`, at: NOW - 60_000, reported: true } }),
  });
  expect(alias.rollout).toMatchObject({ status: result, outcome: { sentence: `${result}: because` } });
  expect(alias.rollout?.progress).toBeCloseTo(progress);
  expect(alias.rollout?.waitsFor).toBeUndefined();
  expect(alias.warnings).toEqual([]);
  expect(tree(alias)).toContain(`last rollout, to 99ee44aa11bb: ${result} 60 s ago`);
});

test('where the evidence of an ended rollout is, and what could not be kept or told, is said', () => {
  const show = (more: Partial<RolloutState>): ReturnType<typeof status> => status({ route: route([variant('production')]), state: state(more) });
  const outcome = { result: 'promoted', sentence: 'promoted', at: NOW - 60_000, reported: true } as const;
  const sealed = tree(show({
    outcome, evidence: { records: 9, seal: 's3://evidence/fraud/live/r-1/seal.json' }, registry: { package: 'fraud/7', approval: 'Approved' },
  }));
  expect(sealed).toContain('s3://evidence/fraud/live/r-1/seal.json');
  expect(sealed).toContain('fraud/7 is Approved');
  const broken = tree(show({
    outcome, evidence: { records: 9, problem: 'AccessDenied: no' }, registry: { package: 'fraud/7', problem: 'ValidationException: gone' },
  }));
  expect(broken).toContain('AccessDenied: no');
  expect(broken).toContain('ValidationException: gone');
});

test('an ended lease is shown as routers take it', () => {
  const alias = status({ route: canaryRoute({ lease: { until: NOW - 1 } }), state: state() });
  expect(alias.variants.map(({ percent }) => percent)).toEqual([100, 0]);
  expect(alias.lease?.remainingSeconds).toBe(0);
  expect(alias.warnings).toEqual([expect.stringContaining('the lease of the weights ran out')]);
});

test('a controller that is silent, and a route that is somebody else\'s, are warned of', () => {
  const alias = status({ route: canaryRoute({ rollout: { id: 'r-2' } }), state: state({ last: decision({ at: NOW - 200_000 }) }) });
  expect(alias.warnings).toEqual(['the route is not under this rollout: another writer has changed it', 'the controller has not decided for 200 s; every 60 s is planned']);
});

test.each<[string, { route?: string; state?: string }, RegExp]>([
  ['a route that is not JSON', { route: '{' }, /the route record of fraud\/live cannot be read: the route is not JSON/],
  ['no route', {}, /fraud\/live has no route record/],
  ['a rollout that is not JSON', { route: JSON.stringify(canaryRoute()), state: 'x' }, /the rollout record of fraud\/live cannot be read: it is not JSON/],
  ['a rollout of a later version', { route: JSON.stringify(canaryRoute()), state: JSON.stringify({ ...state(), schema: 2 }) }, /understands 1/],
  ['a rollout in a stage that it has not', { route: JSON.stringify(canaryRoute()), state: JSON.stringify({ ...state(), stage: 4 }) }, /stage is 4 of 3/],
  ['a verdict that nobody knows', { route: JSON.stringify(canaryRoute()), state: JSON.stringify({ ...state(), last: { ...decision(), verdict: 'maybe' } }) }, /last.verdict is "maybe"/],
  ['a guardrail without a status', { route: JSON.stringify(canaryRoute()), state: JSON.stringify({ ...state(), last: { ...decision(), evidence: { guardrails: [{ name: 'a', action: 'b', detail: 'c' }] } } }) }, /guardrails\[0\].status/],
])('fails to read %s, and says so', (_, records, problem) => {
  const { problems } = aliasStatus('fraud/live', { ...(records.route === undefined ? {} : { route: { json: records.route, revision: 1 } }), state: records.state }, NOW);
  expect(problems).toEqual([expect.stringMatching(problem)]);
});

test('a time beyond what a date can be is shown as the end of time', () => {
  expect(status({ route: canaryRoute({ lease: { until: 1e300 } }) }).lease?.until).toBe('+275760-09-13T00:00:00.000Z');
});

test('a line for logs', () => {
  expect(renderAliasLine(status({ route: canaryRoute(), state: state() }))).toBe('fraud/live  stage 2 of 3 at 25 %: holding at 25 %: baked for 3 min of 10 min');
  expect(renderAliasLine(status({ route: canaryRoute({ lease: undefined }) }))).toBe('fraud/live  no rollout');
});

test('records cannot control a terminal', () => {
  const evil = '\u001b[2J\u001b]0;title\u0007\u009b31mred\nline\u202e';
  const text = tree(status({
    route: canaryRoute({ variants: [variant(evil, { weight: 1 })] }),
    state: state({ last: decision({ sentence: evil, evidence: { until: 0, calendar: 'open', guardrails: [{ name: evil, action: 'observe', status: 'ok', detail: evil }] } }), paused: { by: evil, at: NOW, reason: evil } }),
  }));
  expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  expect(text.split('\n').every((line) => /^(?:Shop|[ │]*[├└]─ )/.test(line))).toBe(true);
});

test('colours are those of the command only', () => {
  const coloured = renderStatus({ schema: 1, ok: true, command: 'status', stack: '\u001b[31mShop', region: 'r', at: new Date(NOW).toISOString(), aliases: [] }, painter(true));
  expect(coloured).toBe('\u001b[1mShop\u001b[22m \u001b[2mr\u001b[22m');
});
