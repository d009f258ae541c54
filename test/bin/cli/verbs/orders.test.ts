import type { OrderResult } from '../../../../lib/core/rollout/orders';
import { CALLER, type Reply, runBundle, runCli, type World } from '../../../fixtures/fake-aws';
import { resources, shop } from '../../../fixtures/records';

const done = (message: string): Reply => ({ body: JSON.stringify({ ok: true, code: 'DONE', message } satisfies OrderResult) });
const refused = (code: OrderResult['code'], message = 'no'): Reply => ({ body: JSON.stringify({ ok: false, code, message } satisfies OrderResult) });

/** A stack whose functions answer, and what they were told. */
function orders(
  answer: Reply | ((event: { [name: string]: unknown }) => Reply),
  overrides: World = {},
): { world: World; told: { [name: string]: unknown }[] } {
  const told: { [name: string]: unknown }[] = [];
  const take =
    (functionName: string) =>
    (event: { [name: string]: unknown }): Reply => {
      told.push({ functionName, ...event });
      return typeof answer === 'function' ? answer(event) : answer;
    };
  return { told, world: shop({ functions: { 'abort-fn': take('abort-fn'), 'operate-fn': take('operate-fn') }, ...overrides }) };
}

test.each<[string, string[], object]>([
  ['abort', [], { functionName: 'abort-fn' }],
  ['pause', ['--reason', 'lunch'], { functionName: 'operate-fn', reason: 'lunch' }],
  ['resume', ['live'], { functionName: 'operate-fn' }],
  ['approve', [], { functionName: 'operate-fn' }],
  ['approve', ['--stage', '3'], { functionName: 'operate-fn', stage: 2 }],
  ['promote', ['fraud/live'], { functionName: 'operate-fn' }],
  ['retry', ['--version', 'badbad'], { functionName: 'operate-fn', version: 'badbad' }],
])('%s %j', async (verb, options, told) => {
  const aws = orders(done(`${verb}: it is so`));
  const { code, stdout, stderr, calls } = await runBundle([verb, ...options, '--stack', 'Shop'], aws.world);
  expect([code, stdout, stderr]).toEqual([0, `${verb}: it is so\n`, '']);
  expect(aws.told).toEqual([{ verb, alias: 'fraud/live', by: CALLER, ...told }]);
  expect(calls.map(({ action }) => action)).toEqual(['cloudformation:ListStackResources', 'sts:GetCallerIdentity', 'lambda:InvokeFunction']);
});

test('--json is one document', async () => {
  const { world } = orders(done('aborted'));
  const { code, json } = await runCli(['abort', '--stack', 'Shop', '--json', '--reason', 'bad'], world);
  expect(json()).toEqual({ schema: 1, ok: true, command: 'abort', stack: 'Shop', region: 'eu-west-1', alias: 'fraud/live', code: 'DONE', message: 'aborted' });
  expect(code).toBe(0);
});

test('an order that was carried out already is a success', async () => {
  const { world } = orders({ body: JSON.stringify({ ok: true, code: 'NOTHING_TO_DO', message: 'already paused' }) });
  expect(await runCli(['pause', '--stack', 'Shop'], world)).toMatchObject({ code: 0, stdout: 'already paused\n' });
});

test('who gives the order may be said, and is the user of the machine where STS does not tell', async () => {
  const said = orders(done('ok'));
  const { calls } = await runCli(['pause', '--stack', 'Shop', '--by', 'pipeline 7'], said.world);
  expect(said.told).toMatchObject([{ by: 'pipeline 7' }]);
  expect(calls.map(({ action }) => action)).not.toContain('sts:GetCallerIdentity');
  const silent = orders(done('ok'), { fail: (action) => (action.startsWith('sts:') ? { status: 403, type: 'AccessDenied', message: 'no' } : undefined) });
  await runCli(['abort', '--stack', 'Shop'], silent.world);
  expect(silent.told).toMatchObject([{ by: expect.stringMatching(/^.+@.+$/) }]);
});

test('an empty reason or name does not keep an order from being given', async () => {
  const { world, told } = orders(done('ok'));
  expect((await runCli(['abort', '--stack', 'Shop', '--reason', '', '--by', ''], world)).code).toBe(0);
  expect(told).toEqual([{ functionName: 'abort-fn', verb: 'abort', alias: 'fraud/live', by: CALLER }]);
});

test('an answer cannot control a terminal', async () => {
  const { world } = orders(done('a\u001b[2Jb\nc\u009bd'));
  expect((await runCli(['pause', '--stack', 'Shop'], world)).stdout).toBe('ab c d\n');
  expect((await runCli(['pause', '--stack', 'Shop', '--json'], world)).stdout).toContain('a\\u001b[2Jb\\nc\\u009bd');
});

test.each<[OrderResult['code'], number]>([['MALFORMED_ORDER', 2], ['ALIAS_NOT_FOUND', 3], ['NO_ROLLOUT', 3], ['NOT_REJECTED', 3], ['CONFLICT', 5], ['FAILED', 5]])(
  'fails with exit code for an order refused with %s', async (refusal, exit) => {
    const { world } = orders(refused(refusal, 'because of this'));
    const text = await runCli(['promote', '--stack', 'Shop'], world);
    expect(text).toMatchObject({ code: exit, stdout: '', stderr: 'error: because of this\n' });
    const { code, json } = await runCli(['promote', '--stack', 'Shop', '--json'], world);
    expect([code, json()]).toEqual([exit, { schema: 1, ok: false, command: 'promote', error: { code: refusal, message: 'because of this' } }]);
  });

test.each<[string, Reply, string]>([
  ['crashes', { functionError: true, body: '{"errorMessage":"boom\\nat line 1","errorType":"E"}' }, 'ORDER_FAILED'],
  ['answers nothing', { body: '' }, 'ANSWER_UNREADABLE'],
  ['answers something else', { body: '{"ok":"yes"}' }, 'ANSWER_UNREADABLE'],
])('fails with a sentence when the function %s', async (_, reply, code) => {
  const run = await runCli(['abort', '--stack', 'Shop', '--json'], orders(reply).world);
  expect(run.code).toBe(5);
  expect(run.json()).toMatchObject({ error: { code, message: expect.stringContaining('abort-fn') as unknown } });
  expect(run.stdout).not.toContain('at line');
});

test('fails where the stack has no rollouts', async () => {
  const { code, stderr } = await runCli(['abort', '--stack', 'Shop'], shop({ stacks: { Shop: resources(['fraud/live'], { rollouts: false }) } }));
  expect([code, stderr]).toEqual([3, 'error: stack Shop has no rollouts: no CanaryRollout or BlueGreenRollout is attached to an endpoint of it\n']);
});

test('fails without a permission, and names the managed policy that has it', async () => {
  const fail: World['fail'] = (action) => (action === 'lambda:InvokeFunction' ? { status: 403, type: 'AccessDeniedException', message: 'User: x is not authorized to perform: lambda:InvokeFunction' } : undefined);
  const named = await runCli(['abort', '--stack', 'Shop', '--json'], orders(done('ok'), { fail, stacks: { Shop: resources(['fraud/live'], { policies: true }) } }).world);
  expect(named.code).toBe(4);
  expect(named.json()).toMatchObject({ error: { code: 'NO_PERMISSION', message: expect.stringContaining('the rollout\'s managed policy abortPolicy (arn:aws:iam::1:policy/abort). AWS said: User: x') as unknown } });
  const unnamed = await runCli(['promote', '--stack', 'Shop'], orders(done('ok'), { fail }).world);
  expect([unnamed.code, unnamed.stderr]).toEqual([4, expect.stringContaining('lambda:InvokeFunction is not allowed in eu-west-1; the permission is in the rollout\'s managed policy operatePolicy. ')]);
});

test.each<[string, string]>([['Fraud/live', 'Shop-Fraud-8E202049/live'], ['Shop-Churn/live', 'Shop-Churn-1F202049/live'], ['Shop-Churn-1F202049/live', 'Shop-Churn-1F202049/live']])(
  '%s means the alias of a generated name', async (given, alias) => {
    const { world, told } = orders(done('ok'), { stacks: { Shop: resources(['Shop-Fraud-8E202049/live', 'Shop-Churn-1F202049/live']) } });
    expect((await runCli(['abort', given, '--stack', 'Shop'], world)).code).toBe(0);
    expect(told).toMatchObject([{ alias }]);
  });

test.each([['Shop/live', 2], ['Frau/live', 3], ['/live', 3], ['Fraud/beta', 3]])('fails where %s may mean several, or none', async (given, exit) => {
  const { world, told } = orders(done('ok'), { stacks: { Shop: resources(['Shop-Fraud-8E202049/live', 'Shop-Churn-1F202049/live']) } });
  expect((await runCli(['abort', given, '--stack', 'Shop'], world)).code).toBe(exit);
  expect(told).toEqual([]);
});

test('fails when it is not clear which alias is meant', async () => {
  const world = shop({ stacks: { Shop: resources(['fraud/live', 'fraud/beta', 'churn/live']) } });
  const exits = await Promise.all([['abort'], ['abort', 'live'], ['abort', 'gamma']].map((args) => runCli([...args, '--stack', 'Shop'], world)));
  expect(exits.map(({ code, stderr }) => [code, stderr])).toEqual([
    [2, 'error: stack Shop has several aliases; name one of churn/live, fraud/beta, fraud/live\n'],
    [2, 'error: live may be any of churn/live, fraud/live\n'],
    [3, 'error: stack Shop has no alias gamma; there are churn/live, fraud/beta, fraud/live\n'],
  ]);
  const { world: clear, told } = orders(done('ok'), { stacks: { Shop: resources(['fraud/live', 'fraud/beta', 'churn/live']) } });
  await runCli(['abort', 'beta', '--stack', 'Shop'], clear);
  expect(told).toMatchObject([{ alias: 'fraud/beta' }]);
});
