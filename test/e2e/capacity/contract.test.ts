import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Template } from 'aws-cdk-lib/assertions';
import { App, Duration, Size, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { holdCapacity, raiseCapacity, releaseCapacity } from '../../../lambda/controller/capacity';
import type { RolloutState } from '../../../lib/core/rollout/state';
import type { Variant } from '../../../lib/core/routing/route';
import { BaseModel, Model, ModelArtifact, ModelImage, SharedCapacity, type SharedCapacityProps } from '../../../lib';
import { plan } from '../../fixtures/plan';
import { SharedFleet } from '../../fixtures/shared-fleet';
import { variant } from '../../fixtures/serving';
import { type Call, faults } from '../contract';

// What CloudFormation would ask SageMaker for, and what the controller asks, as AWS's own models of the services have it.

/** References as a deployment would have filled them in: with a name, or an address where a bucket is. */
function filledIn(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(filledIn);
  }
  if (value === null || typeof value !== 'object') {
    return value;
  }
  const members = Object.entries(value);
  if (members.length === 1 && (members[0][0] === 'Ref' || members[0][0].startsWith('Fn::'))) {
    return JSON.stringify(value).includes('s3://') ? 's3://bucket/key' : 'arn:aws:iam::111111111111:role/name'.slice(members[0][0] === 'Ref' ? 13 : 0);
  }
  return Object.fromEntries(members.map(([name, item]) => [name, filledIn(item)]));
}

function resourcesOf(props: Partial<SharedCapacityProps>, stack = new Stack(new App(), 'Stack', { env: { account: '111111111111', region: 'eu-west-1' } })): Call[] {
  const on = new SharedCapacity(stack, 'Gpus', { instanceTypes: ['ml.g5.12xlarge'], ...props });
  const image = ModelImage.fromUri(`111111111111.dkr.ecr.eu-west-1.amazonaws.com/llm@sha256:${'0'.repeat(64)}`);
  const artifact = ModelArtifact.fromBucket(s3.Bucket.fromBucketName(stack, 'Artifacts', 'artifacts'), 'llm/model.tar.gz');
  const size = { memorySize: Size.gibibytes(8), maxMemorySize: Size.gibibytes(16), accelerators: 1, cpus: 0.5 };
  const times = { modelDataDownloadTimeout: Duration.minutes(10), containerStartupTimeout: Duration.minutes(10) };
  const base = new BaseModel(stack, 'Base', { on, image, ...size });
  const invoker = new iam.Role(stack, 'Router', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  const scope = new Construct(stack, 'Endpoint');
  for (const model of [
    Model.sageMakerComponent({ on, image, artifact, environment: { THREADS: '4' }, ...size, ...times, copies: { min: 1, max: 4, initial: 0 } }),
    Model.sageMakerAdapter({ base, artifact }),
  ]) {
    expect(model.validate()).toEqual([]);
    model.bind(scope, { invoker });
  }
  const template = Template.fromStack(stack);
  const properties = (type: string): { readonly [name: string]: unknown }[] =>
    Object.values(template.findResources(type)).map(({ Properties: of }) => filledIn({ ...of, EndpointName: of.EndpointName === undefined ? undefined : 'gpus' }) as never);
  return [
    ...properties('AWS::SageMaker::InferenceComponent').map((input) => ({ operation: 'CreateInferenceComponent', input, output: {} })),
    ...properties('AWS::SageMaker::EndpointConfig').map(({ EndpointName: _, ...input }) => ({
      operation: 'CreateEndpointConfig', input: { EndpointConfigName: 'gpus', ...input, ExecutionRoleArn: 'arn:aws:iam::111111111111:role/sagemaker' }, output: {},
    })),
  ];
}

test('components, adapters and their capacity are what SageMaker takes', () => {
  const stack = new Stack(new App(), 'Private', { env: { account: '111111111111', region: 'eu-west-1' } });
  const calls = [
    ...resourcesOf({ instances: { min: 0, max: 4 } }),
    ...resourcesOf({ instanceTypes: ['ml.g6.12xlarge', 'ml.g5.12xlarge'], provisionTimeout: Duration.minutes(20) }),
    ...resourcesOf({
      instanceTypes: ['ml.p3.2xlarge'], networkIsolation: true, volumeSize: Size.gibibytes(100), vpc: new ec2.Vpc(stack, 'Vpc'),
      encryptionKey: kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:111111111111:key/a'),
    }, stack),
  ];
  expect(calls).toHaveLength(12);
  expect(faults(calls)).toEqual([]);
});

test('so are all calls of the controller, and what the tests let them answer', async () => {
  const fleet = new SharedFleet(() => 1_700_000_000_000, () => 4);
  fleet.add('v1', { present: 3, min: 1, max: 4 });
  fleet.add('v2', { present: 1, min: 1, max: 4 });
  const at = (inferenceComponent: string): Variant =>
    variant(inferenceComponent, { target: { kind: 'sagemaker-component', endpointName: 'gpus', inferenceComponent, maxRequestBytes: 1 } });
  const state = { plan: plan({ capacity: { min: 1, max: 4 } }), production: at('v1'), candidate: at('v2'), startedAt: fleet.now() } as unknown as RolloutState;
  await holdCapacity(state, fleet);
  await raiseCapacity(state, 100, fleet);
  await releaseCapacity(state, fleet);
  const calls = fleet.calls.map(({ output, ...call }) => {
    const now = '2026-11-28T00:00:00Z';
    // What the tests leave out of answers, because nobody reads it.
    const complete = call.operation === 'DescribeInferenceComponent' ? { ...output, CreationTime: now, LastModifiedTime: now } : output;
    return { ...call, output: complete };
  });
  expect(new Set(calls.map(({ operation }) => operation))).toEqual(new Set([
    'DescribeInferenceComponent', 'DescribeScheduledActions', 'DescribeScalableTargets', 'PutScheduledAction', 'RegisterScalableTarget', 'DeleteScheduledAction',
  ]));
  expect(faults(calls)).toEqual([]);
});
