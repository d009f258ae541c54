import { BLUE, EcsDeployment, HOOK_PLAN } from '../../fixtures/ecs-deployment';

let deployment: EcsDeployment;
beforeEach(() => (deployment = new EcsDeployment()));

test('a candidate that is as good goes on once that is certain, and not before its counts are there', async () => {
  deployment.candidate = { requests: 500, errors: 4, slow: 4 };
  deployment.production = { requests: 9_500, errors: 95, slow: 95 };
  const [minutes, status] = await deployment.run();
  expect(status).toBe('SUCCEEDED');
  expect(minutes).toBeLessThan(60);
});

test.each<[string, Partial<EcsDeployment>, RegExp]>([
  ['half of whose answers are errors', { candidate: { requests: 50, errors: 25 } }, /FAILED: .*errors: \d+ of/],
  ['that does not listen', { candidate: { requests: 50, unreachable: 60 } }, /FAILED: .*connections that failed/],
  ['that is slow', { candidate: { requests: 500, errors: 5, slow: 150 }, production: { requests: 9_500, errors: 95, slow: 95 } }, /FAILED: .*answers slower than 0\.5 s/],
])('a candidate %s is rolled back at once, behind whichever target group it is', async (_, world, sentence) => {
  for (const candidateBehind of [deployment.candidateBehind, BLUE]) {
    deployment = Object.assign(new EcsDeployment(), world, { candidateBehind });
    const [minutes, status] = await deployment.run();
    expect([minutes, status]).toEqual([expect.any(Number), 'FAILED']);
    expect(minutes).toBeLessThanOrEqual(10);
    expect(deployment.sentences.at(-1)).toMatch(sentence);
  }
});

test('silence is never health: without requests, or without counts, the end is a rollback whatever may be uncertain', async () => {
  deployment.plan = { ...HOOK_PLAN, inconclusive: 'advance' };
  deployment.candidate = { requests: 0 };
  expect(await deployment.run()).toEqual([60, 'FAILED']);
  expect(deployment.sentences.at(-1)).toBe('FAILED: not certain after 3600 s: the candidate had 0 requests of at least 50');
  deployment = Object.assign(new EcsDeployment(), { plan: deployment.plan, candidate: { requests: 0 }, production: { requests: 0 } });
  expect(await deployment.run()).toEqual([60, 'FAILED']);
  deployment = new EcsDeployment();
  deployment.faults.set('cloudWatch', new Error('Rate exceeded'));
  expect(await deployment.run()).toEqual([60, 'FAILED']);
  expect(deployment.sentences.at(-1)).toContain('Rate exceeded');
});

test('a candidate of which only certainty lacks is rolled back, or goes on where that was asked for', async () => {
  const uncertain = { candidate: { requests: 10 }, production: { requests: 190, errors: 1 } };
  Object.assign(deployment, uncertain);
  expect(await deployment.run()).toEqual([60, 'FAILED']);
  deployment = Object.assign(new EcsDeployment(), uncertain, { plan: { ...HOOK_PLAN, inconclusive: 'advance' } });
  expect(await deployment.run()).toEqual([60, 'SUCCEEDED']);
  expect(deployment.sentences.at(-1)).toMatch(/^SUCCEEDED: not certain after 3600 s, and goes on: /);
});

test('what fails for some minutes is waited for', async () => {
  deployment.candidate = { requests: 500, errors: 4, slow: 4 };
  deployment.production = { requests: 9_500, errors: 95, slow: 95 };
  const [, status] = await deployment.run((minute) => {
    deployment.faults.clear();
    if (minute < 5) {
      deployment.faults.set(minute % 2 === 0 ? 'ecs' : 'cloudWatch', new Error('timeout'));
    }
  });
  expect(status).toBe('SUCCEEDED');
  expect(deployment.sentences.slice(0, 5)).toEqual(Array(5).fill('IN_PROGRESS: Error: timeout'));
});

test('asked twice, at once or again, it answers the same', async () => {
  deployment.candidate = { requests: 50, errors: 25 };
  deployment.now += 10 * 60_000;
  const [first, second] = await Promise.all([deployment.ask(), deployment.ask()]);
  expect(second).toEqual(first);
  expect(await deployment.ask(first)).toEqual(first);
});

test('what the service gives its hook is given back, with the time of the first call', async () => {
  deployment.event = { ...deployment.event, hookDetails: { team: 'fraud' } };
  deployment.faults.set('ecs', new Error('timeout'));
  const first = await deployment.ask();
  expect(first).toEqual({ hookStatus: 'IN_PROGRESS', callBackDelay: 60, hookDetails: { team: 'fraud', modelRolloutSince: deployment.now } });
  deployment.now += 60_000;
  expect(await deployment.ask(first)).toEqual(first);
});

test.each<[string, Partial<EcsDeployment['described']>, RegExp]>([
  ['before the first step', { targetServiceRevision: { arn: 'new', requestedProductionTrafficWeight: 0 } }, /none of production's traffic yet/],
  ['a rollback', { status: 'ROLLBACK_IN_PROGRESS' }, /nothing stands in the way/],
  ['a switch of all traffic at once', { deploymentConfiguration: { strategy: 'BLUE_GREEN' } }, /no step in which both revisions have traffic/],
])('%s has nothing to compare, and goes on', async (_, described, sentence) => {
  deployment.described = { ...deployment.described, ...described };
  expect(await deployment.ask()).toEqual({ hookStatus: 'SUCCEEDED' });
  expect(deployment.sentences.at(-1)).toMatch(sentence);
});

test.each<[string, Partial<EcsDeployment>, RegExp]>([
  ['two revisions to compare with', { described: { ...new EcsDeployment().described, sourceServiceRevisions: [{ arn: 'a' }, { arn: 'b' }] } }, /but the deployment has 2/],
  ['a share that nobody tells', { described: { ...new EcsDeployment().described, targetServiceRevision: { arn: 'new' } } }, /does not say which share/],
  ['a deployment that is not there', { described: {} }, /does not say which share/],
  ['other target groups', { plan: { ...HOOK_PLAN, targetGroups: [] } }, /not behind the two target groups/],
])('%s is no health: it waits, and then rolls back', async (_, world, sentence) => {
  Object.assign(deployment, world);
  expect(await deployment.run()).toEqual([60, 'FAILED']);
  expect(deployment.sentences.at(-1)).toMatch(sentence);
});

test('at another stage it is no judge, and says so', async () => {
  deployment.event = { ...deployment.event, lifecycleStage: 'POST_SCALE_UP' };
  expect(await deployment.ask()).toEqual({ hookStatus: 'FAILED' });
  expect(deployment.sentences.at(-1)).toMatch(/before steps of production's traffic .* not at POST_SCALE_UP/);
});

test('in a linear deployment all steps share the promise, and each is judged by its own minutes', async () => {
  deployment.described = { ...deployment.described, deploymentConfiguration: { strategy: 'LINEAR', linearConfiguration: { stepPercent: 20, stepBakeTimeInMinutes: 10 } } };
  const { arn } = deployment.described.targetServiceRevision!;
  deployment.event = { ...deployment.event, executionDetails: { productionTrafficWeights: { [arn!]: 20 } } };
  deployment.candidate = { requests: 50, errors: 25 };
  const [, status] = await deployment.run();
  expect(status).toBe('FAILED');
  const once = new EcsDeployment();
  once.candidate = deployment.candidate;
  await once.run();
  // A quarter of the chance takes more evidence: never fewer calls.
  expect(deployment.calls).toBeGreaterThanOrEqual(once.calls);
});
