import * as iam from 'aws-cdk-lib/aws-iam';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { Model, ModelPackage, type ModelPackageOptions } from '../../lib';
import { type DescribedPackage, pinOf } from '../../lib/core/registry/pinned-package';
import { modelPackage, packageArn } from '../fixtures/model-packages';

const KEY = 'cdk-model-rollout:model-package:account=111111111111:region=eu-west-1:group=fraud';
const ENV = { account: '111111111111', region: 'eu-west-1' };

interface Case {
  readonly kept?: unknown;
  readonly source?: ModelPackage;
  readonly options?: Partial<ModelPackageOptions>;
  readonly env?: typeof ENV;
}

/** The app's context is what the command keeps there. */
function bound({ kept, source = ModelPackage.newestApproved('fraud'), options, env }: Case): { stack: Stack; digest: string } {
  const stack = new Stack(new App({ context: kept === undefined ? {} : { [KEY]: kept } }), 'Stack', { env });
  const invoker = new iam.Role(stack, 'Router', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  const model = Model.fromModelPackage(source, { instanceType: 'ml.m5.large', ...options });
  expect(model.validate()).toEqual([]);
  return { stack, digest: model.bind(new Construct(stack, 'Endpoint'), { invoker }).digest };
}

const served = (described: DescribedPackage, more: Partial<Case> = {}): ReturnType<typeof bound> =>
  bound({ kept: pinOf(described), env: ENV, ...more });

test('image, artifact and environment are those of the package, by digest', () => {
  const { stack } = served(modelPackage(7), { options: { environment: { WORKERS: '2' } } });
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::SageMaker::Model', { PrimaryContainer: {
    Image: `111111111111.dkr.ecr.eu-west-1.amazonaws.com/fraud@sha256:${'7'.repeat(64)}`,
    ModelDataUrl: 's3://registry/fraud/7/model.tar.gz',
    Environment: { THRESHOLD: '0.5', WORKERS: '2' },
  } });
  const policies = JSON.stringify(template.findResources('AWS::IAM::Policy'));
  expect(policies).toContain(':s3:::registry/fraud/7/model.tar.gz');
  expect(policies).toContain('repository/fraud');
  Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
});

test('the package, its content and what you set are the version', () => {
  const digests = [
    served(modelPackage(7)),
    served({ ...modelPackage(7), ModelPackageArn: packageArn(8) }),
    served({ ...modelPackage(7), InferenceSpecification: {
      Containers: [{ ...modelPackage(7).InferenceSpecification!.Containers![0], ModelDataETag: 'another' }],
    } }),
    served(modelPackage(7), { options: { environment: { WORKERS: '2' } } }),
  ].map(({ digest }) => digest);
  expect(new Set(digests).size).toBe(4);
  expect(served(modelPackage(7)).digest).toBe(digests[0]);
});

test('approval is no part of the version: what was looked up again is no rollout', () => {
  expect(served(modelPackage(7, { ModelLifeCycle: { Stage: 'Production' } })).digest).toBe(served(modelPackage(7)).digest);
});

test('an image that the registry names by a tag only gives a warning', () => {
  const { stack } = served(modelPackage(7, { InferenceSpecification: { Containers: [{ Image: '111111111111.dkr.ecr.eu-west-1.amazonaws.com/fraud:latest' }] } }));
  Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('named by a tag'));
});

test.each<[string, Case, RegExp]>([
  [
    'a package that was not looked up', { env: ENV },
    /group "fraud" \(111111111111, eu-west-1\) is not in the app's context; look it up with npx model-rollout registry --group fraud --region eu-west-1 and commit cdk\.context\.json/,
  ],
  [
    'one by ARN that was not looked up', { source: ModelPackage.fromArn(packageArn(7)) },
    /model-package\/fraud\/7 is not in the app's context; look it up with npx model-rollout registry --package arn/,
  ],
  [
    'an unapproved package', { env: ENV, kept: pinOf(modelPackage(7, { ModelApprovalStatus: 'PendingManualApproval' })) },
    /is PendingManualApproval, not Approved; approve it in the registry or choose another, then run npx model-rollout registry --group fraud --region eu-west-1 --renew/,
  ],
  ['a rejected package', { env: ENV, kept: pinOf(modelPackage(7, { ModelApprovalStatus: 'Rejected' })) }, /is Rejected, not Approved/],
  ['an archived package', { env: ENV, kept: pinOf(modelPackage(7, { ModelLifeCycle: { Stage: 'Archived' } })) }, /is archived \(stage "Archived"\)/],
  ['a stack that may be anywhere', {}, /account and region are known only at deployment; give the stack an env/],
  ['something else in the context', { env: ENV, kept: 'fraud' }, /is not a model package; look it up anew with .* --renew/],
  [
    'an instance type that the package is not for', { env: ENV, kept: pinOf(modelPackage(7)), options: { instanceType: 'ml.g5.xlarge' } },
    /instanceType is "ml\.g5\.xlarge", but model package .* is for ml\.m5\.large, ml\.c6i\.xlarge; choose one/,
  ],
  ['a name that is none', { env: ENV, source: ModelPackage.newestApproved('fraud models') }, /neither a name nor an ARN/],
  ['an ARN of something else', { source: ModelPackage.fromArn('arn:aws:s3:::fraud') }, /not an ARN of a package that is known at synthesis/],
])('%s is refused at synthesis, with the way out', (_, given, message) => {
  expect(() => bound(given)).toThrow(message);
});

test('the ARN of a group is looked for where it is, whatever the stack is', () => {
  const source = ModelPackage.newestApproved('arn:aws:sagemaker:eu-west-1:111111111111:model-package-group/fraud');
  expect(bound({ source, kept: pinOf(modelPackage(7)) }).digest).toHaveLength(64);
});

test('settings are checked as those of any model on instances', () => {
  const model = Model.fromModelPackage(ModelPackage.newestApproved('fraud'), { instanceType: 'm5.large', instances: { min: 3, max: 2 } });
  expect(model.validate()).toEqual([expect.stringContaining('instanceType'), expect.stringContaining('instances.min')]);
});
