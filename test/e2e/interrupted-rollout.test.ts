import { CloudWatchClient, DescribeAlarmsCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { ListExecutionsCommand, ListStateMachinesCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { setTimeout as sleep } from 'node:timers/promises';
import { USUAL } from '../../lib/core/rehearsal/built-in';
import { rehearsedMoves } from './rehearsed';
import { models, noneFailed, RolloutStage } from './rollout-stage';

/** Rollouts that something else ends: an alarm, another resource, silence, the death of the controller. */

/** How long the candidate of a dead controller is given requests, and how long a router may not know better. */
const LEASE_SECONDS = 40;
const CACHE_SECONDS = 5;

let stage: RolloutStage;

beforeAll(async () => {
  stage = await RolloutStage.open();
  await stage.deploy({ artifact: 'v2' });
});

afterAll(() => stage?.close());

test('an alarm in the middle of a step puts production back before the controller looks, and its time is measured', async () => {
  const cloudWatch = new CloudWatchClient(stage.config);
  const { MetricAlarms: alarms = [] } = await cloudWatch.send(new DescribeAlarmsCommand({}));
  const checkout = alarms.find(({ AlarmName: name }) => name?.includes('Checkout'))!.AlarmName!;
  let alarmAt = 0;
  const trip = async (): Promise<void> => {
    await stage.reach(0);
    // The candidate alone answers at the preview address while the rollout lasts.
    expect(JSON.parse((await stage.ask('preview')).text)).toMatchObject({ model: 'v1' });
    expect(stage.commandLine('status', 'live', '--exit-code')).toMatchObject({ code: 6, json: { aliases: [{ rollout: { status: 'running' } }] } });
    await sleep(3_000);
    alarmAt = Date.now();
    await cloudWatch.send(new SetAlarmStateCommand({ AlarmName: checkout, StateValue: 'ALARM', StateReason: 'the shop sells nothing' }));
  };
  const [{ sent, result }] = await Promise.all([stage.load(stage.deploy({ artifact: 'v1', tag: 'alarm' })), trip()]);
  noneFailed(sent);
  expect(String((result as PromiseRejectedResult).reason)).toMatch(/rolled back: .*the shop sells nothing/);
  expect(await rehearsedMoves(stage.rollout, { falseAlarmAtMinute: 0.2 })).toEqual([await stage.moves()]);
  const candidate = sent.filter(({ text }) => (JSON.parse(text) as { model: string }).model === 'v1');
  expect(candidate.length).toBeGreaterThan(0);
  const last = candidate.at(-1)!;
  console.log(`from the alarm to the last request that the candidate got: ${((last.sentAt - alarmAt) / 1_000).toFixed(1)} s`);
  expect(sent.filter(({ sentAt }) => sentAt > last.sentAt).length).toBeGreaterThan(0);
  expect((await stage.ask('preview')).status).toBe(404);
  await cloudWatch.send(new SetAlarmStateCommand({ AlarmName: checkout, StateValue: 'OK', StateReason: 'it sells again' }));
});

test('a stack that fails elsewhere after a promotion returns to the old model at once, without steps', async () => {
  const promote = async (): Promise<void> => {
    await stage.reach(0);
    expect(stage.commandLine('promote', 'live', '--reason', 'a person is sure')).toMatchObject({ code: 0, json: { ok: true } });
  };
  const [{ sent, result }] = await Promise.all([stage.load(stage.deploy({ artifact: 'v1', tag: 'elsewhere', failsElsewhere: true })), promote()]);
  noneFailed(sent);
  expect(result.status).toBe('rejected');
  expect(await stage.moves()).toContainEqual('promote 100');
  expect(await stage.status()).toBe('UPDATE_ROLLBACK_COMPLETE');
  const { sent: after } = await stage.load(sleep(2_000));
  expect(Object.keys(models(after))).toEqual(['v2']);
});

test('without callers nothing advances, and the deadline ends the rollout', async () => {
  await expect(stage.deploy({ artifact: 'v1', tag: 'nobody', bakeSeconds: 5, deadlineSeconds: 90 })).rejects.toThrow(/deadline/);
  expect(await rehearsedMoves(stage.rollout, { traffic: { ...USUAL.traffic, requestsPerSecond: 0 } })).toEqual([await stage.moves()]);
  expect(await stage.versions()).toBe(1);
});

test('a controller that dies in the middle leaves users on production when the lease is over, with nobody alive', async () => {
  const machines = new SFNClient(stage.config);
  let killedAt = 0;
  const kill = async (): Promise<void> => {
    await stage.reach(0);
    const { stateMachines: [machine] = [] } = await machines.send(new ListStateMachinesCommand({}));
    const { executions = [] } = await machines.send(new ListExecutionsCommand({ stateMachineArn: machine.stateMachineArn, statusFilter: 'RUNNING' }));
    expect(executions).toHaveLength(1);
    await machines.send(new StopExecutionCommand({ executionArn: executions[0].executionArn }));
    killedAt = Date.now();
    // Lease and cache time, and then some that must be production's alone.
    await sleep((LEASE_SECONDS + CACHE_SECONDS + 10) * 1_000);
  };
  // Nobody answers CloudFormation any more, so nobody waits for it here either.
  const patience = new AbortController();
  const deployment = stage.deploy({ artifact: 'v1', tag: 'orphan', leaseSeconds: LEASE_SECONDS }, patience.signal).catch((error: unknown) => error);
  const { sent } = await stage.load(kill());
  noneFailed(sent);
  const candidate = sent.filter(({ text }) => (JSON.parse(text) as { model: string }).model === 'v1');
  expect(candidate.some(({ sentAt }) => sentAt > killedAt)).toBe(true);
  const seconds = (candidate.at(-1)!.sentAt - killedAt) / 1_000;
  console.log(`from the controller's death to the last request that the candidate got: ${seconds.toFixed(1)} s, with a lease of ${LEASE_SECONDS} s and a cache of ${CACHE_SECONDS} s`);
  expect(seconds).toBeLessThan(LEASE_SECONDS + CACHE_SECONDS);
  patience.abort();
  expect(await deployment).toMatchObject({ name: 'AbortError' });
  expect(await rehearsedMoves(stage.rollout, { controllerDiesAtMinute: 0.2 })).toEqual([await stage.moves()]);
});
