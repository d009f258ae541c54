import type { RolloutPlan } from '../../../lib/core/rollout/plan';
import { plan } from '../../fixtures/plan';
import { ALIAS, healthy, World } from '../../fixtures/world';

/** Every situation in which CloudFormation calls the gate of an alias with a rollout. */

const triggered = { ...healthy, guardrails: [{ name: 'errors', action: 'rollback' as const, status: 'triggered' as const, detail: 'alarm errors is in ALARM: 9 > 5' }] };

/** An alias on v1, and a deployment of v2 that has begun its rollout and given the candidate its first share. */
async function underway(options: Parameters<World['deploy']>[1] = {}): Promise<World> {
  const world = new World();
  await world.deploy('v1', { type: 'Create', plan: plan() });
  expect(await world.deploy('v2', { plan: plan(), request: 'change', ...options })).toEqual({ answer: 'later' });
  await world.task('prepare');
  await world.task('shift');
  expect(await world.shares()).toEqual({ v1: 95, v2: 5 });
  return world;
}

async function promoted(world: World): Promise<void> {
  await world.order('promote');
  expect((await world.task('judge')).verdict).toBe('promote');
  expect((await world.task('promote')).verdict).toBe('drain');
  await world.task('report');
}

async function rolledBack(world: World): Promise<void> {
  world.evidence = () => triggered;
  expect((await world.task('judge')).verdict).toBe('roll back');
  expect((await world.task('rollBack')).verdict).toBe('drain');
  await world.task('report');
}

test('first create: the model is there at once, and no rollout', async () => {
  const world = new World();
  expect(await world.deploy('v1', { type: 'Create', plan: plan() })).toEqual({ answer: 'now', signal: undefined });
  expect(await world.shares()).toEqual({ v1: 100 });
  expect(world.started).toEqual([]);
});

test('update without a change of the model: no rollout', async () => {
  const world = new World();
  await world.deploy('v1', { type: 'Create', plan: plan() });
  expect(await world.deploy('v1', { plan: plan() })).toMatchObject({ answer: 'now' });
  expect(world.started).toEqual([]);
});

test('a changed plan with the same model: no rollout', async () => {
  const world = new World();
  await world.deploy('v1', { type: 'Create', plan: plan() });
  expect(await world.deploy('v1', { plan: plan({ minimumRequests: 1 }) })).toMatchObject({ answer: 'now' });
  expect(world.started).toEqual([]);
});

test('a changed model: the controller answers when the candidate is promoted, and production does not move before', async () => {
  const world = await underway();
  expect(world.answers).toEqual([]);
  await promoted(world);
  expect(await world.shares()).toEqual({ v2: 100 });
  expect((await world.route())?.rollout).toBeUndefined();
  expect(world.answers).toEqual([{ callback: expect.objectContaining({ kind: 'response', requestId: 'change' }), outcome: expect.objectContaining({ result: 'promoted' }) }]);
});

test('a changed model without a plan: at once, and CloudFormation is held until the old version has drained', async () => {
  const world = new World();
  await world.deploy('v1', { type: 'Create' });
  const before = world.now;
  await world.deploy('v2');
  expect(await world.shares()).toEqual({ v2: 100 });
  expect(world.now - before).toBe(34_000);
});

test('a failed rollout: the reason is the answer, and the rollback of the stack changes nothing', async () => {
  const world = await underway();
  await rolledBack(world);
  expect(await world.shares()).toEqual({ v1: 100 });
  expect(world.answers[0].outcome).toMatchObject({ result: 'rolled back', sentence: 'rolled back: guardrail errors: alarm errors is in ALARM: 9 > 5' });
  world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
  expect(await world.deploy('v1', { plan: plan() })).toMatchObject({ answer: 'now' });
  expect(await world.shares()).toEqual({ v1: 100 });
  expect(world.started).toHaveLength(1);
});

test.each([['UPDATE_ROLLBACK_IN_PROGRESS'], ['UNKNOWN']])('an update cancelled, or failed elsewhere, mid-rollout (%s): the route returns at once, and the controller ends', async (status) => {
  const world = await underway();
  world.stackStatus = status;
  const before = world.now;
  await world.deploy('v1', { plan: plan() });
  expect(await world.shares()).toEqual({ v1: 100 });
  // Requests that were on their way to the candidate have ended before CloudFormation deletes it.
  expect(world.now - before).toBe(34_000);
  expect((await world.task('judge')).verdict).toBe('superseded');
  expect((await world.task('report')).verdict).toBe('superseded');
  expect(await world.shares()).toEqual({ v1: 100 });
});

test('a stack that fails elsewhere after the promotion: the old model returns at once, without steps', async () => {
  const world = await underway();
  await promoted(world);
  world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
  expect(await world.deploy('v1', { plan: plan() })).toMatchObject({ answer: 'now' });
  expect(await world.shares()).toEqual({ v1: 100 });
  expect(world.started).toHaveLength(1);
});

test('a model whose stack failed elsewhere is not held guilty of that: the next deployment rolls it out again', async () => {
  const world = await underway();
  await promoted(world);
  world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
  await world.deploy('v1', { plan: plan() });
  world.stackStatus = 'UPDATE_IN_PROGRESS';
  expect(await world.deploy('v2', { plan: plan() })).toEqual({ answer: 'later' });
  expect(world.started).toHaveLength(2);
});

test('the rollback of a rollback: whatever template is restored is obeyed at once', async () => {
  const world = await underway();
  world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
  await world.deploy('v1', { plan: plan() });
  await world.deploy('v0', { plan: plan() });
  expect(await world.shares()).toEqual({ v0: 100 });
  await world.deploy('v1', { plan: plan() });
  expect(await world.shares()).toEqual({ v1: 100 });
});

test('delete during a rollout: the alias is gone, and the controller ends without touching anything', async () => {
  const world = await underway();
  await world.delete(plan());
  expect(await world.route()).toBeUndefined();
  expect((await world.task('judge')).verdict).toBe('superseded');
  expect((await world.task('rollBack')).verdict).toBe('superseded');
  expect((await world.task('report')).verdict).toBe('superseded');
  expect(await world.route()).toBeUndefined();
});

test('an alias that is deleted during a rollout and created again: the old controller touches nothing of what is there now', async () => {
  const world = await underway();
  const old = world.started.at(-1)!.name;
  await world.delete(plan());
  await world.deploy('v1', { type: 'Create', plan: plan() });
  await world.deploy('v3', { plan: plan() });
  await world.task('prepare');
  await world.task('shift');
  for (const task of ['judge', 'shift', 'rollBack', 'promote', 'report'] as const) {
    expect((await world.task(task, { rolloutId: old })).verdict).toBe('superseded');
    expect(await world.shares()).toEqual({ v1: 95, v3: 5 });
  }
  expect(world.answers).toEqual([]);
});

test('the same request again, as Lambda repeats it, begins no second rollout and takes no share away', async () => {
  const world = await underway();
  expect(await world.deploy('v2', { plan: plan(), request: 'change' })).toEqual({ answer: 'later' });
  expect(world.started).toHaveLength(1);
  expect(await world.shares()).toEqual({ v1: 95, v2: 5 });
});

test('a request whose function died half-way is completed by the next try', async () => {
  const world = new World();
  await world.deploy('v1', { type: 'Create', plan: plan() });
  let calls = 0;
  world.db.fault = (call, table) => {
    if (call === 'PutItemCommand' && table === 'routes' && calls++ === 0) {
      throw new Error('the function died');
    }
  };
  await expect(world.deploy('v2', { plan: plan(), request: 'change' })).rejects.toThrow('died');
  expect(world.started).toEqual([]);
  expect(await world.shares()).toEqual({ v1: 100 });
  await world.deploy('v2', { plan: plan(), request: 'change' });
  expect(world.started).toHaveLength(1);
});

test('a rejected version is refused with the old reason, until somebody asks for another try', async () => {
  const world = await underway();
  await rolledBack(world);
  await expect(world.deploy('v2', { plan: plan() })).rejects.toThrow(/was rejected on .* \(rolled back: guardrail errors: .*"model-rollout retry" allows another try/);
  expect(await world.deploy('v3', { plan: plan() })).toEqual({ answer: 'later' });
  expect(await world.order('retry', { version: 'v2' })).toMatchObject({ code: 'MALFORMED_ORDER' });
  expect(await world.order('retry')).toMatchObject({ ok: true, code: 'DONE' });
  expect(await world.deploy('v2', { plan: plan() })).toEqual({ answer: 'later' });
});

test('a version that was in production within the rollback window returns without steps, a later one does not', async () => {
  const windowed = plan({ rollbackWindowSeconds: 3_600 });
  const world = new World();
  await world.deploy('v1', { type: 'Create', plan: windowed });
  await world.deploy('v2', { plan: windowed });
  await world.task('prepare');
  await promoted(world);
  world.now += 3_500_000;
  expect(await world.deploy('v1', { plan: windowed })).toMatchObject({ answer: 'now' });
  expect(await world.shares()).toEqual({ v1: 100 });
  world.now += 4_000_000;
  expect(await world.deploy('v2', { plan: windowed })).toEqual({ answer: 'later' });
});

test('a wait condition: CloudFormation goes on at once, and the controller signals; without a rollout the gate does', async () => {
  const waiting = plan({ answer: 'wait-condition' });
  const world = new World();
  await world.deploy('v1', { type: 'Create', plan: waiting });
  expect(await world.deploy('v2', { plan: waiting })).toEqual({ answer: 'now' });
  expect(world.started).toHaveLength(1);
});

describe('an explicit candidate', () => {
  const detached = plan({ answer: 'detached' });

  async function experiment(): Promise<World> {
    const world = new World();
    await world.deploy('v1', { type: 'Create', plan: detached, candidate: 'v2' });
    await world.task('prepare');
    await world.task('shift');
    return world;
  }

  test('is rolled out beside the deployment, from its first on', async () => {
    const world = await experiment();
    expect(await world.shares()).toEqual({ v1: 95, v2: 5 });
    await promoted(world);
    expect(await world.shares()).toEqual({ v2: 100 });
    expect(world.answers).toEqual([]);
  });

  test('is replaced by the next one, whose rollout begins at the first step; the one before is not rejected', async () => {
    const world = await experiment();
    const old = world.started.at(-1)!.name;
    await world.deploy('v1', { plan: detached, candidate: 'v3', formerCandidate: 'v2' });
    expect(await world.shares()).toEqual({ v1: 100 });
    expect((await world.task('judge', { rolloutId: old })).verdict).toBe('superseded');
    await world.task('prepare');
    await world.task('shift');
    expect(await world.shares()).toEqual({ v1: 95, v3: 5 });
    expect(await world.rollouts.rejection(ALIAS, 'v2')).toBeUndefined();
  });

  test('goes on through an update that changes neither it nor the plan', async () => {
    const world = await experiment();
    await world.deploy('v1', { plan: detached, candidate: 'v2', formerCandidate: 'v2' });
    expect(await world.shares()).toEqual({ v1: 95, v2: 5 });
    expect(world.started).toHaveLength(1);
    expect((await world.task('judge')).verdict).toBe('hold');
  });

  test('goes on under a changed plan', async () => {
    const world = await experiment();
    await world.deploy('v1', { plan: { ...detached, minimumRequests: 7, topicArn: 'topic' }, candidate: 'v2', formerCandidate: 'v2' });
    expect(world.started).toHaveLength(1);
    expect(await world.shares()).toEqual({ v1: 95, v2: 5 });
    expect((await world.state())?.plan).toMatchObject({ minimumRequests: 7, topicArn: 'topic' });
    expect((await world.task('judge')).verdict).toBe('hold');
  });

  test.each<[string, Partial<RolloutPlan>]>([
    ['steps that are over', { stages: [{ percent: 7, bakeSeconds: 300, approval: false }, ...detached.stages.slice(1)] }],
    ['guardrails by evidence', { guardrails: [...detached.guardrails, { name: 'rate', action: 'rollback', kind: 'errors' }] }],
    ['resolution of the counts', { metrics: { periodSeconds: 10, delaySeconds: 20 } }],
    ['kind', { kind: 'blue-green' }],
  ])('is neither ended nor begun again by a change of %s: the deployment says that it cannot be taken over', async (what, change) => {
    const world = await experiment();
    await expect(world.deploy('v1', { plan: { ...detached, ...change }, candidate: 'v2', formerCandidate: 'v2' })).rejects.toThrow(
      new RegExp(`a rollout is under way on fraud/live, and cannot go on with what has changed: ${what}; undo the change until its end, or end it`),
    );
    expect(world.started).toHaveLength(1);
    expect(await world.shares()).toEqual({ v1: 95, v2: 5 });
  });

  test('takes over steps that are still to come', async () => {
    const world = await experiment();
    const stages = [detached.stages[0], { percent: 20, bakeSeconds: 60, approval: false }, ...detached.stages.slice(1)];
    await world.deploy('v1', { plan: { ...detached, stages }, candidate: 'v2', formerCandidate: 'v2' });
    await world.pass(600);
    expect((await world.task('judge')).verdict).toBe('advance');
    await world.task('shift');
    expect(await world.shares()).toEqual({ v1: 80, v2: 20 });
  });

  test('is not begun again by a version of this package that puts more into a plan', async () => {
    const world = new World();
    const judged: RolloutPlan = { ...detached, guardrails: [{ name: 'rate', action: 'rollback', kind: 'errors' }], judgement: { alpha: 0.01, uncertified: { afterSeconds: 600, policy: 'pause' } } };
    await world.deploy('v1', { type: 'Create', plan: judged, candidate: 'v2' });
    await world.task('prepare');
    await world.task('shift');
    const upgraded = {
      ...judged,
      anything: 1,
      guardrails: [{ ...judged.guardrails[0], more: 1 }],
      judgement: { ...judged.judgement, more: 1 },
    } as unknown as RolloutPlan;
    await world.deploy('v1', { plan: upgraded, candidate: 'v2', formerCandidate: 'v2' });
    expect(world.started).toHaveLength(1);
    expect(await world.shares()).toEqual({ v1: 95, v2: 5 });
    // It is judged by what it began with.
    expect((await world.state())?.plan).toMatchObject({ guardrails: judged.guardrails, judgement: judged.judgement });
  });

  test('goes on when an update fails elsewhere and the restored template still declares it, with the plan that it had', async () => {
    const world = await experiment();
    await world.deploy('v1', { plan: { ...detached, minimumRequests: 7 }, candidate: 'v2', formerCandidate: 'v2' });
    world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    await world.deploy('v1', { plan: detached, candidate: 'v2', formerCandidate: 'v2' });
    expect(await world.shares()).toEqual({ v1: 95, v2: 5 });
    expect((await world.state())?.plan.minimumRequests).toBe(50);
    expect(world.started).toHaveLength(1);
    expect((await world.task('judge')).verdict).toBe('hold');
  });

  describe('while production is repaired', () => {
    const keep: RolloutPlan = { ...detached, productionChange: 'keep' };

    test('keeps its share and is compared with the new production from then on, if the plan says so', async () => {
      const world = await experiment();
      await world.pass(600);
      await world.task('judge');
      await world.task('shift');
      expect(await world.shares()).toEqual({ v1: 50, v2: 50 });
      const before = world.now;
      await world.deploy('v3', { plan: keep, candidate: 'v2', formerCandidate: 'v2' });
      expect(await world.shares()).toEqual({ v3: 50, v2: 50 });
      // Requests on their way to the faulty version have ended before it is deleted.
      expect(world.now - before).toBe(34_000);
      expect(world.started.map(({ input }) => input.verdict)).toEqual(['start', 'continue']);
      expect((await world.task('judge', { rolloutId: world.started[0].name })).verdict).toBe('superseded');
      expect(await world.state()).toMatchObject({ stage: 1, prepared: true, production: { version: 'v3' }, startedAt: before, shares: [{ stage: 1, from: before }] });
      expect((await world.task('judge')).verdict).toBe('hold');
      expect(await world.shares()).toEqual({ v3: 50, v2: 50 });
      await promoted(world);
      expect(await world.shares()).toEqual({ v2: 100 });
    });

    test('goes back with the template when that deployment fails, and keeps its share', async () => {
      const world = await experiment();
      await world.deploy('v3', { plan: keep, candidate: 'v2', formerCandidate: 'v2' });
      world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
      await world.deploy('v1', { plan: detached, candidate: 'v2', formerCandidate: 'v2' });
      expect(await world.shares()).toEqual({ v1: 95, v2: 5 });
      expect((await world.task('judge')).verdict).toBe('hold');
    });

    test('ends, if the plan says so, and is not taken up again by the next deployment', async () => {
      const world = await experiment();
      const end: RolloutPlan = { ...detached, productionChange: 'end' };
      await world.deploy('v3', { plan: end, candidate: 'v2', formerCandidate: 'v2' });
      expect(await world.shares()).toEqual({ v3: 100 });
      expect((await world.task('judge')).verdict).toBe('superseded');
      await world.deploy('v3', { plan: { ...end, minimumRequests: 1 }, candidate: 'v2', formerCandidate: 'v2' });
      expect(await world.shares()).toEqual({ v3: 100 });
      expect(world.started).toHaveLength(1);
      // Declared anew it is a new attempt.
      await world.deploy('v3', { plan: end, formerCandidate: 'v2' });
      await world.deploy('v3', { plan: end, candidate: 'v2' });
      expect(world.started).toHaveLength(2);
    });

    test('a version that was rejected is no repair', async () => {
      const world = await experiment();
      await rolledBack(world);
      await expect(world.deploy('v2', { plan: { ...detached, productionChange: 'keep' } })).rejects.toThrow(/was rejected/);
    });
  });

  test('stays in production once promoted, whatever else is deployed, and becomes the model in code without a rollout', async () => {
    const world = await experiment();
    await promoted(world);
    await world.deploy('v1', { plan: detached, candidate: 'v2', formerCandidate: 'v2' });
    expect(await world.shares()).toEqual({ v2: 100 });
    await world.deploy('v2', { plan: detached });
    expect(await world.shares()).toEqual({ v2: 100 });
    expect(world.started).toHaveLength(1);
  });

  test('once rejected does not fail deployments that leave it where it is, but is refused when declared anew', async () => {
    const world = await experiment();
    await rolledBack(world);
    expect(await world.deploy('v1', { plan: detached, candidate: 'v2', formerCandidate: 'v2' })).toMatchObject({ answer: 'now' });
    await expect(world.deploy('v1', { plan: detached, candidate: 'v2' })).rejects.toThrow(/was rejected/);
  });

  test('is rolled back when it leaves the template', async () => {
    const world = await experiment();
    await world.deploy('v1', { plan: detached, formerCandidate: 'v2' });
    expect(await world.shares()).toEqual({ v1: 100 });
    expect((await world.task('judge')).verdict).toBe('superseded');
  });

  test('fails for a change of the model itself', async () => {
    const world = await experiment();
    await expect(world.deploy('v3', { plan: detached })).rejects.toThrow(/declare the new model as the rollout's candidate/);
  });
});
