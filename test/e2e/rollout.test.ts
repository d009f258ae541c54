import { setTimeout as sleep } from 'node:timers/promises';
import { candidate, rehearsedMoves } from './rehearsed';
import { models, noneFailed, RolloutStage } from './rollout-stage';

/** Rollouts as a user sees them: `cdk deploy` of another model, callers at the same time, real models, real HTTP. */

let stage: RolloutStage;

beforeAll(async () => {
  stage = await RolloutStage.open();
  await stage.deploy({ artifact: 'v1' });
});

afterAll(() => stage?.close());

test('a better model is promoted step by step, the deployment succeeds, and the old version goes', async () => {
  const { sent, result } = await stage.load(stage.deploy({ artifact: 'v2' }));
  expect(result).toEqual({ status: 'fulfilled', value: undefined });
  noneFailed(sent);
  expect(await stage.moves()).toEqual(['advance 20', 'advance 50', 'advance 80', 'promote 100']);
  expect(await rehearsedMoves(stage.rollout)).toEqual([await stage.moves()]);
  expect(JSON.parse(sent.at(-1)!.text)).toMatchObject({ model: 'v2' });
  // Monotone: no caller-visible return to the old model once it was gone.
  const lastOld = sent.findLastIndex(({ text }) => (JSON.parse(text) as { model: string }).model === 'v1');
  expect(sent.slice(lastOld + 1).length).toBeGreaterThan(0);
  expect(await stage.versions()).toBe(1);
  expect(stage.commandLine('status', '--exit-code')).toMatchObject({ code: 0, json: { ok: true, aliases: [{ variants: [{ name: 'production', percent: 100 }], rollout: { status: 'promoted' } }] } });
});

test('a model that fails is rolled back, the deployment fails and says why, and no caller saw a failure', async () => {
  const { sent, result } = await stage.load(stage.deploy({ artifact: 'v1', defect: 'failing' }));
  noneFailed(sent);
  expect(result.status).toBe('rejected');
  expect(String((result as PromiseRejectedResult).reason)).toMatch(/rolled back: (?:guardrail CandidateFails: alarm \S+ is in ALARM|aborted by alarm \S*CandidateFails)/);
  expect(await rehearsedMoves(stage.rollout, candidate({ errorRate: 0.25 }))).toEqual([await stage.moves()]);
  expect(await stage.status()).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(await stage.versions()).toBe(1);
  const { sent: after } = await stage.load(sleep(2_000));
  expect(Object.keys(models(after))).toEqual(['v2']);
});

test('the same model again is refused at once, until somebody asks for another try', async () => {
  await expect(stage.deploy({ artifact: 'v1', defect: 'failing' })).rejects.toThrow(/was rejected on [\s\S]*another try/);
  expect(stage.commandLine('history')).toMatchObject({ code: 0, json: { ok: true, rejected: [{ reason: expect.stringMatching(/^rolled back/) }] } });
  expect(stage.commandLine('retry', '--reason', 'fixed its data')).toMatchObject({ code: 0, json: { ok: true, code: 'DONE' } });
});

test('a model that is slow is rolled back', async () => {
  // Whoever answers in eight seconds is in the metrics after eight seconds at the earliest.
  const { sent, result } = await stage.load(stage.deploy({ artifact: 'v1', defect: 'slow', bakeSeconds: 40 }));
  noneFailed(sent);
  expect(String((result as PromiseRejectedResult).reason)).toMatch(/rolled back: .*CandidateIsSlow/);
  expect(await rehearsedMoves(stage.rollout, candidate({ latency: { medianMs: 8_100, p99Ms: 8_500 } }))).toEqual([await stage.moves()]);
  expect(await stage.versions()).toBe(1);
});
