import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { CanaryRollout, Model, ModelEndpoint, type ModelEndpointProps, ModelImage } from '../../lib';
import { hasOwnDisk, INSTANCE_TYPES } from '../../lib/model/instance-types';
import { customerKey } from '../templates/stacks';

interface Statement {
  readonly Action: string | string[];
  readonly Principal?: { readonly Service?: unknown };
  readonly Condition?: unknown;
}

const ENV = { account: '111111111111', region: 'eu-west-1' };
const newStack = (): Stack => new Stack(new App(), 'Stack', { env: ENV });
const model = (): Model => Model.lambdaFunction({ code: lambda.Code.fromInline('v1'), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X });
const image = (): ModelImage => ModelImage.fromUri(`111111111111.dkr.ecr.eu-west-1.amazonaws.com/models@sha256:${'0'.repeat(64)}`);
const endpointWith = (props: Partial<ModelEndpointProps>, stack = newStack()): Template => {
  new ModelEndpoint(stack, 'Fraud', { model: model(), ...props });
  return Template.fromStack(stack);
};
const digestOf = (template: Template): string | undefined =>
  /"version\\*":\\*"([0-9a-f]{64})/.exec(JSON.stringify(template.findResources('Custom::ModelRolloutRoute')))?.[1];
const problemOf = (define: () => unknown): string => {
  try {
    define();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

/** Where each kind of resource that keeps something names its key. */
const AT_REST: { readonly [type: string]: string } = {
  'AWS::Athena::WorkGroup': 'WorkGroupConfiguration.ResultConfiguration.EncryptionConfiguration.KmsKey',
  'AWS::DynamoDB::Table': 'SSESpecification.KMSMasterKeyId',
  'AWS::KinesisFirehose::DeliveryStream': 'DeliveryStreamEncryptionConfigurationInput.KeyARN',
  'AWS::Lambda::Function': 'KmsKeyArn',
  'AWS::Logs::LogGroup': 'KmsKeyId',
  'AWS::S3::Bucket': 'BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.KMSMasterKeyID',
  'AWS::SageMaker::EndpointConfig': 'KmsKeyId',
  'AWS::StepFunctions::StateMachine': 'EncryptionConfiguration.KmsKeyId',
};

/** What keeps nothing of callers, or cannot have a key. */
const KEEPS_NOTHING = [
  /^AWS::(?:ApiGateway|ApplicationAutoScaling|IAM|CloudFormation|CloudWatch|Events|Glue|KMS)::/, /^AWS::Lambda::(?:Permission|EventInvokeConfig)$/, /^AWS::Logs::(?:LogStream|SubscriptionFilter)$/, /^AWS::Athena::NamedQuery$/,
  /^AWS::S3::BucketPolicy$/, /^AWS::SageMaker::(?:Endpoint|Model)$/, /^Custom::/,
];

describe('one key on the endpoint', () => {
  const stack = customerKey(newStack(), (scope) => new kms.Key(scope, 'Mine'));
  const template = Template.fromStack(stack);
  const resources = Object.entries(template.toJSON().Resources as { [id: string]: { Type: string; Properties: unknown } });
  const keyId = resources.find(([, { Type: type }]) => type === 'AWS::KMS::Key')![0];
  const statementsOf = (id: RegExp): Statement[] =>
    resources.filter(([name]) => id.test(name)).flatMap(([, { Properties: properties }]) => statementsIn(properties));

  test.each(Object.keys(AT_REST))('encrypts every %s, those of rollouts, mirrors, feedback and logs too', (type) => {
    const found = resources.filter(([, each]) => each.Type === type);
    expect(found.length).toBeGreaterThan(0);
    for (const [id, { Properties: properties }] of found) {
      const key = AT_REST[type].split('.').reduce<unknown>((value, member) => (value as { [member: string]: unknown } | undefined)?.[member], properties);
      expect([id, JSON.stringify(key)]).toEqual([id, expect.stringContaining(keyId)]);
    }
  });

  test('leaves nothing out that keeps something', () => {
    const others = new Set(
      resources
        .map(([, { Type: type }]) => type)
        .filter((type) => !(type in AT_REST) && !KEEPS_NOTHING.some((pattern) => pattern.test(type))),
    );
    expect([...others]).toEqual([]);
  });

  test('lets services use it that work on their own, for what is the account\'s', () => {
    const services = statementsOf(new RegExp(`^${keyId}$`)).filter(({ Principal: principal }) => principal?.Service !== undefined);
    expect(services.map(({ Principal: principal, Condition: condition }) => [principal!.Service, condition])).toEqual([
      [{ 'Fn::Join': ['', ['logs.eu-west-1.', { Ref: 'AWS::URLSuffix' }]] }, { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':logs:eu-west-1:111111111111:log-group:*']] } } }],
      ['delivery.logs.amazonaws.com', { StringEquals: { 'kms:EncryptionContext:SourceArn': { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':logs:eu-west-1:111111111111:*']] } } }],
    ]);
    expect(services.flatMap(({ Action: actions }) => actions).filter((action) => action.includes('*'))).toEqual([]);
  });

  test.each([
    ['reads routes with it', /^FraudRouterFunctionRole.*DynamoDb/, 'kms:Decrypt', 'dynamodb'],
    ['writes bodies for mirrors with it', /^ShadowBodiesStore/, 'kms:GenerateDataKey', 's3'],
    ['takes bodies with it', /^ShadowBodiesTake/, 'kms:Decrypt', 's3'],
    ['counts a minute\'s requests with it', /^ShadowCount/, 'kms:Encrypt', 'dynamodb'],
    ['keeps rollouts with it', /^ModelRolloutControllerRole/, 'kms:Encrypt', 'dynamodb'],
    ['stops rollouts with it', /^ModelRolloutAbortRole/, 'kms:Encrypt', 'dynamodb'],
    ['shows rollouts with it', /^ReaderDefaultPolicy/, 'kms:Decrypt', 'dynamodb'],
  ])('whoever %s may use it through that service alone', (_, id, action, service) => {
    const found = statementsOf(id).filter(({ Action: actions, Condition: condition }) => [actions].flat().includes(action) && JSON.stringify(condition).includes('kms:ViaService'));
    expect(found.map(({ Condition: condition }) => condition)).toEqual([{ StringLike: { 'kms:ViaService': `${service}.eu-west-1.amazonaws.com*` } }]);
  });

  test('the table of routes gets it once routers and the gate may use it', () => {
    const [, table] = resources.find(([id]) => /^ModelRolloutRoutes/.test(id))! as unknown as [string, { DependsOn: string[] }];
    expect(table.DependsOn.map((id) => id.replace(/DynamoDb.*/, ''))).toEqual(expect.arrayContaining([expect.stringMatching(/^FraudRouter/), expect.stringMatching(/^FraudFeedback/), expect.stringMatching(/^ModelRolloutGate/)]));
  });
});

test('without a key nothing names one', () => {
  expect(JSON.stringify(endpointWith({}).toJSON())).not.toMatch(/kms|"SSE/i);
});

test('another key is another version, since SageMaker cannot change it in place', () => {
  const plain = digestOf(endpointWith({}));
  const encrypted = (key: (stack: Stack) => kms.IKey): string | undefined => {
    const stack = newStack();
    return digestOf(endpointWith({ encryptionKey: key(stack) }, stack));
  };
  const own = encrypted((stack) => new kms.Key(stack, 'Key'));
  expect(plain).toBeDefined();
  expect(new Set([plain, own, encrypted((stack) => kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:111111111111:key/a'))]).size).toBe(3);
});

test('a model\'s own key goes before the endpoint\'s', () => {
  const stack = newStack();
  const template = endpointWith({
    encryptionKey: new kms.Key(stack, 'Endpoint'),
    model: Model.lambdaFunction({ code: lambda.Code.fromInline('v1'), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X, environmentEncryption: new kms.Key(stack, 'Model') }),
  }, stack);
  const [[, fn]] = Object.entries(template.findResources('AWS::Lambda::Function')).filter(([id]) => id.startsWith('FraudVersions'));
  expect(JSON.stringify(fn.Properties.KmsKeyArn)).toMatch(/"Model[0-9A-F]{8}"/);
});

test('instances whose own disk is encrypted by hardware get no key, which SageMaker would refuse', () => {
  expect(INSTANCE_TYPES.filter(hasOwnDisk).map((type) => type.split('.')[1])).toEqual(expect.arrayContaining(['c5d', 'c6gd', 'g4dn', 'g5', 'g6e', 'm5d', 'p4d', 'p5en', 'r7gd', 'trn1']));
  expect(INSTANCE_TYPES.filter((type) => !hasOwnDisk(type)).map((type) => type.split('.')[1])).toEqual(expect.arrayContaining(['c4', 'c6i', 'c7g', 'inf2', 'm5', 'p2', 'p3', 'r6g', 't2']));
  const keys = (instanceType: string): unknown => {
    const stack = newStack();
    const template = endpointWith({ encryptionKey: new kms.Key(stack, 'Key'), model: Model.sageMaker({ image: image(), instanceType }) }, stack);
    return Object.values(template.findResources('AWS::SageMaker::EndpointConfig')).map(({ Properties: { KmsKeyId: key } }) => key !== undefined);
  };
  expect(keys('ml.g5.xlarge')).toEqual([false]);
  expect(keys('ml.m5.xlarge')).toEqual([true]);
});

test('endpoints of one stack share tables, and so a key', () => {
  const both = (one?: string, other?: string): string => problemOf(() => {
    const stack = newStack();
    const key = (id?: string): kms.IKey | undefined =>
      id === undefined ? undefined : ((stack.node.tryFindChild(id) as kms.IKey | undefined) ?? new kms.Key(stack, id));
    new ModelEndpoint(stack, 'A', { model: model(), encryptionKey: key(one) });
    const second = new ModelEndpoint(stack, 'B', { model: model(), encryptionKey: key(other) });
    new CanaryRollout(stack, 'Rollout', { endpoint: second });
  });
  expect(both('Key', 'Key')).toBe('');
  expect(both('Key', 'Other')).toMatch(/encryptionKey is Stack\/Other, but Stack\/Key for another endpoint of the stack, .*give both the same key/);
  expect(both(undefined, 'Key')).toMatch(/encryptionKey is Stack\/Key, but none for another endpoint/);
  expect(both('Key', undefined)).toMatch(/encryptionKey is none, but Stack\/Key for another endpoint/);
});

test('a key of another region is an error', () => {
  const stack = newStack();
  expect(problemOf(() => endpointWith({ encryptionKey: kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:us-east-1:111111111111:key/a') }, stack)))
    .toMatch(/encryptionKey is in us-east-1, but .* of eu-west-1 take only a key of their own region; give one in eu-west-1/);
});

test('an imported key\'s policy is not ours: a warning says what must be in it', () => {
  const stack = newStack();
  endpointWith({ encryptionKey: kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:111111111111:key/a') }, stack);
  const warnings = stack.node.findAll().flatMap(({ node }) => node.metadata).filter(({ type }) => type === 'aws:cdk:warning').map(({ data }) => String(data));
  expect(warnings).toEqual(expect.arrayContaining([
    expect.stringMatching(/encryptionKey arn:aws:kms:eu-west-1:111111111111:key\/a is imported, .*must let logs\.eu-west-1\.<AWS::URLSuffix> do kms:Decrypt, .* where kms:EncryptionContext:aws:logs:arn is arn:<AWS::Partition>:logs:eu-west-1:111111111111:log-group:\*, .*keyPolicy\]/),
  ]));
});

function statementsIn(value: unknown): Statement[] {
  if (value === null || typeof value !== 'object') {
    return [];
  }
  return 'Effect' in value && 'Action' in value ? [value as unknown as Statement] : Object.values(value).flatMap(statementsIn);
}
