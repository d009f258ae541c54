import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib/core';
import { Guardrail, Replay, TrafficShift, InconclusiveAction } from '../../../lib';
import { rehearse } from '../../../rehearsal/engine/rehearse';
import { blindSpot } from '../../../rehearsal/results/blind-spots';
import { builtInScenarios } from '../../../lib/core/rehearsal/built-in';
import type { Scenario } from '../../../lib/core/rehearsal/scenario';
import { foundRollout } from '../../fixtures/found-rollouts';

/** Plans with a replay in virtual time, on an endpoint that few call: three requests a minute. */

let folder: string;
let plans: { readonly replays: ReturnType<typeof foundRollout>; readonly without: ReturnType<typeof foundRollout> };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'golden-'));
  const path = join(folder, 'golden.jsonl');
  writeFileSync(path, Array.from({ length: 600 }, (_, row) => JSON.stringify({ request: { row }, label: row % 2 })).join('\n'));
  const quiet = {
    guardrails: [Guardrail.errorRate(), Guardrail.latency()], inconclusive: InconclusiveAction.HOLD, deadline: Duration.hours(5),
    shift: TrafficShift.steps([25, 50], { bakeTime: Duration.minutes(20) }),
  };
  plans = { replays: foundRollout({ ...quiet, replay: Replay.goldenFile(path, { labelPath: '$.label', minAgreementRate: 0.95, accuracyTolerance: 0.1, failureTolerance: 0.04 }) }), without: foundRollout(quiet) };
});
afterAll(() => rmSync(folder, { recursive: true }));

const scenario = (name: string, overrides: Partial<Scenario> = {}): Scenario => {
  const found = builtInScenarios().find((each) => each.name === name)!;
  return { ...found, traffic: { ...found.traffic, requestsPerSecond: 0.05 }, ...overrides };
};

test('a healthy candidate is promoted where few call, certain by what was replayed; without that it gives up', async () => {
  const run = await rehearse(plans.replays, scenario('healthy'), { seed: 1, trace: true });
  expect(run).toMatchObject({ verdict: 'promoted' });
  expect(run.trace!.decisions.map(({ sentence }) => sentence).filter((sentence) => sentence.includes('recorded requests')).length).toBeGreaterThan(0);
  // 600 requests at five a second come before the first share.
  expect(run.shares[0][0]).toBeGreaterThanOrEqual(120);
  expect((await rehearse(plans.without, scenario('healthy'), { seed: 1 })).verdict).toBe('gave up');
});

test.each<[string, RegExp]>([
  ['broken', /failed in the candidate alone|disagree/],
  ['disagreement', /pairs disagree/],
  ['accuracy-collapse', /labelled pairs/],
  ['slower', /took the candidate more than 1.5 times as long|latency/],
])('%s is found before a caller has met it', async (name, sentence) => {
  const found: string[] = [];
  for (let seed = 1; seed <= 10; seed++) {
    const seen = await rehearse(plans.replays, scenario(name, { candidate: { ...scenario(name).candidate, onsetMinute: 0 } }), { seed });
    expect(seen.candidateRequests).toBe(0);
    found.push(seen.sentence);
  }
  // One in ten answers differs where one in twenty may: 600 pairs find that mostly, and are certain of the opposite never.
  expect(found.filter((each) => each.startsWith('rolled back: before any traffic, replay: ') && sentence.test(each)).length).toBeGreaterThanOrEqual(name === 'disagreement' ? 6 : 9);
});

test('a plan with a replay is not blind for what only answers show', () => {
  expect(blindSpot(plans.replays.plan, scenario('disagreement'))).toBeUndefined();
  expect(blindSpot(plans.replays.plan, scenario('accuracy-collapse'))).toBeUndefined();
  expect(blindSpot(plans.without.plan, scenario('disagreement'))).toBeDefined();
});

test('a controller that dies in the replay has given nobody anything', async () => {
  expect(await rehearse(plans.replays, scenario('healthy', { controllerDiesAtMinute: 1 }), { seed: 1 })).toMatchObject({ verdict: 'lease ran out', candidateRequests: 0 });
});

test('a healthy candidate is rolled back no more often than promised', async () => {
  const verdicts: string[] = [];
  for (let seed = 0; seed < 40; seed++) {
    verdicts.push((await rehearse(plans.replays, scenario('healthy'), { seed })).verdict);
  }
  // 1 % of 40; more than three come once in a thousand times.
  expect(verdicts.filter((verdict) => verdict === 'rolled back').length).toBeLessThanOrEqual(3);
  expect(verdicts.filter((verdict) => verdict === 'promoted').length).toBeGreaterThanOrEqual(36);
});
