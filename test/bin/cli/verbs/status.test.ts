import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, NestedStack } from 'aws-cdk-lib/core';
import { run } from '../../../../bin/program';
import type { RolloutState } from '../../../../lib/core/rollout/state';
import { version } from '../../../../package.json';
import { route, variant } from '../../../fixtures/serving';
import { newEndpoint, newStack } from '../../../fixtures/stacks';
import { BUNDLE, cleanEnv, fakeAws, type Resource, runBundle, runCli, type World } from '../../../fixtures/fake-aws';
import { canaryRoute, decision, decisions, resources, shop, state, stored } from '../../../fixtures/records';

const STACK = ['--stack', 'Shop'];
const outcome = (result: 'promoted' | 'rolled back' | 'superseded'): Pick<RolloutState, 'outcome'> => ({ outcome: { result, sentence: `${result}: because`, at: Date.now(), reported: true } });

/** A stack in which the rollout's record is another one at every look, the last one for ever. */
function sequence(...states: Partial<RolloutState>[]): World {
  let look = 0;
  return shop({ rollouts: { 'fraud/live': { state: () => JSON.stringify(state(states[Math.min(look++, states.length - 1)], Date.now())) } } });
}

test('is built, may be executed, and knows its version', async () => {
  expect(statSync(BUNDLE).mode & 0o111).toBe(0o111);
  expect(await runBundle(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
});

test('help tells the exit codes', async () => {
  for (const args of [['--help'], ['help', 'status'], ['retry', '--help']]) {
    const { code, stdout } = await runCli(args);
    expect([code, stdout]).toEqual([0, expect.stringContaining('Exit codes:')]);
  }
});

test('shows the tree', async () => {
  const { code, stdout, stderr, calls } = await runBundle(['status', ...STACK], { ...shop(), pageSize: 2 });
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^Shop eu-west-1\n└─ fraud\n {3}└─ live revision 7\n/);
  expect(stdout).toContain('stage 2 of 3 at 25 %');
  expect(new Set(calls.map(({ action }) => action))).toEqual(new Set(['cloudformation:ListStackResources', 'dynamodb:GetItem']));
  expect(calls.map(({ input }) => input.TableName).filter(Boolean).sort()).toEqual(['rollouts', 'routes']);
});

test('--json is one document of the documented shape', async () => {
  const { code, json } = await runCli(['status', 'live', ...STACK, '--json'], shop());
  expect(code).toBe(0);
  expect(json()).toMatchObject({
    schema: 1, ok: true, command: 'status', stack: 'Shop', region: 'eu-west-1',
    aliases: [{
      alias: 'fraud/live', endpoint: 'fraud', name: 'live', revision: 7, warnings: [], problems: [],
      variants: [{ name: 'production', percent: 75 }, { name: 'candidate', percent: 25 }],
      rollout: { id: 'r-1', kind: 'canary', status: 'running', stage: { number: 2, of: 3, percent: 25, bakeSeconds: 600 }, waitsFor: 'baked for 3 min of 10 min', decision: { verdict: 'hold', number: 14 } },
    }],
  });
});

describe('endpoints of nested stacks', () => {
  const nested = (name: string, parent = 'Shop'): Resource => ({ logicalId: `Nested${name}`, physicalId: `arn:aws:cloudformation:eu-west-1:111111111111:stack/${parent}-${name}/0f2b`, type: 'AWS::CloudFormation::Stack' });
  const world: World = { ...shop(), stacks: { 'Shop': [nested('Models')], 'Shop-Models': [nested('Fraud', 'Shop-Models')], 'Shop-Models-Fraud': resources(['fraud/live']) } };

  test('are found by the name of the stack that they are nested in, at any depth', async () => {
    expect(await runCli(['status', ...STACK], world)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Shop-Models-Fraud eu-west-1\n└─ fraud\n/) });
  });

  test('are found without a name, where the app was synthesized', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nested-'));
    const app = new App({ outdir: join(folder, 'cdk.out') });
    newEndpoint(new NestedStack(newStack('Shop', app), 'Models'));
    app.synth();
    try {
      expect(await runCli(['status'], world, {}, folder)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Shop-Models-Fraud /) });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('of several have to be told apart, and none are none', async () => {
    const several: World = { ...shop(), stacks: { 'Shop': [nested('A'), nested('B')], 'Shop-A': resources(['fraud/live']), 'Shop-B': resources(['risk/live']) } };
    expect(await runCli(['status', ...STACK], several)).toMatchObject({ code: 2, stderr: expect.stringContaining('name one of Shop-A, Shop-B with --stack') });
    expect(await runCli(['status', ...STACK], { stacks: { 'Shop': [nested('A')], 'Shop-A': [] } })).toMatchObject({ code: 3, stderr: expect.stringContaining('has no model endpoint') });
  });
});

test('an endpoint without rollouts has a status too', async () => {
  const { code, stdout } = await runCli(['status', ...STACK], { stacks: { Shop: resources(['fraud/live'], { rollouts: false }) }, routes: { 'fraud/live': stored(route([variant('production')])) } });
  expect(code).toBe(0);
  expect(stdout).toContain('production    100 %');
});

test.each<[string, World, number]>([
  ['running', shop(), 6], ['promoted', sequence(outcome('promoted')), 0], ['rolled back', sequence(outcome('rolled back')), 1], ['superseded', sequence(outcome('superseded')), 1], ['none', shop({ rollouts: {} }), 0],
])('--exit-code of a rollout: %s', async (_, world, exit) => {
  expect((await runCli(['status', ...STACK, '--exit-code'], world)).code).toBe(exit);
  expect((await runCli(['status', ...STACK], world)).code).toBe(0);
});

test.each<['promoted' | 'rolled back', number]>([['promoted', 0], ['rolled back', 1]])('--watch ends with the rollout: %s', async (result, exit) => {
  const world = sequence(
    {},
    { last: decision({ at: Date.now(), reasons: [{ kind: 'baking', of: 'traffic', seconds: 240, ofSeconds: 600, settlingSeconds: 60 }], sentence: 'holding at 25 %: baked for 4 min of 10 min' }) },
    { last: decision({ at: Date.now(), reasons: [{ kind: 'paused', by: 'ada' }], sentence: 'holding at 25 %: paused by ada' }) },
    outcome(result),
  );
  const { code, stdout } = await runCli(['status', ...STACK, '--watch', '--interval', '0.01'], world);
  expect(code).toBe(exit);
  // In a log a line for each change, and the tree at the end.
  const [log, tree] = stdout.split('\n\n');
  expect(log.split('\n').map((line) => line.slice(22))).toEqual([
    'fraud/live  stage 2 of 3 at 25 %: holding at 25 %: baked for 3 min of 10 min', 'fraud/live  stage 2 of 3 at 25 %: holding at 25 %: paused by ada', `fraud/live  ${result}: ${result}: because`,
  ]);
  expect(tree).toContain(`last rollout, to 99ee44aa11bb: ${result}`);
});

test('--watch --json prints one document, at the end', async () => {
  const { code, json } = await runCli(['status', ...STACK, '--watch', '--json', '--interval', '0.01'], sequence({}, {}, outcome('promoted')));
  expect(code).toBe(0);
  expect(json()).toMatchObject({ command: 'status', aliases: [{ rollout: { status: 'promoted' } }] });
});

test('--watch without a rollout that runs ends at once, with the last outcome', async () => {
  const { code, calls } = await runCli(['status', ...STACK, '--watch'], sequence(outcome('rolled back')));
  expect(code).toBe(1);
  expect(calls.filter(({ action }) => action === 'dynamodb:GetItem')).toHaveLength(2);
});

test('--watch of a rollout that another replaces', async () => {
  expect((await runCli(['status', ...STACK, '--watch', '--interval', '0.01'], sequence({}, { id: 'r-2' }))).code).toBe(1);
});

test('--watch outlives throttling, lost connections and a record that is unreadable for a while', async () => {
  let reads = 0;
  const world = sequence({}, { stage: 99 }, {}, outcome('promoted'));
  const { code, stderr } = await runCli(['status', ...STACK, '--watch', '--interval', '0.01'], {
    ...world, fail: (action) => (action === 'dynamodb:GetItem' && [3, 4].includes(reads++) ? { status: 400, type: 'ProvisionedThroughputExceededException', message: 'slow' } : undefined),
  });
  expect(code).toBe(0);
  expect(stderr).toContain('AWS throttled dynamodb:GetItem in eu-west-1; try again in a moment');
});

test.each<[string, World]>([
  ['a record stays unreadable', sequence({}, { stage: 99 })],
  ['AWS stays silent', { ...sequence({}), fail: ((reads) => (action) => (action === 'dynamodb:GetItem' && reads++ > 1 ? { status: 500, type: 'InternalServerError', message: 'no' } : undefined))(0) }],
])('fails to watch on when %s', async (_, world) => {
  const { code, calls } = await runCli(['status', ...STACK, '--watch', '--interval', '0.001'], world);
  expect(code).toBe(5);
  expect(calls.filter(({ action }) => action === 'dynamodb:GetItem').length).toBeLessThanOrEqual(42);
});

test('fails to watch on without permission, at once', async () => {
  let reads = 0;
  const fail: World['fail'] = (action) => (action === 'dynamodb:GetItem' && reads++ > 1 ? { status: 400, type: 'AccessDeniedException', message: 'no' } : undefined);
  expect((await runCli(['status', ...STACK, '--watch', '--interval', '0.001'], { ...sequence({}), fail })).code).toBe(4);
  expect(reads).toBeLessThanOrEqual(4);
});

test('--watch redraws a terminal, and leaves the last picture', async () => {
  const aws = await fakeAws(sequence({}, {}, outcome('promoted')));
  const before = { ...process.env };
  Object.assign(process.env, cleanEnv(aws.url));
  try {
    let text = '';
    const exit = await run(['status', ...STACK, '--watch', '--interval', '0.01'], {
      out: (part) => (text += part), err: (part) => (text += part), interactive: true, colors: true, columns: () => 80, rows: () => 8,
    });
    expect(exit).toBe(0);
    const frames = text.split('\u001b[H').slice(1);
    expect(frames).toHaveLength(4);
    expect(frames.slice(0, -1).every((frame) => frame.split('\n').length <= 7)).toBe(true);
    expect(frames.at(-1)).toContain('promoted');
  } finally {
    process.env = before;
    await aws.close();
  }
});

test('fails on records that cannot be read, and shows the others', async () => {
  const world = shop({
    stacks: { Shop: resources(['fraud/live', 'fraud/beta']) }, routes: { 'fraud/live': stored(canaryRoute()), 'fraud/beta': { revision: '1', route: '{"schema":9}' } },
  });
  const text = await runCli(['status', ...STACK], world);
  expect(text.code).toBe(5);
  expect(text.stdout).toContain('problem    the route record of fraud/beta cannot be read: schema is 9');
  expect(text.stdout).toContain('stage 2 of 3');
  const { code, json } = await runCli(['status', ...STACK, '--json'], world);
  expect(code).toBe(5);
  expect(json()).toMatchObject({ ok: false, error: { code: 'RECORD_UNREADABLE' }, aliases: [{ alias: 'fraud/beta' }, { alias: 'fraud/live', problems: [] }] });
});

describe('of aliases some of which may not be read', () => {
  const mayRead = (...aliases: string[]): World['fail'] => (action, { Key: key }) =>
    (action === 'dynamodb:GetItem' && !aliases.includes((key as { alias: { S: string } }).alias.S) ? { status: 400, type: 'AccessDeniedException', message: 'no' } : undefined);
  const two = (...readable: string[]): World => ({ ...sequence({}, outcome('promoted')), stacks: { Shop: resources(['fraud/live', 'fraud/beta']) }, fail: mayRead(...readable) });

  test('an alias that is named is shown', async () => {
    expect(await runCli(['status', 'live', ...STACK], two('fraud/live'))).toMatchObject({ code: 0, stderr: '' });
    expect(await runCli(['status', 'live', ...STACK, '--watch', '--interval', '0.01'], two('fraud/live'))).toMatchObject({ code: 0, stderr: '' });
  });

  test('the others are told, and the rest is shown', async () => {
    const { code, stdout } = await runCli(['status', ...STACK], two('fraud/live'));
    expect([code, stdout]).toEqual([4, expect.stringContaining('live revision 7')]);
    expect(stdout).toContain('problem    fraud/beta is not shown (name an alias to see it alone): dynamodb:GetItem is not allowed in eu-west-1');
    expect((await runCli(['status', ...STACK, '--json'], two('fraud/live'))).json()).toMatchObject({
      ok: false, error: { code: 'NO_PERMISSION' }, aliases: [{ alias: 'fraud/beta', variants: [] }, { alias: 'fraud/live', revision: 7, problems: [] }],
    });
  });

  test('--watch watches the rest until it ends, however long that takes', async () => {
    const long = { ...two('fraud/live'), rollouts: sequence(...Array.from({ length: 30 }, () => ({})), outcome('promoted')).rollouts };
    const { code, stdout } = await runCli(['status', ...STACK, '--watch', '--interval', '0.001'], long);
    expect([code, stdout]).toEqual([4, expect.stringContaining('last rollout, to 99ee44aa11bb: promoted')]);
  });

  test('none at all is a failure', async () => {
    expect(await runCli(['status', ...STACK], two())).toMatchObject({ code: 4, stdout: '', stderr: expect.stringContaining('dynamodb:GetItem is not allowed') });
  });
});

describe('history', () => {
  const many = decisions([
    { verdict: 'advance', sentence: 'advancing from 0 % to 25 %: the candidate is ready' },
    ...Array.from({ length: 12 }, (_, minute) => ({
      reasons: [{ kind: 'baking' as const, of: 'traffic' as const, seconds: 60 * minute, ofSeconds: 600, settlingSeconds: 60 }],
      sentence: `holding at 25 %: baked for ${minute} min of 10 min`,
    })),
    { verdict: 'roll back', sentence: 'rolled back: guardrail errors: 5 errors', percent: 0, stage: -1 },
  ]);
  const rejected = { 'rejected#badbad': JSON.stringify({ version: 'badbad', rolloutId: 'r-1', reason: '5 errors', at: 1_000 }), 'served#x': 'not read' };
  const world = shop({ pageSize: 5, rollouts: { 'fraud/live': { ...many, ...rejected, state: 'not read' } } });

  test('newest last, holds as one, over pages', async () => {
    const { code, stdout } = await runBundle(['history', ...STACK], world);
    expect(code).toBe(0);
    expect(stdout.split('\n').map((line) => line.slice(22).trimEnd())).toEqual([
      'advance    99ee44aa11bb     25 %  advancing from 0 % to 25 %: the candidate is ready',
      'hold       99ee44aa11bb     25 %  holding at 25 %: baked for 11 min of 10 min (12 times since 2026-03-01 12:01:00Z)',
      'roll back  99ee44aa11bb      0 %  rolled back: guardrail errors: 5 errors',
      '', expect.stringContaining('`model-rollout retry`:') as unknown, expect.stringContaining('5 errors') as unknown, '',
    ]);
  });

  test('--json and --limit, reading no more than is needed', async () => {
    const { code, json, calls } = await runCli(['history', ...STACK, '--json', '--limit', '1'], world);
    expect(code).toBe(0);
    expect(json()).toMatchObject({
      schema: 1, ok: true, command: 'history', alias: 'fraud/live', more: true, rejected: [{ version: 'badbad', reason: '5 errors', at: '1970-01-01T00:00:01.000Z' }],
      decisions: [{ verdict: 'roll back', count: 1, percent: 0 }],
    });
    expect(calls.filter(({ action }) => action === 'dynamodb:Query')).toHaveLength(2);
  });

  test('of an alias without a rollout', async () => {
    expect(await runCli(['history', ...STACK], shop({ rollouts: {} }))).toMatchObject({ code: 0, stdout: 'fraud/live has no decisions: no rollout has been judged yet\n' });
    expect((await runCli(['history', ...STACK], shop({ stacks: { Shop: resources(['fraud/live'], { rollouts: false }) } }))).code).toBe(0);
  });

  test('fails on a record that cannot be read, and shows the others', async () => {
    const { code, stdout } = await runCli(['history', ...STACK], shop({ rollouts: { 'fraud/live': { ...many, 'decision#9': '{}' } } }));
    expect(code).toBe(5);
    expect(stdout).toContain('record decision#9 of fraud/live cannot be read: rolloutId is not a text');
    expect(stdout).toContain('rolled back: guardrail errors');
  });
});
