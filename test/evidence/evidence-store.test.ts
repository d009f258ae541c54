import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Duration, type Stack } from 'aws-cdk-lib/core';
import { CanaryRollout, EvidenceStore, type EvidenceStoreProps, Model, ModelEndpoint, ModelPackage } from '../../lib';
import { packageContextKey, packageOfArn, pinOf } from '../../lib/core/registry/pinned-package';
import { modelPackage, packageArn } from '../fixtures/model-packages';
import { inline, newStack } from '../fixtures/stacks';

function stackWith(props: (stack: Stack) => EvidenceStoreProps = () => ({})): { stack: Stack; store: EvidenceStore } {
  const stack = newStack();
  const store = new EvidenceStore(stack, 'Evidence', props(stack));
  const endpoint = new ModelEndpoint(stack, 'Fraud', { endpointName: 'fraud', model: inline('v1') });
  new CanaryRollout(stack, 'Rollout', { endpoint, evidence: store });
  return { stack, store };
}

test('bucket and key of its own stay when the stack goes', () => {
  const template = Template.fromStack(stackWith().stack);
  const retained = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' };
  template.hasResource('AWS::KMS::Key', { ...retained, Properties: { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' } });
  template.hasResource('AWS::S3::Bucket', { ...retained, Properties: { VersioningConfiguration: { Status: 'Enabled' } } });
  template.hasResource('AWS::S3::BucketPolicy', retained);
});

test('the controller may put records of the alias and sign, and read nothing', () => {
  const { stack, store } = stackWith();
  const statements = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy')).flatMap(({ Properties: { PolicyDocument } }) =>
    (PolicyDocument as { Statement: { Action: string; Resource: unknown }[] }).Statement);
  const of = (service: string): unknown[] => statements.filter(({ Action: action }) => String(action).startsWith(`${service}:`));
  expect(of('s3')).toEqual([{
    Action: 's3:PutObject', Effect: 'Allow',
    Resource: { 'Fn::Join': ['', [{ 'Fn::GetAtt': [expect.stringMatching(/^EvidenceBucket/), 'Arn'] }, '/rollouts/fraud/live/*']] },
  }]);
  expect(of('kms')).toEqual([{ Action: 'kms:Sign', Effect: 'Allow', Resource: stack.resolve(store.signingKey.keyArn) as unknown }]);
});

test('the plan says where', () => {
  const route = Object.values(Template.fromStack(stackWith().stack).findResources('Custom::ModelRolloutRoute'))[0];
  expect(JSON.stringify(route.Properties.Plan)).toMatch(/\\"evidence\\":\{\\"bucket\\":.*\\"prefix\\":\\"rollouts\/\\".*\\"keyArn\\":/);
});

test('a lock and a retention are those of the bucket', () => {
  const { stack } = stackWith(() => ({
    objectLock: s3.ObjectLockRetention.compliance(Duration.days(2_555)), retention: Duration.days(3_650),
  }));
  Template.fromStack(stack).hasResourceProperties('AWS::S3::Bucket', {
    ObjectLockEnabled: true,
    ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 2_555 } } },
    LifecycleConfiguration: { Rules: [{ ExpirationInDays: 3_650, NoncurrentVersionExpiration: { NoncurrentDays: 1 } }] },
  });
});

test('bucket and keys may be given, and their encryption is used', () => {
  const key = 'arn:aws:kms:eu-west-1:222222222222:key/a';
  const { stack } = stackWith((scope) => ({
    bucket: s3.Bucket.fromBucketAttributes(scope, 'Audit', {
      bucketName: 'audit', encryptionKey: kms.Key.fromKeyArn(scope, 'Encryption', key),
    }),
    prefix: 'models/',
    signingKey: kms.Key.fromKeyArn(scope, 'Signing', 'arn:aws:kms:eu-west-1:222222222222:key/b'),
  }));
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::KMS::Key', 0);
  template.resourceCountIs('AWS::S3::Bucket', 0);
  const policies = JSON.stringify(template.findResources('AWS::IAM::Policy'));
  expect(policies).toContain(':s3:::audit/models/fraud/live/*');
  expect(policies).toContain(`"Action":"kms:GenerateDataKey","Condition":{"StringLike":{"kms:ViaService":`);
});

test('a reader may fetch, list and ask for the public key, and change nothing', () => {
  const { stack, store } = stackWith();
  store.grantRead(new iam.Role(stack, 'Auditor', { assumedBy: new iam.AccountRootPrincipal() }));
  Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
    PolicyName: Match.stringLikeRegexp('Auditor'),
    PolicyDocument: { Statement: [
      { Action: 's3:GetObject' },
      { Action: 's3:ListBucket', Condition: { StringLike: { 's3:prefix': 'rollouts/*' } } },
      { Action: 'kms:GetPublicKey' },
    ] },
  });
});

test('mistakes are told together', () => {
  expect(() => stackWith((scope) => ({
    bucket: s3.Bucket.fromBucketName(scope, 'Audit', 'audit'), prefix: '/rollouts', retention: Duration.hours(12), objectLock: s3.ObjectLockRetention.governance(Duration.days(30)),
  }))).toThrow(new RegExp([
    'objectLock is of the bucket that the evidence store defines, but bucket is given',
    'retention is of the bucket that the evidence store defines',
    'prefix of the evidence store is "/rollouts", but must end with a slash',
    'retention of the evidence store is 0.5 days, but must be whole days',
    'but objectLock keeps each object for 30',
  ].join('[^]*')));
});

test('the registry is told of the package that is rolled out, by a permission for that one', () => {
  const stack = newStack();
  stack.node.setContext(packageContextKey(packageOfArn(packageArn(7))!), pinOf(modelPackage(7)));
  const model = Model.fromModelPackage(ModelPackage.fromArn(packageArn(7)), { instanceType: 'ml.m5.large' });
  new CanaryRollout(stack, 'Rollout', { endpoint: new ModelEndpoint(stack, 'Fraud', { model }), updateModelPackage: true });
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::IAM::Policy', { PolicyDocument: { Statement: Match.arrayWith([
    { Action: ['sagemaker:DescribeModelPackage', 'sagemaker:UpdateModelPackage'], Effect: 'Allow', Resource: packageArn(7) },
  ]) } });
  expect(JSON.stringify(template.findResources('Custom::ModelRolloutRoute'))).toContain(`\\"modelPackage\\":\\"${packageArn(7)}\\"`);
});

test('there is no registry to tell of a model that comes from none', () => {
  const stack = newStack();
  expect(() => new CanaryRollout(stack, 'Rollout', {
    endpoint: new ModelEndpoint(stack, 'Fraud', { model: inline('v1') }), updateModelPackage: true,
  })).toThrow(/updateModelPackage is true, but the model that is rolled out is of no package of a model registry; take it from one/);
});
