import { Template } from 'aws-cdk-lib/assertions';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Duration, Lazy, RemovalPolicy, Size, type Stack } from 'aws-cdk-lib/core';
import { CanaryRollout, FeedbackOutcome, Guardrail, InferenceFeedback, InferenceLog, InferenceLogFormat, type InferenceLogProps, type ModelEndpoint, ModelEndpoint as Endpoint, ShadowMirror } from '../../lib';
import { LOG_COLUMNS } from '../../lib/core/inference-log/columns';
import type { MirrorPlan } from '../../lib/core/mirroring/mirror-plan';
import { routeAt, routeOfProduction } from '../../lib/core/rollout/route-weights';
import { parseDeclaredRoute } from '../../lib/core/routing/parse';
import type { DeclaredRoute } from '../../lib/core/routing/route';
import { variant } from '../fixtures/serving';
import { flat, inline, newEndpoint, newStack, routeOf, statementsOf, warnings } from '../fixtures/stacks';

function logged(
  props: Partial<InferenceLogProps> = {},
  stack: Stack = newStack(),
): { stack: Stack; endpoint: ModelEndpoint; log: InferenceLog; template: () => Template } {
  const endpoint = newEndpoint(stack);
  const log = new InferenceLog(stack, 'Log', { endpoint, ...props });
  return { stack, endpoint, log, template: () => Template.fromStack(stack) };
}

interface Found { readonly Properties: { readonly [property: string]: never }; readonly DeletionPolicy?: string }

const only = (template: Template, type: string): Found => Object.values(template.findResources(type))[0] as Found;
const declared = (template: Template, alias = 'live'): DeclaredRoute => parseDeclaredRoute(flat(routeOf(template, alias).Properties.Route));
const destination = (template: Template): { [name: string]: unknown } =>
  (only(template, 'AWS::KinesisFirehose::DeliveryStream').Properties as { ExtendedS3DestinationConfiguration: never }).ExtendedS3DestinationConfiguration;
const subscriptions = (template: Template): string[] =>
  Object.values(template.findResources('AWS::Logs::SubscriptionFilter')).map((filter) => flat((filter as Found).Properties.LogGroupName)).sort();
const mirrorPlan = (template: Template): MirrorPlan => {
  const [, found] = Object.entries(template.findResources('AWS::Lambda::Function')).find(([id]) => id.startsWith('ShadowFunction'))!;
  return JSON.parse(
    flat((found.Properties as { Environment: { Variables: { [name: string]: unknown } } }).Environment.Variables.MODEL_ROLLOUT_MIRROR),
  ) as MirrorPlan;
};

test('the plan is part of the alias\'s route, without bodies unless they are asked for', () => {
  expect(declared(logged().template()).log).toEqual({ sampleRate: 0.1, redact: [] });
  expect(declared(logged({ sampleRate: 0.5, predictionPath: '$.label', logResponses: true, redact: ['$..email'], maxBodySize: Size.kibibytes(2) }).template()).log).toEqual({
    sampleRate: 0.5, predictionPath: '$.label', redact: ['$..email'], payload: { request: false, answer: true, maximumBytes: 2_048 },
  });
});

test('the route is written once records would be kept', () => {
  const { template } = logged();
  expect(routeOf(template()).DependsOn).toEqual(expect.arrayContaining(Object.keys(template().findResources('AWS::Logs::SubscriptionFilter'))));
});

test('a rollout keeps the log', () => {
  const route = declared(logged().template());
  const state = { id: 'r', production: variant('production'), candidate: variant('candidate'), plan: { guardrails: [] }, baseline: undefined } as never;
  expect(routeAt(route, state, 5, 1).log).toEqual(route.log);
  expect(routeOfProduction(routeAt(route, state, 5, 1)).log).toEqual(route.log);
});

test('a subscription filter has room for so many aliases', () => {
  const stack = newStack();
  const endpoint = newEndpoint(stack);
  const names = Array.from({ length: 20 }, (_, index) => `tenant-with-a-rather-long-name-number-${index}`);
  names.forEach((name) => endpoint.addAlias(name, { model: inline(name) }));
  expect(() => new InferenceLog(stack, 'Log', { endpoint, aliases: names })).toThrow(
    /subscription filter for 20 aliases has 1\d{3} characters, but CloudWatch Logs allows 1024; give some of them to a second InferenceLog/,
  );
  new InferenceLog(stack, 'First', { endpoint, aliases: names.slice(0, 10) });
});

test('router and mirrors are subscribed to, whichever comes first, once each, for these aliases alone', () => {
  const stack = newStack();
  const endpoint = newEndpoint(stack);
  endpoint.addAlias('beta', { model: inline('v1') });
  new ShadowMirror(stack, 'Before', { endpoint, model: inline('v2') });
  new InferenceLog(stack, 'Log', { endpoint, aliases: ['live', 'beta'], sampleRate: 1 });
  new ShadowMirror(stack, 'Shadow', { endpoint, alias: 'beta', model: inline('v2') });
  const template = Template.fromStack(stack);
  expect(subscriptions(template)).toEqual([expect.stringMatching(/^<BeforeFunctionLog/), expect.stringMatching(/^<FraudRouterFunctionLog/), expect.stringMatching(/^<ShadowFunctionLog/)]);
  expect(mirrorPlan(template).log).toEqual({ sampleRate: 1, redact: [] });
  template.allResourcesProperties('AWS::Logs::SubscriptionFilter', {
    FilterPattern: '{ ($.modelRollout = "inference" || $.modelRollout = "feedback") && ($.alias = "live" || $.alias = "beta") }',
  });
});

test('feedback is subscribed to, and must not keep what the log redacts', () => {
  const { stack, endpoint, template } = logged();
  new InferenceFeedback(stack, 'Feedback', { endpoint, outcome: FeedbackOutcome.label('$.label') });
  expect(subscriptions(template())).toHaveLength(2);
  const other = logged({ redact: ['$..label'] });
  new InferenceFeedback(other.stack, 'Feedback', { endpoint: other.endpoint, outcome: FeedbackOutcome.label('$.label') });
  expect(other.template).toThrow(/redact covers \$\.label, which the feedback on alias "live" keeps and logs/);
});

test('a mirror of another alias knows nothing of the log', () => {
  const stack = newStack();
  const endpoint = newEndpoint(stack);
  endpoint.addAlias('beta', { model: inline('v1') });
  new InferenceLog(stack, 'Log', { endpoint });
  new ShadowMirror(stack, 'Shadow', { endpoint, alias: 'beta', model: inline('v2') });
  const template = Template.fromStack(stack);
  expect(mirrorPlan(template)).not.toHaveProperty('log');
  expect(subscriptions(template)).toHaveLength(1);
  expect(declared(template, 'beta')).not.toHaveProperty('log');
});

test('the stream unpacks what logs send, converts by the table, and says where failures go', () => {
  const { template } = logged();
  expect(destination(template())).toMatchObject({
    Prefix: 'inference-log/fraud/Log/records/day=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/',
    ErrorOutputPrefix: 'inference-log/fraud/Log/errors/!{firehose:error-output-type}/day=!{timestamp:yyyy-MM-dd}/',
    BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 300 },
    CompressionFormat: 'UNCOMPRESSED',
    CloudWatchLoggingOptions: { Enabled: true },
    ProcessingConfiguration: {
      Enabled: true,
      Processors: [
        { Type: 'Decompression', Parameters: [{ ParameterName: 'CompressionFormat', ParameterValue: 'GZIP' }] },
        { Type: 'CloudWatchLogProcessing', Parameters: [{ ParameterName: 'DataMessageExtraction', ParameterValue: 'true' }] },
      ],
    },
    DataFormatConversionConfiguration: {
      Enabled: true,
      InputFormatConfiguration: { Deserializer: { OpenXJsonSerDe: { CaseInsensitive: true } } },
    },
  });
  template().hasResourceProperties('AWS::KinesisFirehose::DeliveryStream', { DeliveryStreamEncryptionConfigurationInput: { KeyType: 'AWS_OWNED_CMK' } });
});

test('JSON lines are compressed and not converted, in a place of their own', () => {
  const { template } = logged({ format: InferenceLogFormat.JSON_LINES, bufferInterval: Duration.minutes(1) });
  expect(destination(template())).toMatchObject({ CompressionFormat: 'GZIP', BufferingHints: { IntervalInSeconds: 60 }, Prefix: expect.stringContaining('/records-json/') as string });
  expect(destination(template())).not.toHaveProperty('DataFormatConversionConfiguration');
  expect(JSON.stringify(statementsOf(template(), 'LogDeliveryRole'))).not.toContain('glue:');
});

test('the table has the records\' members and finds its partitions by itself', () => {
  const {
    StorageDescriptor: storage,
    Parameters: parameters,
    PartitionKeys: partitions,
  } = (only(logged({ retention: Duration.days(30) }).template(), 'AWS::Glue::Table').Properties as { TableInput: never })
    .TableInput as unknown as {
    StorageDescriptor: { Columns: { Name: string }[]; Location: unknown };
    Parameters: { [name: string]: unknown };
    PartitionKeys: { Name: string }[];
  };
  expect(storage.Columns.map(({ Name: name }) => name)).toEqual(LOG_COLUMNS.map(({ name }) => name));
  expect(partitions.map(({ Name: name }) => name)).toEqual(['day', 'hour']);
  expect(parameters['projection.day.range']).toBe('NOW-30DAYS,NOW');
  expect(flat(parameters['storage.location.template'])).toBe(`${flat(storage.Location)}day=\${day}/hour=\${hour}`);
});

test('the bucket is private, encrypted, kept, and forgets in time', () => {
  const { template } = logged({ retention: Duration.days(30) });
  const bucket = only(template(), 'AWS::S3::Bucket');
  expect(bucket).toMatchObject({
    DeletionPolicy: 'RetainExceptOnCreate',
    Properties: {
      BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      LifecycleConfiguration: {
        Rules: [
          { Prefix: 'inference-log/fraud/Log/', ExpirationInDays: 30, Status: 'Enabled' },
          { Prefix: 'inference-log/fraud/Log/query-results/', ExpirationInDays: 7, Status: 'Enabled' },
        ],
      },
    },
  });
  expect(only(template(), 'AWS::S3::BucketPolicy')).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate' });
  template().hasResourceProperties('AWS::S3::BucketPolicy', { PolicyDocument: { Statement: [{ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }] } });
  expect(only(logged({ removalPolicy: RemovalPolicy.DESTROY }).template(), 'AWS::S3::Bucket').DeletionPolicy).toBe('Delete');
});

test('a bucket and keys that are given are used', () => {
  const stack = newStack();
  const key = new kms.Key(stack, 'Key');
  const bucket = new s3.Bucket(stack, 'Mine', { encryptionKey: key });
  const { template } = logged({ bucket }, stack);
  template().resourceCountIs('AWS::S3::Bucket', 1);
  expect(destination(template())).toMatchObject({ EncryptionConfiguration: { KMSEncryptionConfig: { AWSKMSKeyARN: {} } } });
  expect(statementsOf(template(), 'LogDeliveryRole')).toContainEqual(expect.objectContaining({ Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Condition: { StringEquals: { 'kms:ViaService': 's3.eu-west-1.amazonaws.com' } } }));

  const own = newStack();
  const encrypted = logged({ encryptionKey: new kms.Key(own, 'Key') }, own).template();
  encrypted.hasResourceProperties('AWS::KinesisFirehose::DeliveryStream', { DeliveryStreamEncryptionConfigurationInput: { KeyType: 'CUSTOMER_MANAGED_CMK' } });
  encrypted.hasResourceProperties('AWS::S3::Bucket', { BucketEncryption: { ServerSideEncryptionConfiguration: [{ BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } }] } });
  encrypted.hasResourceProperties('AWS::Athena::WorkGroup', { WorkGroupConfiguration: { ResultConfiguration: { EncryptionConfiguration: { EncryptionOption: 'SSE_KMS' } } } });
});

test('each role may do one thing, for this account alone', () => {
  const { template } = logged();
  const trust = (role: string): unknown => Object.entries(template().findResources('AWS::IAM::Role'))
    .find(([id]) => id.startsWith(role))![1].Properties.AssumeRolePolicyDocument.Statement[0].Condition as unknown;
  expect(statementsOf(template(), 'LogDeliverySubscriber')).toMatchObject([{ Action: ['firehose:PutRecord', 'firehose:PutRecordBatch'], Resource: { 'Fn::GetAtt': [expect.stringMatching(/^LogDeliveryStream/), 'Arn'] } }]);
  expect(flat((trust('LogDeliverySubscriber') as { StringLike: { [key: string]: unknown } }).StringLike['aws:SourceArn'])).toBe('arn:<AWS::Partition>:logs:eu-west-1:111111111111:*');
  expect(trust('LogDeliveryRole')).toEqual({ StringEquals: { 'sts:ExternalId': '111111111111' } });
  const written = statementsOf(template(), 'LogDeliveryRole').filter(({ Action: action }) => ([] as string[]).concat(action).includes('s3:PutObject')).flatMap(({ Resource: resource }) => resource as unknown[]).map(flat);
  expect(written).toEqual([expect.stringMatching(/^<LogBucket.*>\/inference-log\/fraud\/Log\/records\/\*$/), expect.stringMatching(/\/errors\/\*$/)]);
});

test('queries are saved in a workgroup of their own, and may be granted', () => {
  const { stack, log, template } = logged({ maxScan: Size.gibibytes(1) });
  const role = new iam.Role(stack, 'Analyst', { assumedBy: new iam.AccountRootPrincipal() });
  log.grants.query(role);
  expect(Object.values(template().findResources('AWS::Athena::NamedQuery')).map(({ Properties: { Name: name } }) => String(name)).sort()).toEqual([
    'fraud: agreement by hour', 'fraud: latency by version', 'fraud: outcomes by version', 'fraud: worst disagreements',
  ]);
  template().hasResourceProperties('AWS::Athena::WorkGroup', { RecursiveDeleteOption: true, WorkGroupConfiguration: { EnforceWorkGroupConfiguration: true, BytesScannedCutoffPerQuery: 1_073_741_824 } });
  const actions = statementsOf(template(), 'Analyst').flatMap(({ Action: action }) => action);
  expect(actions).toEqual(expect.arrayContaining(['athena:StartQueryExecution', 'glue:GetTable', 's3:GetObject']));
  expect(actions.filter((action) => action.includes('*'))).toEqual([]);
});

test('failed deliveries have an alarm, and there are metrics', () => {
  logged().template().hasResourceProperties('AWS::CloudWatch::Alarm', { TreatMissingData: 'notBreaching', Threshold: 0 });
  logged({ deliveryAlarm: false }).template().resourceCountIs('AWS::CloudWatch::Alarm', 0);
  expect(logged().log.metrics.freshness()).toMatchObject({ namespace: 'AWS/Firehose', metricName: 'DeliveryToS3.DataFreshness', statistic: 'Maximum' });
  expect(logged().log.metrics.incomingBytes().metricName).toBe('IncomingBytes');
});

test('the alarm on failed deliveries tells whom alarmActions name', () => {
  const arn = 'arn:aws:sns:eu-west-1:111111111111:on-call';
  const alarmActions = [new SnsAction(Topic.fromTopicArn(newStack(), 'OnCall', arn))];
  expect(only(logged().template(), 'AWS::CloudWatch::Alarm').Properties).not.toHaveProperty('AlarmActions');
  logged({ alarmActions }).template().hasResourceProperties('AWS::CloudWatch::Alarm', { AlarmActions: [arn] });
  expect(() => logged({ deliveryAlarm: false, alarmActions })).toThrow(/alarmActions is given, but deliveryAlarm is false/);
});

test('removing a log removes all but its records', () => {
  const { template } = logged();
  const stack = newStack();
  newEndpoint(stack);
  const before = Template.fromStack(stack).toJSON() as { Resources: object };
  const after = template().toJSON() as { Resources: { [id: string]: { Type: string; DeletionPolicy?: string } } };
  const added = Object.entries(after.Resources).filter(([id]) => !(id in before.Resources));
  expect(added.every(([id]) => id.startsWith('Log'))).toBe(true);
  expect(added.filter(([, { DeletionPolicy: policy }]) => policy?.startsWith('Retain')).map(([, { Type: type }]) => type).sort()).toEqual(['AWS::S3::Bucket', 'AWS::S3::BucketPolicy']);
});

test('several logs, mirrors and a rollout in one stack', () => {
  const { stack, endpoint, template } = logged();
  endpoint.addAlias('beta', { model: inline('v1') });
  new InferenceLog(stack, 'Beta', { endpoint, aliases: ['beta'], sampleRate: 1 });
  const other = new Endpoint(stack, 'Churn', { model: inline('v1'), endpointName: 'churn' });
  new InferenceLog(stack, 'ChurnLog', { endpoint: other });
  new CanaryRollout(stack, 'Rollout', { endpoint, guardrails: [Guardrail.errorPercentAbove(1)] });
  const names = Object.values(template().findResources('AWS::Glue::Database')).map(({ Properties: { DatabaseInput: { Name: name } } }) => String(name));
  expect(new Set(names).size).toBe(3);
  expect(names.every((name) => /^[a-z0-9_]+$/.test(name))).toBe(true);
  expect(declared(template(), 'beta').log).toMatchObject({ sampleRate: 1 });
});

test('bodies without redaction are warned of', () => {
  expect(warnings(logged({ logRequests: true }).stack)).toContainEqual(expect.stringContaining('cdk-model-rollout:bodiesUnredacted'));
  expect(warnings(logged({ logRequests: true, redact: ['$.email'] }).stack)).not.toContainEqual(expect.stringContaining('bodiesUnredacted'));
  expect(warnings(logged().stack)).not.toContainEqual(expect.stringContaining('bodiesUnredacted'));
});

describe('fails at synthesis', () => {
  test.each<[string, Partial<InferenceLogProps>, RegExp]>([
    ['with a rate of 0', { sampleRate: 0 }, /sampleRate is 0, but must be above 0 and at most 1; 0\.1 logs one inference in ten/],
    ['with a rate above 1', { sampleRate: 1.5 }, /sampleRate is 1\.5/],
    ['with a rate that only the deployment knows', { sampleRate: Lazy.number({ produce: () => 1 }) }, /sampleRate is known only at deployment/],
    ['with a redaction that is no path', { redact: ['email', '$.a[?(@.b)]'] }, /redact has "email"[^]*redact has "\$\.a\[\?\(@\.b\)\]"/],
    ['with more redactions than a route holds', { redact: Array.from({ length: 300 }, (_, index) => `$.customers.field${index}`) }, /redact has \d+ characters, but may have 4000/],
    ['with a prediction at no place', { predictionPath: '$..label' }, /predictionPath is "\$\.\.label", which is not a definite JSON path/],
    ['with a prediction that is redacted', { predictionPath: '$.user.name', redact: ['$.user'] }, /redact covers it/],
    ['with a prediction that is redacted in a list', { predictionPath: '$.items[2].y', redact: ['$..y'] }, /redact covers it/],
    ['with bodies that no event holds', { logResponses: true, maxBodySize: Size.mebibytes(1) }, /maxBodySize is 1048576 bytes, but must be between 1 and 100000/],
    ['with a size of bodies that are not logged', { maxBodySize: Size.kibibytes(1) }, /no bodies are logged/],
    ['with an interval that makes small files', { bufferInterval: Duration.seconds(10) }, /bufferInterval is 10 s, but must be between 60 and 900/],
    ['with a retention of half a day', { retention: Duration.hours(36) }, /retention is 1\.5 days/],
    ['with no retention', { retention: Duration.hours(1) }, /retention is 3600 s, but must be between 86400/],
    ['with a bound that Athena refuses', { maxScan: Size.mebibytes(1) }, /maxScan is 1048576 bytes, but must be between 10000000/],
    ['with no alias', { aliases: [] }, /aliases is empty/],
    ['with an alias that is not there', { aliases: ['beta'] }, /alias "beta" is not declared; add it with addAlias before the log/],
    ['with an alias twice', { aliases: ['live', 'live'] }, /alias "live" has a log already/],
  ])('%s', (_, props, problem) => expect(() => logged(props)).toThrow(problem));

  test('with settings of a bucket that has its own', () => {
    const stack = newStack();
    const bucket = new s3.Bucket(stack, 'Mine', { encryptionKey: new kms.Key(stack, 'One') });
    expect(() => logged({ bucket, removalPolicy: RemovalPolicy.DESTROY, encryptionKey: new kms.Key(stack, 'Two') }, stack)).toThrow(/2 problems:[^]*another key[^]*removalPolicy is destroy/);
  });

  test('with a second log of an alias', () => {
    const { stack, endpoint } = logged();
    expect(() => new InferenceLog(stack, 'Second', { endpoint })).toThrow(/alias "live" has a log already; an inference is logged once/);
  });

  test('with an endpoint of another stack', () => {
    const stack = newStack();
    expect(() => new InferenceLog(newStack('Other'), 'Log', { endpoint: newEndpoint(stack) })).toThrow(/is in stack "Stack"/);
  });

  test('with more subscriptions than a log group can have, those of others included', () => {
    const { stack, endpoint, template } = logged();
    const router = stack.node.findAll().find((child): child is logs.LogGroup => child instanceof logs.LogGroup && child.node.path.includes('Router'))!;
    for (const id of ['One', 'Two']) {
      new logs.CfnSubscriptionFilter(stack, id, { logGroupName: router.logGroupName, filterPattern: '', destinationArn: 'arn:aws:lambda:eu-west-1:1:function:x' });
    }
    expect(endpoint.endpointName).toBe('fraud');
    expect(template).toThrow(/has 3 subscription filters, but AWS allows 2; give all aliases to one InferenceLog/);
  });
});
