import { Template } from 'aws-cdk-lib/assertions';
import { CanaryRollout, type CanaryRolloutProps } from '../../lib';
import { rolloutsOf } from '../../rehearsal/assembly/find-rollouts';
import type { FoundRollout } from '../../rehearsal/assembly/found-rollout';
import { rehearse } from '../../rehearsal/engine/rehearse';
import type { Run } from '../../rehearsal/engine/run';
import { builtInScenarios, USUAL } from '../../lib/core/rehearsal/built-in';
import type { Scenario } from '../../lib/core/rehearsal/scenario';
import { newEndpoint, newStack } from '../fixtures/stacks';

function rolloutOf(props: Omit<CanaryRolloutProps, 'endpoint'>): FoundRollout {
  const stack = newStack();
  new CanaryRollout(stack, 'Rollout', { endpoint: newEndpoint(stack), ...props });
  return rolloutsOf('Stack', Template.fromStack(stack).toJSON())[0];
}

const busy = (name: string, requestsPerSecond: number): Scenario =>
  builtInScenarios({ ...USUAL, traffic: { ...USUAL.traffic, requestsPerSecond } }).find((each) => each.name === name)!;

async function runs(rollout: FoundRollout, scenario: Scenario, count: number): Promise<Run[]> {
  const all: Run[] = [];
  for (let seed = 1; seed <= count; seed++) {
    all.push(await rehearse(rollout, scenario, { seed, trace: true }));
  }
  return all;
}

/** Functions whose environments begin with empty caches: their first answers take twice as long. */
const caches = (requests: number): Scenario => ({ ...busy('cold-starts', 20), environments: { ...busy('cold-starts', 20).environments!, cacheFactor: 2, cacheRequests: requests } });
const worse = (scenario: Scenario, more: Partial<Scenario['candidate']>): Scenario => ({ ...scenario, candidate: { ...scenario.candidate, ...more } });

const standing = rolloutOf({});
const fresh = rolloutOf({ freshControl: true });

test.each([500, 5_000])('caches that take %i requests to fill roll no candidate back that is compared with a fresh control, and every one that is not', async (requests) => {
  expect((await runs(standing, caches(requests), 3)).map(({ verdict }) => verdict)).toEqual(['rolled back', 'rolled back', 'rolled back']);
  expect((await runs(fresh, caches(requests), 3)).map(({ verdict }) => verdict)).toEqual(['promoted', 'promoted', 'promoted']);
});

test('a control hides nothing: more failures and slower answers are found while caches fill on both sides', async () => {
  for (const [more, sentence] of [[{ errorRate: 0.05 }, /errors/], [{ latency: { medianMs: 120, p99Ms: 375 } }, /requests slower than/]] as const) {
    for (const run of await runs(fresh, worse(caches(5_000), more), 2)) {
      expect(run).toMatchObject({ verdict: 'rolled back', sentence: expect.stringMatching(sentence) });
    }
  }
});

test('what a control answers is none of production\'s', async () => {
  const most = async (rollout: FoundRollout): Promise<number> => {
    const [{ trace }] = await runs(rollout, busy('healthy', 100), 1);
    return Math.max(
      ...trace!.minutes.map(({ candidateRequests, productionRequests }) => candidateRequests / Math.max(1, productionRequests)),
    );
  };
  expect(Math.round(await most(standing))).toBe(4);
  expect(Math.round(await most(fresh))).toBe(2);
});

test('a candidate that starts twice as slowly is named in its decisions, and an equal one never', async () => {
  const warmed = rolloutOf({ freshControl: true, smokeTests: [{ body: '{"x":1}' }] });
  const said = async (candidateFactor: number): Promise<string[]> => {
    const cold = busy('cold-starts', 100);
    const all = await runs(warmed, { ...cold, environments: { ...cold.environments!, candidateFactor } }, 3);
    return all.map(({ trace }) => trace!.decisions.map(({ sentence }) => /its environments take \d+ ms to start .* times as long/.exec(sentence)?.[0]).find(Boolean) ?? 'nothing');
  };
  expect(await said(1)).toEqual(['nothing', 'nothing', 'nothing']);
  // Not in every rollout: now and then hardly any has to be started.
  expect((await said(2)).filter((sentence) => /^its environments take \d+ ms to start \(median of \d+\) where production's take \d+ ms \(of \d+\), [123]\.?\d* times as long$/.test(sentence)).length).toBeGreaterThanOrEqual(1);
});
