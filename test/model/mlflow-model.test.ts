import * as iam from 'aws-cdk-lib/aws-iam';
import { Template } from 'aws-cdk-lib/assertions';
import { App, Aws, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { CanaryRollout, type CanaryRolloutProps, MlflowModel, type MlflowModelOptions, Model, ModelEndpoint, ModelImage } from '../../lib';
import { MLFLOW, mlflowModel } from '../fixtures/mlflow-models';
import { planOf } from '../fixtures/stacks';

const KEY = `cdk-model-rollout:mlflow-model:server=${MLFLOW}:model=fraud:alias=champion`;
const image = ModelImage.fromUri('111122223333.dkr.ecr.eu-west-1.amazonaws.com/mlflow@sha256:0123');

interface Case {
  readonly kept?: unknown;
  readonly source?: MlflowModel;
  readonly options?: Partial<MlflowModelOptions>;
}

const modelOf = ({ source = MlflowModel.fromAlias(MLFLOW, 'fraud', 'champion'), options }: Case): Model =>
  Model.fromMlflow(source, { image, instanceType: 'ml.m5.large', ...options });

function stackOf(kept: unknown): Stack {
  return new Stack(new App({ context: kept === undefined ? {} : { [KEY]: kept } }), 'Stack', { env: { region: 'eu-west-1', account: '111122223333' } });
}

/** The app's context is what the command keeps there. */
function bound(given: Case): { stack: Stack; digest: string } {
  const stack = stackOf(given.kept);
  const invoker = new iam.Role(stack, 'Router', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  const model = modelOf(given);
  expect(model.validate()).toEqual([]);
  return { stack, digest: model.bind(new Construct(stack, 'Endpoint'), { invoker }).digest };
}

test("the model's folder is served as it is, by your image, with what MLflow tells its containers", () => {
  const template = Template.fromStack(bound({ kept: mlflowModel(7), options: { environment: { GUNICORN_CMD_ARGS: '--workers=2' } } }).stack);
  template.hasResourceProperties('AWS::SageMaker::Model', { PrimaryContainer: {
    ModelDataSource: { S3DataSource: { S3Uri: 's3://mlflow/1/models/m-7/artifacts/', S3DataType: 'S3Prefix', CompressionType: 'None' } },
    Environment: { MLFLOW_DEPLOYMENT_FLAVOR_NAME: 'python_function', SERVING_ENVIRONMENT: 'SageMaker', GUNICORN_CMD_ARGS: '--workers=2' },
  } });
  const policies = JSON.stringify(template.findResources('AWS::IAM::Policy'));
  expect(policies).toContain(':s3:::mlflow/1/models/m-7/artifacts/*');
});

test('version, run, content and what you set are the version; tags are not', () => {
  const digests = [
    bound({ kept: mlflowModel(7) }),
    bound({ kept: mlflowModel(8) }),
    bound({ kept: mlflowModel(7, { run: 'another' }) }),
    bound({ kept: mlflowModel(7, { content: 'f'.repeat(64) }) }),
    bound({ kept: mlflowModel(7), options: { environment: { WORKERS: '2' } } }),
  ].map(({ digest }) => digest);
  expect(new Set(digests).size).toBe(5);
  expect(bound({ kept: mlflowModel(7, { tags: {} }) }).digest).toBe(digests[0]);
});

test.each<[string, Case, RegExp]>([
  [
    'a version that was not looked up', { options: { requiredTags: { validation_status: 'approved', 'signed off': 'yes' } } },
    /the version with alias "champion" of model "fraud" \(https:\/\/mlflow\.example\.com\) is not in the app's context; look it up with npx model-rollout registry --mlflow https:\/\/mlflow\.example\.com --model fraud --alias champion --require-tag validation_status=approved --require-tag 'signed off=yes' and commit/,
  ],
  [
    'one by its number that was not looked up', { source: MlflowModel.fromVersion(MLFLOW, "ada's model", 7) },
    /version 7 of model "ada's model" .* --model 'ada'\\''s model' --model-version 7 and commit/,
  ],
  ['an archived version', { kept: mlflowModel(7, { stage: 'Archived' }) }, /version 7 of model "fraud" is archived \(stage "Archived"\); set that right on the MLflow server/],
  [
    'a version without a tag that it must have', { kept: mlflowModel(7, { tags: {} }), options: { requiredTags: { validation_status: 'approved' } } },
    /has no tag "validation_status", but must have validation_status=approved; .* then run npx model-rollout registry .* --renew and commit cdk\.context\.json/,
  ],
  [
    'a tag that says something else', { kept: mlflowModel(7, { tags: { validation_status: 'failed' } }), options: { requiredTags: { validation_status: 'approved' } } },
    /has tag "validation_status" with value "failed", but must have/,
  ],
  ['something else in the context', { kept: { model: 'fraud' } }, /is no model of MLflow; look it up anew with .* --renew/],
])('%s is refused at synthesis, with the way out', (_, given, message) => {
  expect(() => bound(given)).toThrow(message);
});

test.each<[string, MlflowModel, RegExp]>([
  ['a server that is none', MlflowModel.fromAlias('mlflow.example.com', 'fraud', 'champion'), /neither an address such as https.* nor the ARN/],
  ['credentials in an address', MlflowModel.fromAlias('https://ada:secret@mlflow.example.com', 'fraud', 'champion'), /without credentials/],
  ['an alias that MLflow does not take', MlflowModel.fromAlias(MLFLOW, 'fraud', 'v3'), /alias of model "fraud" is "v3"/],
  ['a name that MLflow does not take', MlflowModel.fromAlias(MLFLOW, 'fraud/eu', 'champion'), /"fraud\/eu", which MLflow takes for no name/],
  ['version 0', MlflowModel.fromVersion(MLFLOW, 'fraud', 0), /counts versions from 1/],
  ['a server that is known later', MlflowModel.fromAlias(`https://mlflow.${Aws.REGION}.example.com`, 'fraud', 'champion'), /known only at deployment; give their values/],
])('%s is told with all other mistakes', (_, source, message) => {
  expect(modelOf({ source, options: { instanceType: 'm5.large' } }).validate()).toEqual([
    expect.stringMatching(message), expect.stringContaining('instanceType'),
  ]);
});

test("servers and apps that SageMaker manages are named by their ARN", () => {
  for (const arn of ['mlflow-tracking-server/fraud', 'mlflow-app/app-A1B2'].map((id) => `arn:aws:sagemaker:eu-west-1:111122223333:${id}`)) {
    expect(modelOf({ source: MlflowModel.fromVersion(arn, 'fraud', 7) }).validate()).toEqual([]);
  }
});

function smokeTests(kept: unknown, more: Partial<CanaryRolloutProps> = {}): unknown {
  const stack = stackOf(kept);
  new CanaryRollout(stack, 'Rollout', { endpoint: new ModelEndpoint(stack, 'Fraud', { model: modelOf({}) }), ...more });
  return planOf(Template.fromStack(stack)).smokeTests;
}

test('the example with which the model was logged is the smoke test, and its answer must follow the signature', () => {
  const [{ name, body, contentType }] = mlflowModel(7).requests!;
  expect(smokeTests(mlflowModel(7))).toEqual([{ name, body, contentType, status: 200, expect: [], schema: mlflowModel(7).answers }]);
});

test('smoke tests of your own win, also none at all', () => {
  expect(smokeTests(mlflowModel(7), { smokeTests: [{ name: 'mine', body: '{}' }] })).toMatchObject([{ name: 'mine' }]);
  expect(smokeTests(mlflowModel(7), { smokeTests: [] })).toEqual([]);
  expect(() => smokeTests(mlflowModel(7), { smokeTests: [], warmUpRequests: 5 })).toThrow(/there is no smoke test whose request could be sent/);
  expect(smokeTests(mlflowModel(7), { warmUpRequests: 5 })).toHaveLength(1);
});
