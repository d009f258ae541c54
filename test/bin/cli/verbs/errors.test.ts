import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Failure, runBundle, runCli, type World } from '../../../fixtures/fake-aws';
import { shop } from '../../../fixtures/records';

const STACK = ['--stack', 'Shop'];

test.each<[string, string[], World, NodeJS.ProcessEnv, number, string, RegExp]>([
  ['another region', [...STACK, '--region', 'us-east-2'], {}, {}, 3, 'STACK_NOT_FOUND', /no stack Shop in us-east-2: is it in another region \(--region\)/],
  ['a stack without endpoints', STACK, { stacks: { Shop: [{ logicalId: 'Bucket', physicalId: 'b', type: 'AWS::S3::Bucket' }] } }, {}, 3, 'NO_ENDPOINTS', /stack Shop in eu-west-1 has no model endpoint/],
  ['no credentials', STACK, shop(), { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined }, 4, 'NO_CREDENTIALS', /there are no AWS credentials: sign in/],
  ['a profile that is not there', [...STACK, '--profile', 'ops'], shop(), { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined }, 4, 'NO_CREDENTIALS', /profile ops gives no AWS credentials/],
  ['a profile of the environment that is not there', STACK, shop(), { AWS_PROFILE: 'ops', AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined }, 4, 'NO_CREDENTIALS', /profile ops gives no AWS credentials: /],
  ['no region', STACK, shop(), { AWS_REGION: undefined }, 2, 'NO_REGION', /no region is set: name it with --region/],
  ['a region that is none', [...STACK, '--region', 'eu_west'], shop(), {}, 2, 'BAD_REGION', /is not the name of a region: .*"eu_west"/],
  ['an empty region of the environment', STACK, shop(), { AWS_REGION: '' }, 2, 'BAD_REGION', /AWS_REGION/],
  ['no stack', [], shop(), {}, 2, 'STACK_NEEDED', /Name it with --stack or MODEL_ROLLOUT_STACK/],
  ['an unknown alias', ['gamma', ...STACK], shop(), {}, 3, 'ALIAS_NOT_FOUND', /no alias gamma; there is fraud\/live/],
  ['no connection', STACK, shop(), { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, 5, 'UNREACHABLE', /cloudformation cannot be reached in eu-west-1 .*is the region right/],
  ['an unknown option', [...STACK, '--nope'], shop(), {}, 2, 'USAGE', /unknown option '--nope'/],
  ['too many aliases', ['live', 'beta', ...STACK], shop(), {}, 2, 'USAGE', /too many arguments/],
])('fails with one sentence: %s', async (kind, args, world, env, exit, code, sentence) => {
  // Errors of Node itself are no errors to what runs within jest, so the SDK would not know them.
  const command = kind === 'no connection' ? runBundle : runCli;
  const text = await command(['status', ...args], world, env);
  expect(text.code).toBe(exit);
  expect(text.stdout).toBe('');
  expect(text.stderr).toMatch(sentence);
  expect(text.stderr).not.toMatch(/^\s+at /m);
  const json = await command(['status', ...args, '--json'], world, env);
  expect(json.code).toBe(exit);
  expect(json.json()).toEqual({ schema: 1, ok: false, command: 'status', error: { code, message: expect.stringMatching(sentence) } });
});

test.each<[string, Failure, number, string, RegExp]>([
  ['cloudformation:ListStackResources', { status: 403, type: 'AccessDenied', message: 'User: arn:aws:iam::1:user/a is not authorized to perform: cloudformation:ListStackResources' }, 4, 'NO_PERMISSION', /cloudformation:ListStackResources is not allowed in eu-west-1; the permission is in the rollout's managed policies abortPolicy and operatePolicy. AWS said: User/],
  ['cloudformation:ListStackResources', { status: 403, type: 'ExpiredToken', message: 'expired' }, 4, 'CREDENTIALS_EXPIRED', /sign in again/],
  ['cloudformation:ListStackResources', { status: 403, type: 'InvalidClientTokenId', message: 'The security token included in the request is invalid.' }, 4, 'CREDENTIALS_REFUSED', /does not accept the credentials in eu-west-1/],
  ['cloudformation:ListStackResources', { status: 400, type: 'Throttling', message: 'Rate exceeded' }, 5, 'THROTTLED', /AWS throttled cloudformation:ListStackResources in eu-west-1; try again/],
  ['cloudformation:ListStackResources', { status: 500, type: 'InternalFailure', message: 'oops' }, 5, 'FAILED', /cloudformation:ListStackResources failed in eu-west-1: InternalFailure: oops/],
  ['dynamodb:GetItem', { status: 400, type: 'AccessDeniedException', message: 'no' }, 4, 'NO_PERMISSION', /dynamodb:GetItem is not allowed in eu-west-1; the permission is in the rollout's managed policies abortPolicy and operatePolicy/],
  ['dynamodb:GetItem', { status: 400, type: 'ResourceNotFoundException', message: 'Requested resource not found' }, 5, 'FAILED', /dynamodb:GetItem failed/],
])('fails with one sentence: %s answered %j', async (failing, failure, exit, code, sentence) => {
  const run = await runCli(['status', ...STACK, '--json'], shop({ fail: (action) => (action === failing ? failure : undefined) }));
  expect(run.code).toBe(exit);
  expect(run.json()).toMatchObject({ ok: false, error: { code, message: expect.stringMatching(sentence) as unknown } });
});

test.each([
  ['status', '--region'], ['status', '--stack'], ['history', '--profile'], ['compare', '--shadow'], ['retry', '--version'], ['abort', '-s'],
  ...['--app', '--assembly', '--base', '--scenarios', '--scenario', '--junit', '--html', '--runs', '--seed'].map((option) => ['rehearse', option]), ['plan', '--error-rate'],
])('an option that is empty is a bad option: %s %s', async (command, option) => {
  for (const empty of ['', ' ']) {
    const { code, json, calls } = await runCli([command, option, empty, '--json'], shop(), { MODEL_ROLLOUT_STACK: 'Shop' });
    expect([code, calls]).toEqual([2, []]);
    expect(json()).toMatchObject({ ok: false, command, error: { code: 'USAGE', message: expect.stringContaining(option) as unknown } });
  }
});

test('an alias that is empty is none', async () => {
  expect(await runCli(['abort', '', ...STACK], shop())).toMatchObject({ code: 2, calls: [], stderr: expect.stringContaining('it must not be empty') });
});

test('fails without a command, and on an unknown one', async () => {
  expect(await runBundle([])).toMatchObject({ code: 2, stderr: expect.stringContaining('Usage: model-rollout') });
  expect(await runCli(['statsu'])).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean status?') });
  expect((await runCli(['--json'])).code).toBe(2);
});

describe('the stack that is meant', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'model-rollout-cli-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const assemble = (path: string, artifacts: object, templates: { [file: string]: object } = {}): void => {
    mkdirSync(join(folder, path), { recursive: true });
    writeFileSync(join(folder, path, 'manifest.json'), JSON.stringify({ artifacts }));
    Object.entries(templates).forEach(([file, template]) => writeFileSync(join(folder, path, file), JSON.stringify(template)));
  };
  const ours = { Resources: { Route: { Type: 'Custom::ModelRolloutRoute' } } };
  const stack = (stackName: string, templateFile: string, region: string): object => ({ type: 'aws:cloudformation:stack', environment: `aws://1/${region}`, properties: { stackName, templateFile } });

  test('is named by the environment', async () => {
    expect((await runCli(['status'], shop(), { MODEL_ROLLOUT_STACK: 'Shop' })).code).toBe(0);
  });

  test('is the one with endpoints in cdk.out, in its region', async () => {
    assemble('cdk.out', { Net: stack('Net', 'Net.json', 'us-east-1'), stage: { type: 'cdk:cloud-assembly', properties: { directoryName: 'assembly-prod' } } }, { 'Net.json': { Resources: {} } });
    assemble('cdk.out/assembly-prod', { Shop: stack('Shop', 'Shop.json', 'ap-south-1') }, { 'Shop.json': ours });
    const { code, calls } = await runCli(['status'], shop(), {}, folder);
    expect([code, new Set(calls.map(({ region }) => region))]).toEqual([0, new Set(['ap-south-1'])]);
    const given = await runCli(['status', '--region', 'eu-north-1'], shop(), {}, folder);
    expect(given.calls[0].region).toBe('eu-north-1');
  });

  test('fails to be one of two', async () => {
    assemble('cdk.out', { A: stack('Shop', 'a.json', 'unknown-region'), B: stack('Other', 'b.json', 'unknown-region'), C: { type: 'aws:cloudformation:stack', properties: { templateFile: 'broken.json' } } }, { 'a.json': ours, 'b.json': ours });
    writeFileSync(join(folder, 'cdk.out', 'broken.json'), '{');
    expect(await runCli(['status'], shop(), {}, folder)).toMatchObject({ code: 2, stderr: 'error: which stack? Name it with --stack; cdk.out has Shop, Other\n' });
  });

  test('credentials come from the profile that is named', async () => {
    writeFileSync(join(folder, 'credentials'), '[ops]\naws_access_key_id = x\naws_secret_access_key = y\n');
    writeFileSync(join(folder, 'config'), '[profile ops]\nregion = sa-east-1\n');
    const { code, calls } = await runCli(['status', ...STACK, '--profile', 'ops'], shop(), {
      AWS_REGION: undefined, AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_CONFIG_FILE: join(folder, 'config'), AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
    });
    expect([code, calls[0].region]).toEqual([0, 'sa-east-1']);
  });
});
