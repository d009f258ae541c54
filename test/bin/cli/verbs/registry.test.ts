import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Run, runBundle, runCli, type World } from '../../../fixtures/fake-aws';
import { modelPackage, packageArn } from '../../../fixtures/model-packages';

const KEY = 'cdk-model-rollout:model-package:account=111111111111:region=eu-west-1:group=fraud';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'model-rollout-registry-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const registry = (world: World, ...args: string[]): Promise<Run> => runCli(['registry', ...args], world, {}, folder);
const kept = (): { [key: string]: { [member: string]: unknown } } =>
  JSON.parse(readFileSync(join(folder, 'cdk.context.json'), 'utf8')) as ReturnType<typeof kept>;

test('the newest approved package of a group is kept in the context, beside what is there', async () => {
  writeFileSync(join(folder, 'cdk.context.json'), '{ "other": 1 }');
  const packages = [modelPackage(6), modelPackage(7), modelPackage(8, { ModelApprovalStatus: 'PendingManualApproval' })];
  const run = await registry({ packages }, '--group', 'fraud', '--json');
  expect(run).toMatchObject({ code: 0, stderr: '' });
  const pin = {
    arn: packageArn(7),
    approval: 'Approved',
    image: `111111111111.dkr.ecr.eu-west-1.amazonaws.com/fraud@sha256:${'7'.repeat(64)}`,
    artifact: 's3://registry/fraud/7/model.tar.gz',
    artifactETag: 'etag-7',
    environment: { THRESHOLD: '0.5' },
    instanceTypes: ['ml.m5.large', 'ml.c6i.xlarge'],
  };
  expect(run.json()).toEqual({ schema: 1, ok: true, command: 'registry', key: KEY, package: pin, changed: true });
  expect(kept()).toEqual({ other: 1, [KEY]: pin });
});

test('what is kept is changed only with --renew, and a newer one is told', async () => {
  await registry({ packages: [modelPackage(7)] }, '--group', 'fraud');
  const before = kept();
  const newer = { packages: [modelPackage(7), modelPackage(8)] };
  const run = await registry(newer, '--group', 'fraud');
  expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining(`newer and approved: ${packageArn(8)}; --renew takes it`) });
  expect(kept()).toEqual(before);
  expect(await registry(newer, '--group', 'fraud', '--renew')).toMatchObject({ code: 0, stdout: expect.stringContaining('commit it') });
  expect(kept()[KEY].arn).toBe(packageArn(8));
});

test('a kept package that has been rejected since is an error, so that CI sees it', async () => {
  await registry({ packages: [modelPackage(7)] }, '--group', 'fraud');
  const packages = [modelPackage(6), modelPackage(7, { ModelApprovalStatus: 'Rejected' })];
  const run = await registry({ packages }, '--group', 'fraud', '--json');
  expect([run.code, run.json()]).toMatchObject([5, { error: {
    code: 'PACKAGE_REFUSED',
    message: `model package ${packageArn(7)} is Rejected, not Approved, but cdk.context.json still has it as it was; --renew takes ${packageArn(6)}`,
  } }]);
});

test('archived and unfinished packages are not the newest, however many pages there are', async () => {
  const packages = [
    modelPackage(5), modelPackage(6, { ModelLifeCycle: { Stage: 'Archived' } }), modelPackage(7, { ModelPackageStatus: 'Failed' }),
  ];
  expect((await registry({ packages, pageSize: 1 }, '--group', 'fraud', '--json')).json()).toMatchObject({ package: { arn: packageArn(5) } });
});

test('by its ARN a package is kept whatever its approval, in the region of the ARN', async () => {
  const arn = packageArn(9);
  const run = await registry(
    { packages: [modelPackage(9, { ModelApprovalStatus: 'PendingManualApproval' })] }, '--package', arn, '--json',
  );
  expect(run.json()).toMatchObject({
    key: `cdk-model-rollout:model-package:account=111111111111:region=eu-west-1:arn=${arn}`, package: { approval: 'PendingManualApproval' },
  });
  expect(run.calls).toMatchObject([{ action: 'sagemaker:DescribeModelPackage', region: 'eu-west-1' }]);
});

test.each<[string, World, string[], number, string, RegExp]>([
  ['neither a package nor a group', {}, [], 2, 'BAD_OPTION', /either one package with --package, or a group/],
  ['an ARN of something else', {}, ['--package', 'arn:aws:s3:::fraud'], 2, 'BAD_OPTION', /not an ARN of a model package, such as arn/],
  ['a group without an approved package', { packages: [] }, ['--group', 'fraud'], 3, 'NO_PACKAGE', /approve one, or name the package/],
  ['a package that is not there', { packages: [] }, ['--package', packageArn(1)], 5, 'FAILED', /does not exist/],
  [
    'a package of several containers', { packages: [modelPackage(1, { InferenceSpecification: { Containers: [{}, {}] } })] },
    ['--package', packageArn(1)], 5, 'PACKAGE_UNFIT', /has 2 containers, but a model here has one/,
  ],
  [
    'a package whose model is not one file',
    { packages: [modelPackage(1, { InferenceSpecification: { Containers: [{ Image: 'x', ModelDataSource: {} }] } })] },
    ['--package', packageArn(1)], 5, 'PACKAGE_UNFIT', /not a single tar\.gz file/,
  ],
  [
    'no permission', { fail: () => ({ status: 400, type: 'AccessDeniedException', message: 'no' }) },
    ['--group', 'fraud'], 4, 'NO_PERMISSION', /sagemaker:ListModelPackages is not allowed in eu-west-1/,
  ],
])('%s is an error in one sentence', async (_, world, args, code, name, message) => {
  const run = await registry(world, ...args, '--json');
  expect([run.code, run.json()]).toMatchObject([code, { error: { code: name, message: expect.stringMatching(message) as unknown } }]);
});

test('a context that is not valid JSON is left as it is', async () => {
  writeFileSync(join(folder, 'cdk.context.json'), '{');
  expect(await registry({ packages: [modelPackage(7)] }, '--group', 'fraud')).toMatchObject({ code: 5, stderr: expect.stringContaining('is not valid JSON') });
  expect(readFileSync(join(folder, 'cdk.context.json'), 'utf8')).toBe('{');
});

test('the bundle that ships does the same', async () => {
  const run = await runBundle(['registry', '--group', 'fraud'], { packages: [modelPackage(7)] }, {}, folder);
  expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('kept in cdk.context.json: commit it') });
  expect(kept()[KEY].arn).toBe(packageArn(7));
});
