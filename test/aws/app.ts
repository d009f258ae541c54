// The smallest stacks that show what rests on AWS's documentation alone; CHECK_STACK says which, CHECK_MODEL what its model is.
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { App, CfnOutput, Duration, RemovalPolicy, Size, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { join } from 'node:path';
import {
  Assignment,
  BlueGreenRollout,
  CanaryRollout,
  EvidenceStore,
  Guardrail,
  InsufficientData,
  LambdaAliasRollout,
  MlflowModel,
  Model,
  ModelArtifact,
  ModelContract,
  ModelEndpoint,
  ModelImage,
  ModelPackage,
  RolloutApproval,
  ShadowMirror,
  SharedCapacity,
  TrafficShift,
} from '../../lib';
import { CHECK_IMAGE, type ModelUnderCheck, REGISTERED, type StackName } from './checks/account';

const name = process.env.CHECK_STACK as StackName;
const { version, fails, moved, otherwise, pins = {}, bucket = '' } = JSON.parse(process.env.CHECK_MODEL ?? '{"version":"v1"}') as ModelUnderCheck;
const stack = new Stack(new App({ context: pins }), name, {
  env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION },
  tags: { 'cdk-model-rollout': 'test:aws' },
});

/** Answers with its version, or with the bytes that are asked for, or not at all. */
const ANSWER = `
exports.handler = async (event) => {
  const text = event.isBase64Encoded ? Buffer.from(event.body, 'base64').toString() : event.body ?? '';
  if (process.env.FAILS === 'yes') throw new Error('broken on purpose');
  if (text.includes('"bytes"')) {
    return { statusCode: 200, headers: { 'content-type': 'image/png' }, isBase64Encoded: true, body: Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('base64') };
  }
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ version: process.env.VERSION, received: text.length }) };
};`;

/** Sends three events a second apart, or breaks after the first, or sends bytes. */
const STREAMS = `
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const text = event.isBase64Encoded ? Buffer.from(event.body, 'base64').toString() : event.body ?? '';
  const bytes = text.includes('"bytes"');
  const answer = awslambda.HttpResponseStream.from(stream, { statusCode: 200, headers: { 'content-type': bytes ? 'image/png' : 'text/event-stream' } });
  if (bytes) {
    answer.write(Buffer.from(Array.from({ length: 256 }, (_, i) => i)));
  } else {
    for (const index of [0, 1, 2]) {
      answer.write('data: ' + index + '\\n\\n');
      await new Promise((resolve) => setTimeout(resolve, 1000));
      if (text.includes('"breaks"')) throw new Error('broken on purpose');
    }
  }
  answer.end();
});`;

const streamingModel = (): Model => Model.lambdaFunction({ code: Code.fromInline(STREAMS), handler: 'index.handler', runtime: Runtime.NODEJS_22_X, contract: ModelContract.HTTP, timeout: Duration.seconds(10) });

const functionModel = (contract: ModelContract): Model => Model.lambdaFunction({
  code: Code.fromInline(contract === ModelContract.HTTP ? ANSWER : 'exports.handler = async () => ({ version: process.env.VERSION });'),
  handler: 'index.handler',
  runtime: Runtime.NODEJS_22_X,
  contract,
  timeout: Duration.seconds(10),
  environment: { VERSION: version, FAILS: fails === true ? 'yes' : 'no' },
});

/** Of a parent construct that comes and goes, as in an app that is rearranged. */
const scope = moved === true ? new Construct(stack, 'Elsewhere') : stack;
const endpointOf = (model: Model, streaming = false): ModelEndpoint => {
  const endpoint = new ModelEndpoint(scope, 'Endpoint', {
    model, endpointName: name.toLowerCase(), timeout: Duration.seconds(20), assignment: Assignment.header('x-caller-id'), responseStreaming: streaming,
  });
  new CfnOutput(stack, 'ApiId', { value: endpoint.api.restApiId });
  return endpoint;
};

const quick = {
  interval: Duration.seconds(otherwise === true ? 12 : 10),
  lease: Duration.seconds(60),
  minRequests: 10,
  circuitBreaker: false,
};
const watched = (): { alarm: Alarm; guardrail: Guardrail } => {
  const alarm = new Alarm(stack, 'Checkout', {
    metric: new Metric({ namespace: 'ModelRolloutCheck', metricName: 'LostSales' }), threshold: 0, evaluationPeriods: 1,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD, treatMissingData: TreatMissingData.NOT_BREACHING,
  });
  new CfnOutput(stack, 'AlarmName', { value: alarm.alarmName });
  return { alarm, guardrail: Guardrail.alarm(alarm, { insufficientData: InsufficientData.OK }) };
};

const sageMakerModel = { image: ModelImage.fromUri(CHECK_IMAGE) };
const sageMakerArtifact = (): ModelArtifact => ModelArtifact.fromAsset(join(__dirname, '../../.cache/aws-check', `${version}.tar.gz`));

switch (name) {
  case 'ServingCheck':
    endpointOf(functionModel(ModelContract.HTTP));
    break;
  case 'StreamingCheck':
    endpointOf(streamingModel(), true);
    break;
  case 'CanaryCheck':
    new CanaryRollout(stack, 'Rollout', {
      endpoint: endpointOf(functionModel(ModelContract.HTTP)),
      shift: TrafficShift.steps([50], { bakeTime: Duration.seconds(60) }),
      finalBakeTime: Duration.seconds(60),
      deadline: Duration.minutes(30),
      // The emulator refuses alarms on metric math.
      ...quick,
      guardrails: [watched().guardrail, ...(process.env.CHECK_EMULATED === 'yes' ? [] : [Guardrail.errorPercentAbove(5)])],
    });
    break;
  case 'ApprovalCheck':
    new BlueGreenRollout(stack, 'Rollout', {
      endpoint: endpointOf(functionModel(ModelContract.JSON)),
      terminationWait: Duration.seconds(30),
      approval: RolloutApproval.FIRST_STEP,
      ...quick,
      guardrails: [watched().guardrail],
    });
    break;
  case 'AliasCheck': {
    const handler = new Function(stack, 'Fraud', {
      code: Code.fromInline(`exports.handler = async () => { ${fails === true ? 'throw new Error("broken on purpose");' : `return { version: '${version}' };`} };`),
      handler: 'index.handler', runtime: Runtime.NODEJS_22_X,
    });
    new LambdaAliasRollout(stack, 'Rollout', { handler, shift: TrafficShift.steps([25], { bakeTime: Duration.minutes(3) }), finalBakeTime: Duration.minutes(3) });
    new CfnOutput(stack, 'FunctionName', { value: handler.functionName });
    break;
  }
  case 'PackageCheck':
    new CanaryRollout(stack, 'Rollout', {
      endpoint: endpointOf(Model.fromModelPackage(ModelPackage.newestApproved(REGISTERED), { instanceType: 'ml.m5.large' })),
      shift: TrafficShift.steps([50], { bakeTime: Duration.seconds(120) }),
      finalBakeTime: Duration.seconds(60),
      evidence: new EvidenceStore(stack, 'Evidence', {
        bucket: Bucket.fromBucketName(stack, 'Kept', bucket),
        signingKey: new Key(stack, 'Key', { keySpec: KeySpec.ECC_NIST_P256, keyUsage: KeyUsage.SIGN_VERIFY, removalPolicy: RemovalPolicy.DESTROY }),
      }),
      updateModelPackage: true,
      ...quick,
      guardrails: [watched().guardrail],
    });
    break;
  case 'MlflowCheck':
    endpointOf(Model.fromMlflow(MlflowModel.fromVersion('https://mlflow.example.com', REGISTERED, 1), {
      ...sageMakerModel, instanceType: 'ml.m5.large', environment: { SAGEMAKER_PROGRAM: 'inference.py', SAGEMAKER_SUBMIT_DIRECTORY: '/opt/ml/model/code' },
    }));
    break;
  case 'MirrorCheck':
    new ShadowMirror(stack, 'Mirror', {
      endpoint: endpointOf(functionModel(ModelContract.HTTP)), sampleRate: 1,
      model: Model.lambdaFunction({ code: Code.fromInline('exports.handler = async () => ({ version: "shadow" });'), handler: 'index.handler', runtime: Runtime.NODEJS_22_X }),
    });
    break;
  case 'ServerlessCheck':
    new CanaryRollout(stack, 'Rollout', {
      endpoint: endpointOf(Model.sageMakerServerless({ ...sageMakerModel, artifact: sageMakerArtifact(), maxConcurrency: 2 })),
      shift: TrafficShift.steps([50], { bakeTime: Duration.seconds(60) }),
      finalBakeTime: Duration.seconds(60),
      ...quick,
      guardrails: [watched().guardrail],
    });
    break;
  case 'InstancesCheck':
    new CanaryRollout(stack, 'Rollout', {
      endpoint: endpointOf(
        Model.sageMaker({ ...sageMakerModel, artifact: sageMakerArtifact(), instanceType: 'ml.m5.large', instances: { min: 1, max: 2 } }),
      ),
      shift: TrafficShift.steps([50], { bakeTime: Duration.seconds(120) }),
      finalBakeTime: Duration.seconds(60),
      ...quick,
      guardrails: [watched().guardrail],
    });
    break;
  case 'ComponentsCheck':
    new CanaryRollout(stack, 'Rollout', {
      endpoint: endpointOf(Model.sageMakerComponent({
        ...sageMakerModel, artifact: sageMakerArtifact(), memorySize: Size.mebibytes(512), cpus: 0.5, copies: { min: 1, max: 2, initial: version === 'v1' ? 1 : 0 },
        on: new SharedCapacity(stack, 'Capacity', { instanceTypes: ['ml.m5.large'], instances: { min: 1, max: 2 } }),
      })),
      shift: TrafficShift.steps([50], { bakeTime: Duration.seconds(120) }),
      finalBakeTime: Duration.seconds(60),
      ...quick,
      readinessTimeout: Duration.minutes(20),
      guardrails: [watched().guardrail],
    });
    break;
}
