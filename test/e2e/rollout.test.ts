import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DescribeAlarmsCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { ListExecutionsCommand, ListStateMachinesCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { USUAL } from '../../rehearsal/scenario/built-in';
import { candidate, rehearsedMoves } from './rehearsed';
import { RolloutStage, type Sent } from './rollout-stage';

/** Rollouts as a user sees them: `cdk deploy` of another model, callers at the same time, real models, real HTTP. */

jest.setTimeout(1_200_000);

let stage: RolloutStage;

beforeAll(async () => {
  stage = await RolloutStage.open();
  await stage.deploy({ artifact: 'v1' });
});

afterAll(() => stage?.close());

const answers = (sent: readonly Sent[]): { [model: string]: number } => {
  const counts: { [model: string]: number } = {};
  for (const { status, text } of sent) {
    const model = status === 200 ? (JSON.parse(text) as { model: string }).model : `status ${status}`;
    counts[model] = (counts[model] ?? 0) + 1;
  }
  return counts;
};

/** What one may say of every rollout: nobody saw a failure, and nobody who asked later met a candidate that was rolled back. */
const noneFailed = (sent: readonly Sent[]): void => expect(sent.filter(({ status }) => status !== 200).map(({ text }) => text)).toEqual([]);

const stackStatus = async (): Promise<string> => {
  const { Stacks: [stack] = [] } = await new CloudFormationClient(stage.config).send(new DescribeStacksCommand({ StackName: 'Digits' }));
  return stack.StackStatus!;
};

const commandLine = (...args: string[]): { code: number | null; json: { [member: string]: never } } => {
  const { status, stdout } = spawnSync(process.execPath, [join(__dirname, '../../assets/cli/index.mjs'), ...args, '--stack', 'Digits', '--json'], { env: stage.emulator.env, encoding: 'utf8' });
  return { code: status, json: JSON.parse(stdout) as { [member: string]: never } };
};

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
  expect(commandLine('status', '--exit-code')).toMatchObject({ code: 0, json: { ok: true, aliases: [{ variants: [{ name: 'production', percent: 100 }], rollout: { status: 'promoted' } }] } });
});

test('a model that fails is rolled back, the deployment fails and says why, and no caller saw a failure', async () => {
  const { sent, result } = await stage.load(stage.deploy({ artifact: 'v1', defect: 'failing' }));
  noneFailed(sent);
  expect(result.status).toBe('rejected');
  expect(String((result as PromiseRejectedResult).reason)).toMatch(/rolled back: (?:guardrail CandidateFails: alarm \S+ is in ALARM|aborted by alarm \S*CandidateFails)/);
  expect(await rehearsedMoves(stage.rollout, candidate({ errorRate: 0.25 }))).toEqual([await stage.moves()]);
  expect(await stackStatus()).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(await stage.versions()).toBe(1);
  const { sent: after } = await stage.load(sleep(2_000));
  expect(Object.keys(answers(after))).toEqual(['v2']);
});

test('the same model again is refused at once, until somebody asks for another try', async () => {
  await expect(stage.deploy({ artifact: 'v1', defect: 'failing' })).rejects.toThrow(/was rejected on [\s\S]*another try/);
  expect(commandLine('history')).toMatchObject({ code: 0, json: { ok: true, rejected: [{ reason: expect.stringMatching(/^rolled back/) }] } });
  expect(commandLine('retry', '--reason', 'fixed its data')).toMatchObject({ code: 0, json: { ok: true, code: 'DONE' } });
});

test('a model that is slow is rolled back', async () => {
  const { sent, result } = await stage.load(stage.deploy({ artifact: 'v1', defect: 'slow' }));
  noneFailed(sent);
  expect(String((result as PromiseRejectedResult).reason)).toMatch(/rolled back: .*CandidateIsSlow/);
  expect(await rehearsedMoves(stage.rollout, candidate({ latency: { medianMs: 6_100, p99Ms: 6_500 } }))).toEqual([await stage.moves()]);
  expect(await stage.versions()).toBe(1);
});

test('an alarm in the middle of a step puts production back before the controller looks, and its time is measured', async () => {
  const cloudWatch = new CloudWatchClient(stage.config);
  const { MetricAlarms: alarms = [] } = await cloudWatch.send(new DescribeAlarmsCommand({}));
  const checkout = alarms.find(({ AlarmName: name }) => name?.includes('Checkout'))!.AlarmName!;
  let alarmAt = 0;
  const trip = async (): Promise<void> => {
    await stage.reach(0);
    // The candidate alone answers at the preview address while the rollout lasts.
    expect(JSON.parse((await stage.ask('preview')).text)).toMatchObject({ model: 'v1' });
    expect(commandLine('status', 'live', '--exit-code')).toMatchObject({ code: 6, json: { aliases: [{ rollout: { status: 'running' } }] } });
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
    expect(commandLine('promote', 'live', '--reason', 'a person is sure')).toMatchObject({ code: 0, json: { ok: true } });
  };
  const [{ sent, result }] = await Promise.all([stage.load(stage.deploy({ artifact: 'v1', tag: 'elsewhere', failsElsewhere: true })), promote()]);
  noneFailed(sent);
  expect(result.status).toBe('rejected');
  expect(await stage.moves()).toContainEqual('promote 100');
  expect(await stackStatus()).toBe('UPDATE_ROLLBACK_COMPLETE');
  const { sent: after } = await stage.load(sleep(2_000));
  expect(Object.keys(answers(after))).toEqual(['v2']);
});

test('blue/green: the new version answers at its preview address until somebody approves, then all requests go there at once', async () => {
  const look = async (): Promise<void> => {
    await stage.reach(-1);
    const preview = await stage.ask('live-preview');
    expect([preview.status, preview.variant]).toEqual([200, 'candidate']);
    expect((await stage.ask('live')).variant).toBe('production');
    expect(commandLine('status', 'live')).toMatchObject({ code: 0, json: { aliases: [{ rollout: { kind: 'blue-green', needsApproval: 1 } }] } });
    expect(commandLine('approve', 'live')).toMatchObject({ code: 0, json: { ok: true } });
  };
  // With an approval the deployment waits at a wait condition, up to twelve hours.
  const [{ sent, result }] = await Promise.all([stage.load(stage.deploy({ artifact: 'v2', tag: 'green', blueGreen: true })), look()]);
  expect(result).toEqual({ status: 'fulfilled', value: undefined });
  noneFailed(sent);
  expect(await stage.moves()).toEqual(['advance 100', 'promote 100']);
  expect(await rehearsedMoves(stage.rollout)).toEqual([await stage.moves()]);
  const switched = sent.find(({ variant }) => variant === 'candidate')!.sentAt;
  const promoted = (await stage.decisions()).at(-1)!.decision.at;
  // At once: for as long as the routers' caches live both serve, then only the new one. After the promotion it is what is called
  // production.
  const old = sent.filter(({ variant, sentAt }) => variant === 'production' && sentAt > switched && sentAt < promoted);
  expect(Math.max(0, ...old.map(({ sentAt }) => sentAt - switched))).toBeLessThan(5_500);
  expect((await stage.ask('live-preview')).status).toBe(404);
  expect(await stage.versions()).toBe(1);
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
    await sleep(35_000);
  };
  // Nobody answers CloudFormation any more, so nobody waits for it here either.
  const patience = new AbortController();
  const deployment = stage.deploy({ artifact: 'v1', tag: 'orphan' }, patience.signal).catch((error: unknown) => error);
  const { sent } = await stage.load(kill());
  noneFailed(sent);
  const candidate = sent.filter(({ text }) => (JSON.parse(text) as { model: string }).model === 'v1');
  expect(candidate.some(({ sentAt }) => sentAt > killedAt)).toBe(true);
  const seconds = (candidate.at(-1)!.sentAt - killedAt) / 1_000;
  console.log(`from the controller's death to the last request that the candidate got: ${seconds.toFixed(1)} s, with a lease of 20 s and a cache of 5 s`);
  expect(seconds).toBeLessThan(20 + 5);
  patience.abort();
  expect(await deployment).toMatchObject({ name: 'AbortError' });
  expect(await rehearsedMoves(stage.rollout, { controllerDiesAtMinute: 0.2 })).toEqual([await stage.moves()]);
});
