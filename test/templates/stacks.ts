import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as bedrock from 'aws-cdk-lib/aws-bedrock';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import { Annotations, type App, Duration, RemovalPolicy, Size, Stack, TimeZone, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { DigitsRolloutStack } from '../../examples/digits/rollout-stack';
import { digitsModel, DigitsStack } from '../../examples/digits/stack';
import {
  Assignment,
  Cohort,
  BedrockPrompt,
  BlueGreenRollout,
  CanaryRollout,
  Comparison,
  EndpointAuth,
  EvidenceStore,
  FeedbackOutcome,
  Guardrail,
  InferenceFeedback,
  InferenceLog,
  Judge,
  InferenceLogFormat,
  LambdaAliasRollout,
  type MetricPair,
  ShadowFilter,
  EvidenceAlarm,
  EvidenceHook,
  MlflowModel,
  Model,
  ModelArtifact,
  ModelContract,
  ModelEndpoint,
  ModelImage,
  ModelPackage,
  Replay,
  RolloutApproval,
  RolloutHookPoint,
  Segment,
  ShadowMirror,
  TargetVariantAccess,
  TimeWindow,
  TrafficShift,
  InconclusiveAction,
  RegressionDirection,
  BaseModel,
  SharedCapacity,
} from '../../lib';
import { packageContextKey, packageOfArn, pinOf } from '../../lib/core/registry/pinned-package';
import { mlflowContextKey } from '../../lib/core/registry/pinned-mlflow-model';
import { MLFLOW, mlflowModel } from '../fixtures/mlflow-models';
import { targetGroups } from '../fixtures/target-groups';
import { modelPackage, packageArn } from '../fixtures/model-packages';

/** Every stack that the suite "templates are valid" checks. Add yours here: a name, and what defines it in an app. */
export const STACKS: { readonly [name: string]: (app: App, name: string) => Stack } = {
  Digits: (app, name) => withoutRollout(withoutFirewall(new DigitsStack(app, name))),
  DigitsRollout: (app, name) => withoutFirewall(new DigitsRolloutStack(app, name, { model: digitsModel('v2') })),
  FunctionModels: (app, name) => withoutRollout(withoutFirewall(functionModels(new Stack(app, name, ENV)))),
  SageMakerModels: (app, name) => withoutRollout(withoutFirewall(sageMakerModels(new Stack(app, name, ENV)))),
  Components: (app, name) => withoutFirewall(components(new Stack(app, name, ENV))),
  // Without account and region, so that ARNs are made of references.
  SageMakerDefaults: (app, name) => withoutRollout(withoutFirewall(sageMakerDefaults(new Stack(app, name)))),
  Authentication: (app, name) => withoutRollout(withoutFirewall(authentication(new Stack(app, name)))),
  Settings: (app, name) => withoutRollout(settings(new Stack(app, name, ENV))),
  Bedrock: (app, name) => withoutRollout(withoutFirewall(bedrockModels(new Stack(app, name, ENV)))),
  PrivateRouter: (app, name) => withoutRollout(withoutFirewall(privateRouter(new Stack(app, name, ENV)))),
  SharedApi: (app, name) => withoutRollout(withoutFirewall(sharedApi(new Stack(app, name, ENV)))),
  RolloutDefaults: (app, name) => withoutFirewall(rolloutDefaults(new Stack(app, name))),
  Evidence: (app, name) => withoutFirewall(evidence(new Stack(app, name))),
  Rollouts: (app, name) => withoutFirewall(rollouts(new Stack(app, name, ENV))),
  ShadowDefaults: (app, name) => withoutRollout(withoutFirewall(shadowDefaults(new Stack(app, name)))),
  ShadowStages: (app, name) => withoutFirewall(shadowStages(new Stack(app, name, ENV))),
  Replays: (app, name) => withoutFirewall(replays(new Stack(app, name, ENV))),
  OfMlflow: (app, name) => withoutFirewall(ofMlflow(new Stack(app, name, ENV))),
  Audited: (app, name) => withoutFirewall(audited(new Stack(app, name, ENV))),
  Shadows: (app, name) => withoutFirewall(shadows(new Stack(app, name, ENV))),
  LogDefaults: (app, name) => withoutRollout(withoutFirewall(logDefaults(new Stack(app, name)))),
  Logs: (app, name) => withoutRollout(withoutFirewall(inferenceLogs(new Stack(app, name, ENV)))),
  FeedbackDefaults: (app, name) => withoutRollout(withoutFirewall(feedbackDefaults(new Stack(app, name)))),
  EcsService: (app, name) => ecsService(new Stack(app, name, ENV)),
  LambdaAlias: (app, name) => lambdaAlias(new Stack(app, name, ENV)),
  Feedback: (app, name) => withoutFirewall(feedback(new Stack(app, name, ENV))),
  CustomerKey: (app, name) => withoutFirewall(customerKey(new Stack(app, name, ENV), (stack) => kms.Key.fromKeyArn(stack, 'Key', KEY_ARN))),
};

// Acknowledged in this file is what the stacks choose. What the constructs impose, they acknowledge themselves.

const ENV = { env: { account: '111111111111', region: 'eu-west-1' } };
const KEY_ARN = 'arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-0000-0000-000000000000';

function echo(props: Partial<Parameters<typeof Model.lambdaFunction>[0]> = {}): Model {
  return Model.lambdaFunction({
    code: lambda.Code.fromInline('exports.handler = async (event) => event;'),
    handler: 'index.handler',
    runtime: lambda.Runtime.NODEJS_24_X,
    ...props,
  });
}

function functionModels(stack: Stack): Stack {
  const vpc = network(stack);
  const artifact = mkdtempSync(join(tmpdir(), 'layer-'));
  writeFileSync(join(artifact, 'weights.json'), '[1]');
  const repository = ecr.Repository.fromRepositoryName(stack, 'Repository', 'models');
  const endpoint = new ModelEndpoint(stack, 'Fraud', {
    variants: [
      {
        name: 'everything',
        weight: 90,
        model: echo({
          vpc,
          memorySize: 2048,
          ephemeralStorageSize: Size.gibibytes(1),
          architecture: lambda.Architecture.ARM_64,
          environment: { THREADS: '2' },
          environmentEncryption: kms.Key.fromKeyArn(stack, 'Key', KEY_ARN),
          provisionedConcurrency: 1,
          reservedConcurrency: 10,
          layers: [new lambda.LayerVersion(stack, 'Weights', { code: lambda.Code.fromAsset(artifact) })],
          tracing: lambda.Tracing.PASS_THROUGH,
          initialPolicy: [new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::weights/fraud.json'] })],
          contract: ModelContract.HTTP,
        }),
      },
      {
        name: 'snapshot',
        weight: 9.9,
        model: Model.pythonFunction({
          entry: join(__dirname, '../../examples/digits/model'),
          environment: { MODEL_ARTIFACT: 'v1.json' },
          snapStart: lambda.SnapStartConf.ON_PUBLISHED_VERSIONS,
        }),
      },
      { name: 'image', weight: 0.1, model: Model.lambdaImage({ repository, tagOrDigest: `sha256:${'0'.repeat(64)}` }) },
      { name: 'built', weight: 0, model: Model.lambdaImage({ directory: join(__dirname, '../../examples/digits/container') }) },
    ],
    assignment: Assignment.jsonPath('$.user.id'),
  });
  endpoint.addAlias('existing', {
    model: Model.fromFunction(lambda.Function.fromFunctionArn(stack, 'Existing', 'arn:aws:lambda:eu-west-1:111111111111:function:fraud:7')),
    assignment: Assignment.cohort({
      members: [Cohort.claim('tenant', 'own'), Cohort.roles(iam.Role.fromRoleName(stack, 'Tester', 'tester'))], others: Assignment.session(),
    }),
  });
  return stack;
}

function sageMakerModels(stack: Stack): Stack {
  const key = kms.Key.fromKeyArn(stack, 'Key', KEY_ARN);
  const repository = ecr.Repository.fromRepositoryName(stack, 'Repository', 'models');
  const image = ModelImage.fromEcr(repository, `sha256:${'0'.repeat(64)}`);
  const bucket = s3.Bucket.fromBucketName(stack, 'Artifacts', 'artifacts');
  new ModelEndpoint(stack, 'Fraud', {
    variants: [
      {
        name: 'instances',
        model: Model.sageMaker({
          image,
          artifact: ModelArtifact.fromBucket(bucket, 'fraud/v3/model.tar.gz'),
          environment: { THREADS: '4' },
          instanceType: 'ml.g5.xlarge',
          instances: { min: 2, max: 8, invocationsPerInstance: 600 },
          volumeSize: Size.gibibytes(64),
          modelDataDownloadTimeout: Duration.minutes(10),
          containerStartupTimeout: Duration.minutes(5),
          vpc: network(stack),
          networkIsolation: true,
          encryptionKey: key,
          dataCapture: { bucket: s3.Bucket.fromBucketName(stack, 'Captured', 'captured'), sampleRate: 0.2, encryptionKey: key },
        }),
      },
      {
        name: 'serverless',
        model: Model.sageMakerServerless({ image, memorySize: Size.gibibytes(4), maxConcurrency: 50, provisionedConcurrency: 5 }),
      },
      {
        name: 'existing',
        model: Model.fromSageMakerEndpointName('fraud-prod', { targetVariant: 'blue', inferenceComponent: 'fraud-component' }),
      },
    ],
  });
  return stack;
}

function components(stack: Stack): Stack {
  const image = ModelImage.fromEcr(ecr.Repository.fromRepositoryName(stack, 'Repository', 'models'), `sha256:${'0'.repeat(64)}`);
  const bucket = s3.Bucket.fromBucketName(stack, 'Artifacts', 'artifacts');
  const on = new SharedCapacity(stack, 'Gpus', {
    instanceTypes: ['ml.g6.12xlarge', 'ml.g5.12xlarge'], instances: { min: 0, max: 4 }, provisionTimeout: Duration.minutes(20), vpc: network(stack),
  });
  const llm = new ModelEndpoint(stack, 'Llm', {
    model: Model.sageMakerComponent({
      on, image, artifact: ModelArtifact.fromBucket(bucket, 'llm/model.tar.gz'), environment: { THREADS: '4' }, memorySize: Size.gibibytes(8),
      accelerators: 2, copies: { min: 0, max: 4, initial: 0, invocationsPerCopy: 60 }, containerStartupTimeout: Duration.minutes(15),
    }),
  });
  new CanaryRollout(stack, 'LlmRollout', { endpoint: llm });
  const plain = new SharedCapacity(stack, 'Plain', { instanceTypes: ['ml.g5.xlarge'] });
  const base = new BaseModel(stack, 'Base', { on: plain, image, memorySize: Size.gibibytes(1), accelerators: 1 });
  const tuned = new ModelEndpoint(stack, 'Tuned', {
    model: Model.sageMakerAdapter({ base, artifact: ModelArtifact.fromBucket(bucket, 'adapters/one.tar.gz') }),
  });
  new CanaryRollout(stack, 'TunedRollout', { endpoint: tuned });
  return stack;
}

function privateRouter(stack: Stack): Stack {
  const endpoint = new ModelEndpoint(stack, 'Private', { model: Model.http({ url: 'http://models.internal:8080/v1/score', plaintext: true }), vpc: network(stack) });
  new ShadowMirror(stack, 'Shadow', { endpoint, model: Model.http({ url: 'https://next.internal/v1/score' }) });
  return stack;
}

function bedrockModels(stack: Stack): Stack {
  const prompt = new bedrock.CfnPrompt(stack, 'Prompt', { name: 'greeting', defaultVariant: 'one', customerEncryptionKeyArn: KEY_ARN });
  const version = new bedrock.CfnPromptVersion(stack, 'PromptVersion', { promptArn: prompt.attrArn });
  const key = kms.Key.fromKeyArn(stack, 'Key', KEY_ARN);
  const endpoint = new ModelEndpoint(stack, 'Chat', {
    model: Model.bedrock({
      modelId: 'eu.amazon.nova-lite-v1:0', prompt: BedrockPrompt.system('You know {{what}}.', { variables: { what: 'all' }, cache: true }), maxTokens: 500, temperature: 0.2, topP: 0.9,
      stopSequences: ['END'], guardrail: { id: 'abc123', version: '2', profile: 'eu.guardrail.v1:0' }, tools: [{ name: 'look', inputSchema: { type: 'object' } }],
    }),
    responseStreaming: true, timeout: Duration.minutes(5),
  });
  new CanaryRollout(stack, 'Rollout', { endpoint });
  endpoint.addAlias('managed', { model: Model.bedrock({ modelId: 'amazon.nova-lite-v1:0', prompt: BedrockPrompt.managed(version.attrArn, { encryptionKey: key }) }) });
  endpoint.addAlias('world', { model: Model.bedrock({ modelId: 'global.amazon.nova-2-lite-v1:0' }) });
  endpoint.addAlias('own', { model: Model.bedrock({
    modelId: 'arn:aws:bedrock:eu-west-1:111111111111:application-inference-profile/abcdefghijkl', foundationModels: ['arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0'],
  }) });
  new ShadowMirror(stack, 'Shadow', { endpoint, model: Model.bedrock({ modelId: 'amazon.nova-micro-v1:0' }) });
  return stack;
}

function sageMakerDefaults(stack: Stack): Stack {
  const file = join(mkdtempSync(join(tmpdir(), 'artifact-')), 'model.tar.gz');
  writeFileSync(file, gzipSync('artifact'));
  const image = ModelImage.fromAsset(join(__dirname, '../../examples/digits/container'));
  new ModelEndpoint(stack, 'Fraud', {
    variants: [
      { name: 'instances', model: Model.sageMaker({ image, artifact: ModelArtifact.fromAsset(file), instanceType: 'ml.c6i.xlarge' }) },
      { name: 'serverless', model: Model.sageMakerServerless({ image }) },
    ],
  });
  return stack;
}

function authentication(stack: Stack): Stack {
  const caller = new iam.Role(stack, 'Caller', { assumedBy: new iam.AccountRootPrincipal() });
  const signed = new ModelEndpoint(stack, 'Iam', { model: echo(), targetVariantAccess: TargetVariantAccess.roles(caller) });
  signed.grants.invoke(caller);
  const keyed = new ModelEndpoint(stack, 'ApiKey', {
    model: echo(),
    auth: EndpointAuth.apiKey({ throttle: { rateLimit: 5, burstLimit: 10 }, quota: { limit: 1_000, period: apigateway.Period.DAY } }),
  });
  acknowledge(keyed, {
    'AwsSolutions-APIG4': 'API keys are what this endpoint is for',
    'AwsSolutions-COG4': 'API keys are what this endpoint is for',
  });
  const userPool = cognito.UserPool.fromUserPoolId(stack, 'Users', 'eu-west-1_abcdefghi');
  new ModelEndpoint(stack, 'Cognito', { model: echo(), auth: EndpointAuth.cognito([userPool], ['fraud/invoke']) });
  const authorizer = lambda.Function.fromFunctionAttributes(stack, 'Authorizer', {
    functionArn: 'arn:aws:lambda:eu-west-1:111111111111:function:authorizer', sameEnvironment: true,
  });
  new ModelEndpoint(stack, 'Lambda', { model: echo(), auth: EndpointAuth.lambdaAuthorizer(authorizer) });
  new ModelEndpoint(stack, 'Jwt', {
    model: echo(),
    auth: EndpointAuth.jwt({ issuer: 'https://login.example.com', audience: 'fraud' }),
    targetVariantAccess: TargetVariantAccess.claim('scope', 'model-tester'),
  });
  const chat = new ModelEndpoint(stack, 'Chat', {
    model: echo(), responseStreaming: true, generative: true,
    openAi: { auth: EndpointAuth.bearerKeys(secretsmanager.Secret.fromSecretCompleteArn(stack, 'Keys', 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:keys-AbCdEf')) },
  });
  chat.grants.invokeOpenAi(caller);
  const open = new ModelEndpoint(stack, 'Open', { model: echo(), auth: EndpointAuth.none() });
  acknowledge(open, {
    'AwsSolutions-APIG4': 'an open endpoint is asked for',
    'AwsSolutions-COG4': 'an open endpoint is asked for',
    'cdk-model-rollout:openEndpoint': 'an open endpoint is asked for',
  });
  return stack;
}

function settings(stack: Stack): Stack {
  new ModelEndpoint(stack, 'Fraud', {
    model: echo({ timeout: Duration.seconds(9) }),
    endpointName: 'fraud',
    timeout: Duration.minutes(15),
    routerMemorySize: 2048,
    throttle: { rateLimit: 100, burstLimit: 200 },
    tracing: true,
    domainName: {
      domainName: 'models.example.com',
      certificate: acm.Certificate.fromCertificateArn(stack, 'Certificate', `arn:aws:acm:eu-west-1:111111111111:certificate/${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}`),
    },
    cors: { allowOrigins: ['https://app.example.com'], allowMethods: ['POST'] },
    webAcl: new wafv2.CfnWebACL(stack, 'WebAcl', {
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: { cloudWatchMetricsEnabled: true, metricName: 'models', sampledRequestsEnabled: true },
    }),
    binaryMediaTypes: ['image/png'],
    cloudWatchRole: false,
    logRetention: 7,
    responseStreaming: true,
    firstByteTimeout: Duration.minutes(1),
    idleTimeout: Duration.minutes(2),
  });
  return stack;
}

function sharedApi(stack: Stack): Stack {
  const api = new apigateway.RestApi(stack, 'Shared', { cloudWatchRole: false });
  acknowledge(api, {
    'AwsSolutions-APIG1': 'logs of a shared API are its owner\'s business',
    'AwsSolutions-APIG2': 'validation in a shared API is its owner\'s business',
    'AwsSolutions-APIG6': 'logs of a shared API are its owner\'s business',
  });
  new ModelEndpoint(stack, 'Fraud', { model: echo(), api });
  new ModelEndpoint(stack, 'Spam', { model: echo(), api, path: 'mail/spam' });
  return stack;
}

function network(stack: Stack): ec2.IVpc {
  return ec2.Vpc.fromVpcAttributes(stack, 'Network', {
    vpcId: 'vpc-00000001', availabilityZones: ['eu-west-1a', 'eu-west-1b'], privateSubnetIds: ['subnet-00000001', 'subnet-00000002'],
    privateSubnetRouteTableIds: ['rtb-00000001', 'rtb-00000002'],
  });
}

function rolloutDefaults(stack: Stack): Stack {
  new CanaryRollout(stack, 'Rollout', { endpoint: new ModelEndpoint(stack, 'Fraud', { model: echo() }), guardrails: [Guardrail.errorPercentAbove(1)] });
  new CanaryRollout(stack, 'Controlled', { endpoint: new ModelEndpoint(stack, 'Cached', { model: echo() }), freshControl: true });
  return stack;
}

function evidence(stack: Stack): Stack {
  const endpoint = new ModelEndpoint(stack, 'Fraud', { model: echo() });
  const declined = (variant: string): MetricPair => {
    const count = (metricName: string): cloudwatch.Metric =>
      new cloudwatch.Metric({ namespace: 'Shop', metricName, dimensionsMap: { Variant: variant }, statistic: cloudwatch.Stats.SUM });
    return { total: count('Payments'), bad: count('Declined') };
  };
  const stars = (variant: string): cloudwatch.Metric => new cloudwatch.Metric({ namespace: 'Shop', metricName: 'Stars', dimensionsMap: { Variant: variant } });
  new CanaryRollout(stack, 'Rollout', {
    endpoint,
    guardrails: [
      Guardrail.errorRate({ by: Segment.header('X-Tenant') }), Guardrail.latency({ quantiles: [0.95], by: Segment.jsonPath('$.country', { values: ['de', 'fr'] }) }), Guardrail.sampleRatio(), Guardrail.predictionDrift({ path: '$.score', bins: [0.2, 0.5] }),
      Guardrail.metric({ candidate: declined('candidate'), production: declined('production'), label: 'declined' }),
      Guardrail.metricMean({ candidate: stars('candidate'), production: stars('production'), minValue: 1, maxValue: 5, regression: RegressionDirection.DECREASE, label: 'stars' }),
      Guardrail.custom(lambda.Function.fromFunctionArn(stack, 'Judge', 'arn:aws:lambda:eu-west-1:111111111111:function:judge')),
    ],
    shift: TrafficShift.adaptive({ harmBudget: 200, expectedRequestsPerSecond: 100, expectedErrorRate: 0.01 }),
    falseRollbackRate: 0.001,
    inconclusive: InconclusiveAction.ROLLBACK,
  });
  return stack;
}

function rollouts(stack: Stack): Stack {
  const image = ModelImage.fromEcr(ecr.Repository.fromRepositoryName(stack, 'Repository', 'models'), `sha256:${'0'.repeat(64)}`);
  const endpoint = new ModelEndpoint(stack, 'Fraud', { model: Model.sageMaker({ image, instanceType: 'ml.c6i.xlarge', instances: { min: 2, max: 8 } }) });
  endpoint.addAlias('beta', { model: echo({ memorySize: 512 }) });
  const key = kms.Key.fromKeyArn(stack, 'Key', KEY_ARN);
  const canary = new CanaryRollout(stack, 'Canary', {
    endpoint,
    shift: TrafficShift.exponential({ startPercent: 0.1, factor: 10, stepBakeTime: Duration.hours(1) }),
    candidate: echo(),
    guardrails: [
      Guardrail.errorPercentAbove(1), Guardrail.latencyAbove(Duration.millis(300)),
      Guardrail.alarm(new cloudwatch.CompositeAlarm(stack, 'Composite', {
        alarmRule: cloudwatch.AlarmRule.anyOf(endpoint.metrics.fallbacks({ variant: 'candidate' }).createAlarm(stack, 'Fallbacks', { threshold: 5, evaluationPeriods: 3 })),
      })),
    ],
    hooks: [{ point: RolloutHookPoint.BEFORE_PROMOTION, handler: lambda.Function.fromFunctionArn(stack, 'Hook', 'arn:aws:lambda:eu-west-1:111111111111:function:hook') }],
    smokeTests: [{ body: '{"x":1}', expect: [{ path: '$.x', value: 1 }] }],
    warmUpRequests: 5,
    approval: RolloutApproval.FINAL_BAKE,
    timeWindows: [TimeWindow.weekdays({ start: '09:00', end: '16:00', timeZone: TimeZone.EUROPE_BERLIN })],
    changeCalendars: [ssm.CfnDocument.fromDocumentName(stack, 'Calendar', 'freeze')],
    notifications: new sns.Topic(stack, 'Topic', { masterKey: key, enforceSSL: true }),
    previewAlias: 'next',
  });
  new BlueGreenRollout(stack, 'BlueGreen', { endpoint, alias: 'beta', terminationWait: Duration.hours(2), guardrails: [Guardrail.errorPercentAbove(1)] });
  const operator = new iam.Role(stack, 'Operator', { assumedBy: new iam.AccountRootPrincipal(), managedPolicies: [canary.abortPolicy, canary.operatePolicy] });
  canary.grants.read(operator);
  canary.grants.invokePreview(operator);
  return stack;
}

function shadowDefaults(stack: Stack): Stack {
  new ShadowMirror(stack, 'Shadow', { endpoint: new ModelEndpoint(stack, 'Fraud', { model: echo() }), model: echo({ memorySize: 512 }) });
  return stack;
}

function logDefaults(stack: Stack): Stack {
  new InferenceLog(stack, 'Log', { endpoint: new ModelEndpoint(stack, 'Fraud', { model: echo() }) });
  return stack;
}

function inferenceLogs(stack: Stack): Stack {
  const endpoint = new ModelEndpoint(stack, 'Fraud', { model: echo(), endpointName: 'fraud-logged' });
  endpoint.addAlias('beta', { model: echo() });
  new ShadowMirror(stack, 'Shadow', { endpoint, model: echo({ memorySize: 512 }) });
  const log = new InferenceLog(stack, 'Log', {
    endpoint, sampleRate: 1, predictionPath: '$.label', logRequests: true, logResponses: true, redact: ['$.user.email', '$..card'], maxBodySize: Size.kibibytes(32),
    encryptionKey: kms.Key.fromKeyArn(stack, 'Key', KEY_ARN), retention: Duration.days(30), removalPolicy: RemovalPolicy.DESTROY, bufferInterval: Duration.minutes(15), maxScan: Size.gibibytes(1),
  });
  log.grants.query(new iam.Role(stack, 'Analyst', { assumedBy: new iam.AccountRootPrincipal() }));
  new InferenceLog(stack, 'Beta', { endpoint, aliases: ['beta'], bucket: s3.Bucket.fromBucketName(stack, 'Records', 'records'), format: InferenceLogFormat.JSON_LINES, deliveryAlarm: false });
  return stack;
}

function shadows(stack: Stack): Stack {
  const endpoint = new ModelEndpoint(stack, 'Fraud', { model: echo() });
  const image = ModelImage.fromEcr(ecr.Repository.fromRepositoryName(stack, 'Repository', 'models'), `sha256:${'0'.repeat(64)}`);
  new ShadowMirror(stack, 'Instances', {
    endpoint,
    model: Model.sageMaker({ image, instanceType: 'ml.c6i.xlarge' }),
    sampleRate: 1,
    comparison: Comparison.json({ ignoredPaths: ['$.meta.time'], relativeTolerance: 0.01 }),
    filters: [ShadowFilter.header('x-tenant', 'a', 'b'), ShadowFilter.jsonPath('$.country'), ShadowFilter.contentType('application/json')],
    end: new Date('2999-01-01'),
    maxRequestsPerMinute: 600,
    noiseFloorRate: 0.05,
    expectedRequestsPerSecond: 20,
    largeBodies: true,
  });
  const asked = comparer(stack);
  new ShadowMirror(stack, 'Compared', {
    endpoint, model: echo({ memorySize: 256 }), comparison: Comparison.custom(asked), start: new Date('2999-01-01'), duration: Duration.days(7),
  });
  const mirror = new ShadowMirror(stack, 'Function', {
    endpoint, model: echo({ memorySize: 2048 }), comparison: Comparison.ranking('$.items', { top: 5, minOverlap: 0.6 }), noiseFloorRate: 0.2,
    outputs: [{ path: '$.score', bins: [0.2, 0.5] }, { path: '$.label', labels: ['a', 'b'] }],
  });
  new CanaryRollout(stack, 'Rollout', { endpoint, guardrails: [Guardrail.errorRate(), Guardrail.agreement({ mirror, minAgreementRate: 0.9, beyondNoise: true }), Guardrail.outputDrift({ mirror, path: '$.score' })] });
  new ShadowMirror(stack, 'Judged', {
    endpoint, model: echo({ memorySize: 512 }),
    comparison: Comparison.judge(Judge.fromFunction(asked), { includeRequest: true, timeout: Duration.minutes(5), maxPairsPerDay: 200 }),
  });
  endpoint.addAlias('referee', { model: echo({ memorySize: 1536 }) });
  new CanaryRollout(stack, 'RefereeRollout', { endpoint, alias: 'referee' });
  new ShadowMirror(stack, 'JudgedByAlias', {
    endpoint, model: echo({ memorySize: 640 }), comparison: Comparison.judge(Judge.alias(endpoint, { alias: 'referee' })),
  });
  new ShadowMirror(stack, 'JudgedByBedrock', {
    endpoint, model: echo({ memorySize: 768 }), comparison: Comparison.judge(Judge.bedrock({ modelId: 'eu.amazon.nova-lite-v1:0' })),
  });
  return stack;
}

/** A function that is deployed elsewhere. */
function comparer(stack: Stack): lambda.IFunction {
  return lambda.Function.fromFunctionArn(stack, 'Comparer', 'arn:aws:lambda:eu-west-1:111111111111:function:comparer');
}

function replays(stack: Stack): Stack {
  const path = join(mkdtempSync(join(tmpdir(), 'golden-')), 'golden.jsonl');
  writeFileSync(path, Array.from({ length: 400 }, (_, row) => JSON.stringify({ request: { row }, label: row % 2 })).join('\n'));
  const endpoint = new ModelEndpoint(stack, 'Fraud', { model: echo() });
  endpoint.addAlias('beta', { model: echo({ memorySize: 512 }) });
  endpoint.addAlias('gamma', { model: echo({ memorySize: 1024 }) });
  new CanaryRollout(stack, 'OfFile', { endpoint, replay: Replay.goldenFile(path, { labelPath: '$.label', comparison: Comparison.custom(comparer(stack)) }) });
  const bucket = s3.Bucket.fromBucketAttributes(stack, 'Golden', { bucketName: 'golden-requests', encryptionKey: kms.Key.fromKeyArn(stack, 'GoldenKey', KEY_ARN) });
  new BlueGreenRollout(stack, 'OfObject', {
    endpoint, alias: 'beta', guardrails: [Guardrail.errorPercentAbove(1)], shadow: { bakeTime: Duration.minutes(10), minAgreementRate: 0.9 },
    replay: Replay.goldenObject(bucket, 'beta.jsonl', { minAgreementRate: 0.9, beyondNoise: true, noiseFloorRate: 0.5 }),
  });
  const log = new InferenceLog(stack, 'Log', { endpoint, aliases: ['gamma'], logRequests: true, encryptionKey: kms.Key.fromKeyArn(stack, 'LogKey', KEY_ARN) });
  Annotations.of(log).acknowledgeWarning('cdk-model-rollout:bodiesUnredacted', 'there is nothing personal in them');
  new CanaryRollout(stack, 'OfLog', { endpoint, alias: 'gamma', inconclusive: InconclusiveAction.HOLD, replay: Replay.inferenceLog(log, { minAgreementRate: 0.9 }) });
  return stack;
}

/** A package of a registry, whose rollout keeps evidence. */
function audited(stack: Stack): Stack {
  stack.node.setContext(packageContextKey(packageOfArn(packageArn(7))!), pinOf(modelPackage(7)));
  const model = Model.fromModelPackage(ModelPackage.fromArn(packageArn(7)), {
    instanceType: 'ml.m5.large', instances: { min: 1, max: 2 },
  });
  const evidence = new EvidenceStore(stack, 'Evidence', {
    encryptionKey: kms.Key.fromKeyArn(stack, 'Key', KEY_ARN), objectLock: s3.ObjectLockRetention.governance(Duration.days(30)),
  });
  new CanaryRollout(stack, 'Rollout', { endpoint: new ModelEndpoint(stack, 'Fraud', { model }), evidence, updateModelPackage: true });
  return stack;
}

/** A service of Amazon ECS whose deployments a hook judges; the rest of it is there. */
function ecsService(stack: Stack): Stack {
  const cluster = ecs.Cluster.fromClusterAttributes(stack, 'Cluster', { clusterName: 'shop', vpc: ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-0123456789abcdef0', availabilityZones: ['eu-west-1a'], privateSubnetIds: ['subnet-0123456789abcdef0'], privateSubnetRouteTableIds: ['rtb-0123456789abcdef0'],
  }) });
  const hook = new EvidenceHook(stack, 'Judge', { cluster, ...targetGroups(stack), slowerThan: Duration.millis(800) });
  const task = new ecs.FargateTaskDefinition(stack, 'Task', { cpu: 256, memoryLimitMiB: 512 });
  const requests = (metricName: string, config?: string): cloudwatch.Metric => new cloudwatch.Metric({
    namespace: 'AWS/SageMaker', metricName, statistic: 'Sum', dimensionsMap: { EndpointName: 'fraud', ...(config !== undefined && { EndpointConfigName: config }) },
  });
  new EvidenceAlarm(stack, 'Worse', {
    candidate: { total: requests('Invocations', 'new'), bad: requests('Invocation5XXErrors', 'new') },
    whole: { total: requests('Invocations'), bad: requests('Invocation5XXErrors') },
  });
  task.addContainer('Model', { image: ecs.ContainerImage.fromRegistry('model'), logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'model' }) });
  const service = new ecs.FargateService(stack, 'Service', { cluster, taskDefinition: task, minHealthyPercent: 100, deploymentStrategy: ecs.DeploymentStrategy.CANARY, circuitBreaker: { rollback: true } });
  service.addLifecycleHook(hook.target);
  acknowledge(task, { 'AwsSolutions-IAM5[Resource::*]': 'the image is not in ECR' });
  return stack;
}

/** A model that is registered with MLflow. */
function ofMlflow(stack: Stack): Stack {
  const source = MlflowModel.fromAlias(MLFLOW, 'fraud', 'champion');
  stack.node.setContext(mlflowContextKey(source._query), mlflowModel(7));
  const image = ModelImage.fromUri(`${stack.account}.dkr.ecr.${stack.region}.amazonaws.com/mlflow@sha256:${'0'.repeat(64)}`);
  const model = Model.fromMlflow(source, { image, instanceType: 'ml.m5.large', instances: { min: 1, max: 2 }, requiredTags: { validation_status: 'approved' } });
  new CanaryRollout(stack, 'Rollout', { endpoint: new ModelEndpoint(stack, 'Fraud', { model }) });
  return stack;
}

function shadowStages(stack: Stack): Stack {
  new CanaryRollout(stack, 'Rollout', {
    endpoint: new ModelEndpoint(stack, 'Fraud', { model: echo() }),
    shadow: {
      bakeTime: Duration.minutes(10),
      minAgreementRate: 0.95,
      beyondNoise: true,
      noiseFloorRate: 0.2,
      maxRequestsPerMinute: 600,
      comparison: Comparison.custom(comparer(stack)),
    },
  });
  new BlueGreenRollout(stack, 'Instances', {
    endpoint: new ModelEndpoint(stack, 'Score', { model: echo() }),
    candidate: Model.fromSageMakerEndpointName('fraud-v3'),
    shadow: { bakeTime: Duration.hours(6), minAgreementRate: 0.9 },
    guardrails: [Guardrail.errorPercentAbove(1)],
  });
  return stack;
}

function feedbackDefaults(stack: Stack): Stack {
  new InferenceFeedback(stack, 'Feedback', { endpoint: new ModelEndpoint(stack, 'Fraud', { model: echo() }), outcome: FeedbackOutcome.label('$.label') });
  return stack;
}

function lambdaAlias(stack: Stack): Stack {
  const role = new iam.Role(stack, 'FraudRole', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  const handler = new lambda.Function(stack, 'Fraud', { code: lambda.Code.fromInline('exports.handler = async () => 1;'), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X, role });
  const smokeTests = [{ name: 'one', body: '{}' }];
  const rollout = new LambdaAliasRollout(stack, 'Rollout', { handler, smokeTests, shift: TrafficShift.steps([10], { bakeTime: Duration.minutes(5) }) });
  rollout.grants.abort(new iam.Role(stack, 'OnCall', { assumedBy: new iam.AccountRootPrincipal() }));
  return stack;
}

function feedback(stack: Stack): Stack {
  const endpoint = new ModelEndpoint(stack, 'Fraud', { model: echo(), cors: { allowOrigins: ['https://app.example.com'] }, tracing: true });
  endpoint.addAlias('beta', { model: echo({ memorySize: 512 }) });
  new InferenceFeedback(stack, 'Scores', { endpoint, alias: 'beta', outcome: FeedbackOutcome.score({ minScore: 0.5 }), dashboard: false });
  const mirror = new ShadowMirror(stack, 'Before', { endpoint, model: echo({ memorySize: 2048 }) });
  const labels = new InferenceFeedback(stack, 'Labels', {
    endpoint, outcome: FeedbackOutcome.label('$.amount', { tolerance: 0.5 }), sampleRate: 0.1, window: Duration.days(13), encryptionKey: kms.Key.fromKeyArn(stack, 'Key', KEY_ARN),
  });
  new ShadowMirror(stack, 'After', { endpoint, model: echo({ memorySize: 4096 }) });
  const labelDelay = Duration.minutes(15);
  new CanaryRollout(stack, 'Rollout', {
    endpoint,
    guardrails: [Guardrail.feedback({ feedback: labels, labelDelay }), Guardrail.shadowAccuracy({ feedback: labels, mirror, labelDelay })],
    shift: TrafficShift.steps([10], { bakeTime: Duration.minutes(20) }),
    finalBakeTime: Duration.minutes(20),
    deadline: Duration.hours(4),
  });
  new CanaryRollout(stack, 'BetaRollout', { endpoint, alias: 'beta' });
  endpoint.grants.sendFeedback(new iam.Role(stack, 'Labeller', { assumedBy: new iam.AccountRootPrincipal() }), 'beta');
  return stack;
}

/** Everything that keeps something, with a key of the user's. */
export function customerKey(stack: Stack, key: (stack: Stack) => kms.IKey): Stack {
  const image = ModelImage.fromEcr(ecr.Repository.fromRepositoryName(stack, 'Repository', 'models'), `sha256:${'0'.repeat(64)}`);
  const endpoint = new ModelEndpoint(stack, 'Fraud', {
    model: echo(), encryptionKey: key(stack), auth: EndpointAuth.jwt({ issuer: 'https://login.example.com', audience: 'fraud' }), endpointName: 'fraud-encrypted',
  });
  endpoint.addAlias('beta', { model: Model.sageMaker({ image, instanceType: 'ml.c6i.xlarge', instances: { min: 1, max: 2 } }) });
  endpoint.addAlias('serverless', { model: Model.sageMakerServerless({ image }) });
  new ShadowMirror(stack, 'Shadow', { endpoint, model: echo({ memorySize: 512 }), largeBodies: true, maxRequestsPerMinute: 600 });
  new InferenceFeedback(stack, 'Feedback', { endpoint, outcome: FeedbackOutcome.label('$.label') });
  new InferenceLog(stack, 'Log', { endpoint });
  const canary = new CanaryRollout(stack, 'Rollout', { endpoint });
  new BlueGreenRollout(stack, 'Beta', { endpoint, alias: 'beta', guardrails: [Guardrail.errorPercentAbove(1)] });
  new CanaryRollout(stack, 'Serverless', { endpoint, alias: 'serverless' });
  canary.grants.read(new iam.Role(stack, 'Reader', { assumedBy: new iam.AccountRootPrincipal() }));
  Annotations.of(stack).acknowledgeWarning('cdk-model-rollout:keyPolicy', 'the policy of this key allows it');
  return stack;
}

function withoutFirewall(stack: Stack): Stack {
  acknowledge(stack, { 'AwsSolutions-APIG3': 'a web ACL costs money in every account that tries the stack; Settings has one' });
  return stack;
}

/** Models and endpoints are what these stacks show. */
function withoutRollout(stack: Stack): Stack {
  Annotations.of(stack).acknowledgeWarning('cdk-model-rollout:noRollout', 'this stack is about models and endpoints');
  return stack;
}

function acknowledge(scope: Construct, reasons: { readonly [rule: string]: string }): void {
  Validations.of(scope).acknowledge(...Object.entries(reasons).map(([id, reason]) => ({ id, reason })));
}
