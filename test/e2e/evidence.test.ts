import { setTimeout as sleep } from 'node:timers/promises';
import { rows } from '../../examples/digits/data';
import { USUAL } from '../../lib/core/rehearsal/built-in';
import type { Scenario } from '../../lib/core/rehearsal/scenario';
import { candidate, rehearsedMoves } from './rehearsed';
import { noneFailed, RolloutStage, type Sent } from './rollout-stage';

/** Rollouts by evidence as a user sees them: real models and requests, the router's own counts, the controller's reading of them. */

/** Signature, chain, completeness, each decision judged again, and the outcome. */
const KEPT = { code: 0, ok: true, checks: Array.from({ length: 5 }, () => ({ holds: true })) };

let stage: RolloutStage;

beforeAll(async () => {
  stage = await RolloutStage.open('test/e2e/evidence-app.ts');
  await stage.deploy({ artifact: 'v1' });
  // What production's latencies are known from.
  await stage.load(sleep(3_000));
});

afterAll(() => stage?.close());

/** What the deployed controller has kept in S3 and had signed by KMS, as an auditor sees it. */
function audited(): unknown {
  const { code, json } = stage.commandLine('evidence', 'live', '--verify');
  return { code, ...json };
}

/** The traffic that there was, for the rehearsal: how fast the emulator is depends on the machine. */
function trafficOf(sent: readonly Sent[]): Pick<Scenario, 'traffic'> {
  const times = sent.map(({ sentAt }) => sentAt);
  return { traffic: { ...USUAL.traffic, requestsPerSecond: (1_000 * sent.length) / (Math.max(...times) - Math.min(...times)) } };
}

test('a model that is no worse is certified and promoted', async () => {
  const { sent, result } = await stage.load(stage.deploy({ artifact: 'v2' }), 4);
  expect(result).toMatchObject({ status: 'fulfilled' });
  noneFailed(sent);
  expect(await stage.moves()).toEqual(['advance 50', 'advance 80', 'promote 100']);
  expect(await rehearsedMoves(stage.rollout, trafficOf(sent))).toEqual([await stage.moves()]);
  const { evidence } = (await stage.decisions()).at(-1)!.decision;
  expect(evidence.judgement?.verdict).toBe('advance-permitted');
  const [errors, latency, drift] = evidence.judgement!.guardrails;
  expect([errors.certified, latency.action, drift.action]).toEqual([true, 'observe', 'observe']);
  // What routers counted of latencies and predictions is what they counted of requests.
  expect(latency.counts?.candidateTotal).toBe(errors.counts?.candidateTotal);
  expect(latency.counts?.candidateTotal).toBeGreaterThan(50);
  expect(drift.drift).toBeDefined();
  expect(audited()).toMatchObject(KEPT);
});

test('a model that fails too rarely for a threshold of 5 % is rolled back on evidence, and no caller saw a failure', async () => {
  expect(rows.filter(({ pixels }) => pixels.reduce((sum, value) => sum + value, 0) % 29 === 0).length / rows.length).toBeLessThan(0.05);
  const { sent, result } = await stage.load(stage.deploy({ artifact: 'v2', defect: 'failing-rarely' }), 4);
  noneFailed(sent);
  expect(result.status).toBe('rejected');
  expect(String((result as PromiseRejectedResult).reason)).toMatch(/rolled back: (?:errors: .* times as often.*; evidence .* > 100 at|aborted by alarm \S*Evidence)/);
  const { aliases: [{ rollout }] } = stage.commandLine('status').json as unknown as { aliases: { rollout: object }[] };
  expect(rollout).toMatchObject({ status: 'rolled back', evidence: { verdict: 'roll back', threshold: 100 } });
  // Rolled back at 50 % in most rehearsals, at 80 % in some.
  expect(await rehearsedMoves(stage.rollout, { ...trafficOf(sent), ...candidate({ errorRate: 17 / 600 }) })).toContainEqual(
    await stage.moves(),
  );
  expect(audited()).toMatchObject(KEPT);
  console.log((rollout as { outcome: { sentence: string } }).outcome.sentence);
});
