import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Run, runBundle, runCli, type World } from '../../../fixtures/fake-aws';
import { MLFLOW } from '../../../fixtures/mlflow-models';
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
  ['neither a package nor a group', {}, [], 2, 'BAD_OPTION', /name one package with --package, a group with --group, or an MLflow server/],
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

/** An archive as `tar -czf` makes it of these files. */
function archive(files: { readonly [name: string]: string | Buffer }): Buffer {
  const source = mkdtempSync(join(folder, 'payload-'));
  Object.entries(files).forEach(([name, content]) => writeFileSync(join(source, name), content));
  return execFileSync('tar', ['-czf', '-', '-C', source, '.']);
}

const withPayload = (more: object = {}): ReturnType<typeof modelPackage> => {
  const { InferenceSpecification: specification, ...rest } = modelPackage(7);
  return { ...rest, SamplePayloadUrl: 's3://registry/fraud/7/payload.tar.gz', InferenceSpecification: { ...specification, ...more } };
};

test('the sample payload of a package is kept for its smoke tests, but for what is no text or too much', async () => {
  const objects = new Map([['registry/fraud/7/payload.tar.gz', archive({
    'b.json': '{"amount": 1}', 'a.csv': '12.5,DE\n', 'c.bin': Buffer.from([0xff, 0xd8, 0]), '.hidden': 'x', 'd.json': JSON.stringify('x'.repeat(40_000)),
  })]]);
  const run = await registry({ packages: [withPayload({ SupportedContentTypes: ['text/csv', 'application/json'] })], objects }, '--group', 'fraud');
  expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('tested by sample payload a.csv, sample payload b.json') });
  expect(kept()[KEY].requests).toEqual([
    { name: 'sample payload a.csv', body: '12.5,DE\n', contentType: 'text/csv' },
    { name: 'sample payload b.json', body: '{"amount": 1}', contentType: 'application/json' },
  ]);
});

test.each([
  [['text/csv'], 'text/csv'],
  [['application/x-npy', 'text/csv'], 'application/x-npy'],
  [[], 'application/json'],
])('a request is of the type that a package with types %j takes', async (types, contentType) => {
  const objects = new Map([['registry/fraud/7/payload.tar.gz', archive({ 'a.json': '1' })]]);
  await registry({ packages: [withPayload({ SupportedContentTypes: types })], objects }, '--group', 'fraud');
  expect(kept()[KEY].requests).toMatchObject([{ contentType }]);
});

test('a sample payload that cannot be unpacked, or not be read, is an error', async () => {
  const objects = new Map([['registry/fraud/7/payload.tar.gz', '{}']]);
  expect(await registry({ packages: [withPayload()], objects }, '--group', 'fraud')).toMatchObject({ code: 5, stderr: expect.stringContaining('is no tar.gz') });
  const fail: World['fail'] = (action) => action === 's3:GetObject' ? { status: 403, type: 'AccessDenied', message: 'no' } : undefined;
  expect(await registry({ packages: [withPayload()], fail }, '--group', 'fraud')).toMatchObject({ code: 4, stderr: expect.stringContaining('s3:GetObject is not allowed') });
});

test.each<[string, string[], string, RegExp]>([
  ['both registries', ['--group', 'fraud', '--mlflow', MLFLOW], 'BAD_OPTION', /name one package/],
  ['no model', ['--mlflow', MLFLOW, '--alias', 'champion'], 'BAD_OPTION', /name the model with --model/],
  ['no version', ['--mlflow', MLFLOW, '--model', 'fraud'], 'BAD_OPTION', /either --alias or --model-version/],
  ['a server that is none', ['--mlflow', 'mlflow.example.com', '--model', 'fraud', '--alias', 'champion'], 'BAD_OPTION', /neither an address/],
])('%s is an error in one sentence, of MLflow too', async (_, args, code, message) => {
  const run = await registry({}, ...args, '--json');
  expect([run.code, run.json()]).toMatchObject([2, { error: { code, message: expect.stringMatching(message) as unknown } }]);
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
