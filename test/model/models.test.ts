import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { App, CfnParameter, Duration, Size, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { Model, ModelArtifact, ModelContract, ModelImage, type SageMakerModelProps } from '../../lib';

const newStack = (): Stack => new Stack(new App(), 'Stack', { env: { account: '111111111111', region: 'eu-west-1' } });

/** Bind models as an endpoint would. */
function bind(stack: Stack, ...models: Model[]): Template {
  const scope = new Construct(stack, 'Endpoint');
  const invoker = new iam.Role(stack, 'Router', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  for (const model of models) {
    expect(model.validate()).toEqual([]);
    model.bind(scope, { invoker });
  }
  return Template.fromStack(stack);
}

const code = (): lambda.Code => lambda.Code.fromInline('exports.handler = async (event) => event;');
const fn = (props: Partial<Parameters<typeof Model.lambda>[0]> = {}): Model =>
  Model.lambda({ code: code(), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X, ...props });
const serverless = (props: Partial<Parameters<typeof Model.sageMakerServerless>[0]> = {}): Model =>
  Model.sageMakerServerless({ image: ModelImage.fromUri('image@sha256:1'), ...props });
const instances = (props: Partial<SageMakerModelProps> = {}): Model =>
  Model.sageMaker({ image: ModelImage.fromUri('image@sha256:1'), instanceType: 'ml.m5.large', ...props });

describe('Model.lambda', () => {
  test('is a function with a role that may only write its own log', () => {
    const template = bind(newStack(), fn());
    template.hasResourceProperties('AWS::Lambda::Function', { MemorySize: 1024, Timeout: 29, LoggingConfig: Match.anyValue() });
    template.resourceCountIs('AWS::Lambda::Version', 0);
    expect(JSON.stringify(template.findResources('AWS::IAM::Role'))).not.toContain('ManagedPolicyArns');
  });

  test.each([
    ['provisioned concurrency', { provisionedConcurrency: 2 }],
    ['a snapshot', { snapStart: lambda.SnapStartConf.ON_PUBLISHED_VERSIONS, runtime: lambda.Runtime.PYTHON_3_13 }],
  ])('with %s has a published version, which is what the router may call', (_, props) => {
    const template = bind(newStack(), fn(props));
    const [version] = Object.keys(template.findResources('AWS::Lambda::Version'));
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: [{ Action: 'lambda:InvokeFunction', Effect: 'Allow', Resource: { Ref: version } }] },
    });
  });

  test.each<[string, Partial<Parameters<typeof Model.lambda>[0]>]>([
    ['code', { code: lambda.Code.fromInline('exports.handler = async () => 1;') }],
    ['memory', { memorySize: 2048 }],
    ['time-out', { timeout: Duration.seconds(5) }],
    ['environment', { environment: { A: '1' } }],
    ['architecture', { architecture: lambda.Architecture.ARM_64 }],
    ['contract', { contract: ModelContract.HTTP }],
    ['storage', { ephemeralStorageSize: Size.gibibytes(1) }],
    ['runtime', { runtime: lambda.Runtime.NODEJS_22_X }],
    ['permissions', { initialPolicy: [new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::b/k'] })] }],
  ])('another %s is another version', (_, change) => {
    const template = bind(newStack(), fn(), fn(change));
    template.resourceCountIs('AWS::Lambda::Function', 2);
  });

  test('the same settings are the same version, and log retention is not one of them', () => {
    bind(newStack(), fn(), fn(), fn({ logRetention: 7 })).resourceCountIs('AWS::Lambda::Function', 1);
  });

  test('code from a folder can serve two endpoints of a stack', () => {
    const folder = mkdtempSync(join(tmpdir(), 'code-'));
    writeFileSync(join(folder, 'index.js'), 'exports.handler = async () => 1;');
    const model = fn({ code: lambda.Code.fromAsset(folder) });
    const stack = newStack();
    const invoker = new iam.Role(stack, 'Router', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    const digests = ['A', 'B'].map((id) => model.bind(new Construct(stack, id), { invoker }).digest);
    expect(new Set(digests).size).toBe(1);
    Template.fromStack(stack).resourceCountIs('AWS::Lambda::Function', 2);
  });

  test.each<[Partial<Parameters<typeof Model.lambda>[0]>, RegExp]>([
    [{ memorySize: 127 }, /memorySize .* is 127 MiB, but must be between 128 and 10240/],
    [{ memorySize: 10_241 }, /10241/],
    [{ memorySize: 128.5 }, /whole number/],
    [{ ephemeralStorageSize: Size.mebibytes(511) }, /511 MiB, but must be between 512/],
    [{ timeout: Duration.minutes(16) }, /960 s, but must be between 1 and 900/],
    [{ provisionedConcurrency: 0 }, /provisionedConcurrency .* is 0/],
    [{ provisionedConcurrency: 5, reservedConcurrency: 4 }, /5, more than its reservedConcurrency of 4/],
    [{ snapStart: lambda.SnapStartConf.ON_PUBLISHED_VERSIONS }, /no snapStart/],
    [{ runtime: lambda.Runtime.PYTHON_3_13, snapStart: lambda.SnapStartConf.ON_PUBLISHED_VERSIONS, provisionedConcurrency: 1 }, /choose one/],
    [{ runtime: lambda.Runtime.PYTHON_3_13, snapStart: lambda.SnapStartConf.ON_PUBLISHED_VERSIONS, ephemeralStorageSize: Size.gibibytes(1) }, /snapStart allows 512/],
    [{ securityGroups: [] }, /without a vpc/],
  ])('fails for %j', (props, message) => expect(fn(props).validate().join('\n')).toMatch(message));

  test('takes numbers and names that are known only at deployment, if a label tells the version', () => {
    const stack = newStack();
    const number = (id: string): number => new CfnParameter(stack, id, { type: 'Number' }).valueAsNumber;
    const template = bind(stack, fn({
      memorySize: number('Memory'), timeout: Duration.seconds(number('Seconds')), ephemeralStorageSize: Size.mebibytes(number('Storage')),
      reservedConcurrency: number('Reserved'), environment: { TABLE: new CfnParameter(stack, 'Table').valueAsString }, version: '2026-11',
    }));
    template.hasResourceProperties('AWS::Lambda::Function', {
      MemorySize: { Ref: 'Memory' }, Timeout: { Ref: 'Seconds' }, EphemeralStorage: { Size: { Ref: 'Storage' } },
      ReservedConcurrentExecutions: { Ref: 'Reserved' }, Environment: { Variables: { TABLE: { Ref: 'Table' } } },
    });
  });

  test('in a network may make its interfaces', () => {
    const stack = newStack();
    const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
    const template = bind(stack, fn({ vpc }));
    template.hasResourceProperties('AWS::Lambda::Function', { VpcConfig: Match.objectLike({ SubnetIds: Match.anyValue() }) });
    template.hasResourceProperties('AWS::IAM::Role', {
      Policies: [{
        PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: Match.arrayWith(['ec2:CreateNetworkInterface']), Resource: '*' })]) },
      }],
    });
    // The managed policy for this would also let it write anybody's logs.
    expect(JSON.stringify(template.findResources('AWS::IAM::Role'))).not.toContain('ManagedPolicyArns');
  });
});

describe('Model.lambdaImage', () => {
  const repository = (stack: Stack): ecr.IRepository => ecr.Repository.fromRepositoryName(stack, 'Repo', 'models');

  test('is a function from an image', () => {
    const stack = newStack();
    const template = bind(stack, Model.lambdaImage({ repository: repository(stack), tagOrDigest: 'sha256:1', cmd: ['app.main'] }));
    template.hasResourceProperties('AWS::Lambda::Function', { PackageType: 'Image', ImageConfig: { Command: ['app.main'] } });
    expect(Annotations.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
  });

  test('a tag gives a warning', () => {
    const stack = newStack();
    bind(stack, Model.lambdaImage({ repository: repository(stack), tagOrDigest: 'v1' }));
    Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('is named by a tag'));
  });

  test.each([[{}], [{ directory: '.', repository: {} as ecr.IRepository }]])('fails for %j', (props) =>
    expect(Model.lambdaImage(props).validate()).toEqual([expect.stringContaining('either directory or repository')]));
});

describe('Model.existingFunction', () => {
  test('only gives the permission, on exactly what is named', () => {
    const stack = newStack();
    const arn = 'arn:aws:lambda:eu-west-1:111111111111:function:fraud:7';
    const template = bind(stack, Model.existingFunction(lambda.Function.fromFunctionArn(stack, 'Fn', arn)));
    template.resourceCountIs('AWS::Lambda::Function', 0);
    template.hasResourceProperties('AWS::IAM::Policy', { PolicyDocument: { Statement: [{ Action: 'lambda:InvokeFunction', Effect: 'Allow', Resource: arn }] } });
  });
});

describe('Model.existingSageMakerEndpoint', () => {
  test('only gives the permission, on exactly what is named', () => {
    const template = bind(newStack(), Model.existingSageMakerEndpoint('Fraud-Prod', { targetVariant: 'blue' }));
    expect(JSON.stringify(template.findResources('AWS::IAM::Policy'))).toContain(':sagemaker:eu-west-1:111111111111:endpoint/fraud-prod');
  });

  test.each(['a_b', '-a', 'a'.repeat(64), ''])('fails for the name %j', (name) =>
    expect(Model.existingSageMakerEndpoint(name).validate()).toEqual([expect.stringMatching(/the name of the existing SageMaker endpoint is/)]));
});

describe('Model.sageMaker', () => {
  test('is a model, a configuration and an endpoint, all named by the digest, with a role that may do no more than it must', () => {
    const stack = newStack();
    const bucket = s3.Bucket.fromBucketName(stack, 'Bucket', 'artifacts');
    const template = bind(stack, Model.sageMaker({
      image: ModelImage.fromEcr(ecr.Repository.fromRepositoryName(stack, 'Repo', 'models'), 'sha256:1'),
      artifact: ModelArtifact.fromBucket(bucket, 'v3/model.tar.gz'),
      instanceType: 'ml.g5.xlarge',
      environment: { THREADS: '4' },
      networkIsolation: true,
      encryptionKey: new kms.Key(stack, 'Key'),
    }));
    const [endpoint] = Object.values(template.findResources('AWS::SageMaker::Endpoint'));
    const name = endpoint.Properties.EndpointName as string;
    expect(name).toMatch(/^stack-endpoint.*-[0-9a-f]{12}$/);
    expect(name.length).toBeLessThanOrEqual(63);
    expect(endpoint.Properties.RetainAllVariantProperties).toBe(true);
    template.hasResourceProperties('AWS::SageMaker::Model', {
      ModelName: name, EnableNetworkIsolation: true, PrimaryContainer: { ModelDataUrl: 's3://artifacts/v3/model.tar.gz', Environment: { THREADS: '4' } },
    });
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      EndpointConfigName: name,
      KmsKeyId: Match.anyValue(),
      ProductionVariants: [{ VariantName: 'AllTraffic', InstanceType: 'ml.g5.xlarge', InitialInstanceCount: 1, InitialVariantWeight: 1 }],
    });
    template.resourceCountIs('AWS::ApplicationAutoScaling::ScalableTarget', 0);
    const policies = JSON.stringify(template.findResources('AWS::IAM::Policy'));
    expect(policies).toContain('arn:aws:s3:::artifacts/v3/model.tar.gz'.split(':::')[1]);
    expect(policies).toContain(`/aws/sagemaker/Endpoints/${name}`);
  });

  test('scales between its limits, which are changed in place', () => {
    const at = (max: number): Template => bind(newStack(), instances({ instances: { min: 2, max, invocationsPerInstance: 600 } }));
    at(8).hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', {
      MinCapacity: 2, MaxCapacity: 8, ScalableDimension: 'sagemaker:variant:DesiredInstanceCount', ServiceNamespace: 'sagemaker',
    });
    at(8).hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      TargetTrackingScalingPolicyConfiguration: { TargetValue: 600, PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' } },
    });
    expect(Object.keys(at(8).toJSON().Resources as object)).toEqual(Object.keys(at(20).toJSON().Resources as object));
  });

  test('with limits that are known only at deployment scales too', () => {
    const stack = newStack();
    const max = new CfnParameter(stack, 'Max', { type: 'Number' }).valueAsNumber;
    bind(stack, instances({ instances: { min: 1, max } })).hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MaxCapacity: { Ref: 'Max' } });
    const fixed = newStack();
    const min = new CfnParameter(fixed, 'Min', { type: 'Number' }).valueAsNumber;
    bind(fixed, instances({ instances: { min }, version: '1' })).resourceCountIs('AWS::ApplicationAutoScaling::ScalableTarget', 0);
  });

  test('keeps requests and answers where it is told to', () => {
    const stack = newStack();
    const bucket = s3.Bucket.fromBucketName(stack, 'Captured', 'captured');
    const template = bind(stack, instances({ dataCapture: { bucket, prefix: 'fraud', samplingPercentage: 20, encryptionKey: new kms.Key(stack, 'Key') } }));
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      DataCaptureConfig: { EnableCapture: true, InitialSamplingPercentage: 20, DestinationS3Uri: 's3://captured/fraud' },
    });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          { Action: 's3:PutObject', Effect: 'Allow', Resource: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':s3:::captured/fraud/*']] } },
          Match.objectLike({ Action: ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey'] }),
        ]),
      },
    });
  });

  test('in a network is in its subnets', () => {
    const stack = newStack();
    const template = bind(stack, instances({ vpc: new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 }) }));
    template.hasResourceProperties('AWS::SageMaker::Model', { VpcConfig: { Subnets: Match.anyValue(), SecurityGroupIds: Match.anyValue() } });
  });

  test.each<[Partial<SageMakerModelProps>, RegExp]>([
    [{ instanceType: 'ml.g5.small' }, /instanceType is "ml.g5.small", which SageMaker is not known to offer; choose one such as ml.g5/],
    [{ instanceType: 'm5.large' }, /choose one such as ml.m5.large/],
    [{ instances: { min: 3, max: 2 } }, /instances.min is 3, more than instances.max, which is 2/],
    [{ instances: { min: 0 } }, /instances.min .* is 0/],
    [{ instanceType: 'ml.t2.medium', instances: { min: 1, max: 2 } }, /cannot be scaled/],
    [{ volumeSize: Size.gibibytes(513) }, /513 GiB, but must be between 1 and 512/],
    [{ modelDataDownloadTimeout: Duration.seconds(59) }, /59 s, but must be between 60 and 3600/],
    [{ containerStartupTimeout: Duration.hours(2) }, /7200 s/],
    [{ dataCapture: { bucket: {} as s3.IBucket, samplingPercentage: 101 } }, /101 %/],
  ])('fails for %j', (props, message) => expect(instances(props).validate().join('\n')).toMatch(message));

  test('a type that is newer than this release can be allowed', () => {
    expect(instances({ instanceType: 'ml.z99.large', allowUnknownInstanceType: true }).validate()).toEqual([]);
  });
});

describe('Model.sageMakerServerless', () => {
  test('has no instances', () => {
    bind(newStack(), serverless({ memorySize: Size.gibibytes(4), maxConcurrency: 50, provisionedConcurrency: 5 })).hasResourceProperties(
      'AWS::SageMaker::EndpointConfig',
      { ProductionVariants: [{ ServerlessConfig: { MemorySizeInMB: 4096, MaxConcurrency: 50, ProvisionedConcurrency: 5 }, InstanceType: Match.absent() }] },
    );
  });

  test.each<[Partial<Parameters<typeof Model.sageMakerServerless>[0]>, RegExp]>([
    [{ memorySize: Size.mebibytes(1536) }, /1536 MiB, but must be 1024, 2048/],
    [{ memorySize: Size.gibibytes(7) }, /needs instances/],
    [{ maxConcurrency: 201 }, /201 requests, but must be between 1 and 200/],
    [{ provisionedConcurrency: 30 }, /30, more than maxConcurrency, which is 20/],
  ])('fails for %j', (props, message) => expect(serverless(props).validate().join('\n')).toMatch(message));
});
