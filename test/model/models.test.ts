import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { App, Aws, CfnParameter, Duration, Size, Stack, Stage, Token } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { Model, ModelArtifact, ModelContract, ModelEndpoint, ModelImage, type SageMakerModelOptions } from '../../lib';
import { bind } from '../fixtures/bound-models';

const newStack = (): Stack => new Stack(new App(), 'Stack', { env: { account: '111111111111', region: 'eu-west-1' } });

const code = (): lambda.Code => lambda.Code.fromInline('exports.handler = async (event) => event;');
const fn = (props: Partial<Parameters<typeof Model.lambdaFunction>[0]> = {}): Model =>
  Model.lambdaFunction({ code: code(), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X, ...props });
const serverless = (props: Partial<Parameters<typeof Model.sageMakerServerless>[0]> = {}): Model =>
  Model.sageMakerServerless({ image: ModelImage.fromUri('image@sha256:1'), ...props });
const instances = (props: Partial<SageMakerModelOptions> = {}): Model =>
  Model.sageMaker({ image: ModelImage.fromUri('image@sha256:1'), instanceType: 'ml.m5.large', ...props });

describe('Model.lambdaFunction', () => {
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
    const [{ Properties: { FunctionName: name } }] = Object.values(template.findResources('AWS::Lambda::Function'));
    template.resourceCountIs('AWS::Lambda::Version', 1);
    // What follows the name in the version's ARN is its number.
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: [{
        Action: 'lambda:InvokeFunction', Effect: 'Allow',
        Resource: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:lambda:eu-west-1:111111111111:function:${(name as string).slice(0, -12)}*`]] },
      }] },
    });
  });

  test('leaves its log behind, under a name that CloudFormation makes, so that a rejected version can be looked at and come again', () => {
    const [log] = Object.values(bind(newStack(), fn({ logRetention: 7 })).findResources('AWS::Logs::LogGroup'));
    expect(log).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain', Properties: { RetentionInDays: 7 } });
    expect(log.Properties).not.toHaveProperty('LogGroupName');
  });

  test.each([
    ['that of the endpoint', 10, 10], ['whole seconds of it', 2.5, 2], ['no less than a second', 0.5, 1], ['no more than a function may have', 1_200, 900],
  ])('has as its time-out %s, if the model has none', (_, endpoint, seconds) => {
    const stack = newStack();
    const invoker = new iam.Role(stack, 'Router', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    expect(fn().bind(new Construct(stack, 'Versions'), { invoker, timeout: Duration.millis(1_000 * endpoint) }).timeout.toSeconds()).toBe(seconds);
  });

  test.each<[string, Partial<Parameters<typeof Model.lambdaFunction>[0]>]>([
    ['code', { code: lambda.Code.fromInline('exports.handler = async () => 1;') }],
    ['memory', { memorySize: 2048 }],
    ['time-out', { timeout: Duration.seconds(5) }],
    ['environment', { environment: { THREADS: '1' } }],
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

  test.each<[string, Model, RegExp]>([
    ['a name of one letter', fn({ environment: { N: '1' } }), /environment of .* has a variable "N", but a name is a letter and then one or more/],
    ['a name with a hyphen', fn({ environment: { 'MAX-TOKENS': '1' } }), /has a variable "MAX-TOKENS"/],
    ['a name of Lambda itself', fn({ environment: { AWS_REGION: 'eu-west-1' } }), /has "AWS_REGION", which Lambda sets itself; take another name/],
    ['a name that SageMaker refuses', instances({ environment: { '1ST': '1' } }), /environment of the SageMaker model has a variable "1ST"/],
    ['a name that SageMaker refuses, serverless', serverless({ environment: { 'a b': '1' } }), /environment of the serverless model has a variable "a b"/],
  ])('fails for variables with %s', (_, model, told) => {
    expect(model.validate().join('\n')).toMatch(told);
  });

  test('may have variables of one letter in a container of SageMaker', () => {
    expect(instances({ environment: { N: '1', _x: '2' } }).validate()).toEqual([]);
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

  test.each<[Partial<Parameters<typeof Model.lambdaFunction>[0]>, RegExp]>([
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

describe('Model.fromFunction', () => {
  test('fails for a function of another region', () => {
    const stack = newStack();
    const far = lambda.Function.fromFunctionArn(stack, 'Fn', 'arn:aws:lambda:us-east-1:111111111111:function:fraud:7');
    expect(() => bind(stack, Model.fromFunction(far))).toThrow(/is in us-east-1, but the router that would invoke it is in eu-west-1; deploy the function there/);
  });

  test('only gives the permission, on exactly what is named', () => {
    const stack = newStack();
    const arn = 'arn:aws:lambda:eu-west-1:111111111111:function:fraud:7';
    const template = bind(stack, Model.fromFunction(lambda.Function.fromFunctionArn(stack, 'Fn', arn)));
    template.resourceCountIs('AWS::Lambda::Function', 0);
    template.hasResourceProperties('AWS::IAM::Policy', { PolicyDocument: { Statement: [{ Action: 'lambda:InvokeFunction', Effect: 'Allow', Resource: arn }] } });
  });
});

describe('Model.fromSageMakerEndpointName', () => {
  test('only gives the permission, on exactly what is named', () => {
    const template = bind(newStack(), Model.fromSageMakerEndpointName('Fraud-Prod', { targetVariant: 'blue' }));
    expect(JSON.stringify(template.findResources('AWS::IAM::Policy'))).toContain(':sagemaker:eu-west-1:111111111111:endpoint/fraud-prod');
  });

  test.each(['a_b', '-a', 'a'.repeat(64), ''])('fails for the name %j', (name) =>
    expect(Model.fromSageMakerEndpointName(name).validate()).toEqual([expect.stringMatching(/the name of the existing SageMaker endpoint is/)]));
});

describe('ModelImage.fromUri', () => {
  /** What the model's role may do in Amazon ECR, by repository. */
  const pulls = (imageUri: (stack: Stack) => string): unknown[] => {
    const stack = newStack();
    return Object.values(
      bind(stack, serverless({ image: ModelImage.fromUri(imageUri(stack)), version: '1' })).findResources('AWS::IAM::Policy'),
    )
      .flatMap(
        (policy) =>
          (policy.Properties as { PolicyDocument: { Statement: { Action: string[]; Resource: unknown }[] } }).PolicyDocument.Statement,
      )
      .filter(({ Action: actions }) => actions.includes('ecr:BatchGetImage'))
      .map(({ Action: actions, Resource: resource }) => [actions, resource]);
  };
  const PULL = ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'];
  const repository = (account: string, name: string): unknown => ({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:ecr:eu-west-1:${account}:repository/${name}`]] });

  test.each([
    ['of SageMaker\'s own', '763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-inference:2.3-cpu-py311', '763104351884', 'pytorch-inference'],
    ['of this account, by digest', `111111111111.dkr.ecr.eu-west-1.amazonaws.com/models/fraud@sha256:${'0'.repeat(64)}`, '111111111111', 'models/fraud'],
    ['of another account', '222222222222.dkr.ecr.eu-west-1.amazonaws.com/models.fraud', '222222222222', 'models.fraud'],
    ['at a FIPS address', '222222222222.dkr.ecr-fips.eu-west-1.amazonaws.com/x:y', '222222222222', 'x'],
    ['at a dual-stack address', '222222222222.dkr-ecr.eu-west-1.on.aws/x:y', '222222222222', 'x'],
    ['behind a pull-through cache', '111111111111.dkr.ecr.eu-west-1.amazonaws.com/ecr-public/nginx/nginx:1', '111111111111', 'ecr-public/nginx/nginx'],
  ])('lets the model\'s role pull an image %s', (_, uri, account, name) => expect(pulls(() => uri)).toEqual([[PULL, repository(account, name)]]));

  test('lets it pull an image whose address has tokens', () => {
    const [[, resource]] = pulls((stack) => `${stack.account}.dkr.ecr.${Aws.REGION}.${Aws.URL_SUFFIX}/${new ecr.Repository(stack, 'Models').repositoryName}:v1`) as [unknown, unknown][];
    expect(resource).toEqual({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':ecr:', { Ref: 'AWS::Region' }, ':111111111111:repository/', { Ref: expect.stringMatching(/^Models/) as string }]] });
  });

  test.each(['public.ecr.aws/nginx/nginx:1', 'registry.example.com/x', 'x'])('warns of %s, which SageMaker does not pull', (uri) => {
    const stack = newStack();
    bind(stack, serverless({ image: ModelImage.fromUri(uri) }));
    Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('the only place that SageMaker pulls from.*pull-through cache'));
  });

  test('fails for an image of another region', () => {
    expect(() => bind(newStack(), serverless({ image: ModelImage.fromUri('763104351884.dkr.ecr.us-east-1.amazonaws.com/x:1') }))).toThrow(/is in us-east-1, but SageMaker pulls only from its own region, eu-west-1/);
  });
});

describe('assets', () => {
  const file = (name: string, content: Buffer | string): string => {
    const path = join(mkdtempSync(join(tmpdir(), 'artifact-')), name);
    writeFileSync(path, content);
    return path;
  };

  test('of a model that several stacks and stages share are in the manifest of each', () => {
    const app = new App({ outdir: mkdtempSync(join(tmpdir(), 'shared-')) });
    const model = Model.sageMaker({
      image: ModelImage.fromAsset(join(__dirname, '../../examples/digits/container')), artifact: ModelArtifact.fromAsset(file('model.tar.gz', gzipSync('1'))), instanceType: 'ml.m5.large',
    });
    const stacks = [
      new Stack(app, 'One'), new Stack(app, 'Two'),
      new Stack(new Stage(app, 'There', { env: { account: '222222222222', region: 'us-east-1' } }), 'Three'),
    ];
    stacks.forEach((stack) => new ModelEndpoint(stack, 'Fraud', { model }));
    const assembly = app.synth();
    const read = ({
      assembly: { directory },
      templateFile,
    }: {
      assembly: { directory: string };
      templateFile: string;
    }): { manifest: string; template: string } => ({
      manifest: readFileSync(join(directory, templateFile.replace('.template.json', '.assets.json')), 'utf8'),
      template: readFileSync(join(directory, templateFile), 'utf8'),
    });
    const all = [assembly.getStackByName('One'), assembly.getStackByName('Two'), assembly.getNestedAssembly('assembly-There').stacks[0]].map(read);
    for (const { manifest, template } of all) {
      const { files, dockerImages } = JSON.parse(manifest) as {
        files: { [hash: string]: unknown };
        dockerImages: { [hash: string]: unknown };
      };
      const [image] = Object.keys(dockerImages);
      const artifacts = Object.keys(files).filter((hash) => template.includes(`${hash}.gz`) || template.includes(`${hash}.tar.gz`));
      expect([template.includes(image), artifacts.length]).toEqual([true, 1]);
      expect(template).not.toContain('Fn::ImportValue');
    }
    expect(all[2].template).toContain('cdk-hnb659fds-container-assets-222222222222-us-east-1');
    expect(all[0].template).not.toContain('222222222222');
  });

  test.each<[string, () => string, RegExp]>([
    ['a folder', () => mkdtempSync(join(tmpdir(), 'artifact-')), /is a folder, but SageMaker takes a tar\.gz file; pack it with tar -czf/],
    ['a file of another name', () => file('model.pkl', gzipSync('1')), /is not a tar\.gz file/],
    ['a file that is not compressed', () => file('model.tar.gz', 'text'), /is not a tar\.gz file/],
    ['nothing', () => '/nowhere/model.tar.gz', /is not there \(\/nowhere\/model\.tar\.gz\)/],
  ])('that are %s are no artifact', (_, path, message) => {
    const artifact = ModelArtifact.fromAsset(path());
    expect(instances({ artifact }).validate()).toEqual([expect.stringMatching(message)]);
    expect(serverless({ artifact }).validate()).toEqual([expect.stringMatching(message)]);
  });
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
    const template = bind(stack, instances({ dataCapture: { bucket, prefix: 'fraud', sampleRate: 0.2, encryptionKey: new kms.Key(stack, 'Key') } }));
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

  test.each<[Partial<SageMakerModelOptions>, RegExp]>([
    [{ instanceType: 'ml.g5.small' }, /instanceType is "ml.g5.small", which SageMaker is not known to offer; choose one such as ml.g5/],
    [{ instanceType: 'm5.large' }, /choose one such as ml.m5.large/],
    [{ instances: { min: 3, max: 2 } }, /instances.min is 3, more than instances.max, which is 2/],
    [{ instances: { min: 0 } }, /instances.min .* is 0/],
    [{ instanceType: 'ml.t2.medium', instances: { min: 1, max: 2 } }, /cannot be scaled/],
    [{ volumeSize: Size.gibibytes(513) }, /513 GiB, but must be between 1 and 512/],
    [{ modelDataDownloadTimeout: Duration.seconds(59) }, /59 s, but must be between 60 and 3600/],
    [{ containerStartupTimeout: Duration.hours(2) }, /7200 s/],
    [{ dataCapture: { bucket: {} as s3.IBucket, sampleRate: 20 } }, /dataCapture.sampleRate is 20 .*share/],
    [{ dataCapture: { bucket: {} as s3.IBucket, sampleRate: 0.005 } }, /dataCapture.sampleRate is 0.005 .*whole percents/],
    [{ dataCapture: { bucket: {} as s3.IBucket, sampleRate: Token.asNumber({ Ref: 'Share' }) } }, /dataCapture.sampleRate is known only at deployment/],
  ])('fails for %j', (props, message) => expect(instances(props).validate().join('\n')).toMatch(message));

  test('a type that is newer than this release can be allowed', () => {
    expect(instances({ instanceType: 'ml.z99.large', allowUnknownInstanceType: true }).validate()).toEqual([]);
  });
});

describe('Model.sageMakerServerless', () => {
  test('has no instances', () => {
    bind(newStack(), serverless({ memorySize: Size.gibibytes(4), maxConcurrency: 50, provisionedConcurrency: 5 })).hasResourceProperties(
      'AWS::SageMaker::EndpointConfig',
      {
        ProductionVariants: [
          { ServerlessConfig: { MemorySizeInMB: 4096, MaxConcurrency: 50, ProvisionedConcurrency: 5 }, InstanceType: Match.absent() },
        ],
      },
    );
  });

  test.each<[Partial<Parameters<typeof Model.sageMakerServerless>[0]>, RegExp]>([
    [{ memorySize: Size.mebibytes(1536) }, /1536 MiB, but must be 1024, 2048/],
    [{ memorySize: Size.gibibytes(7) }, /needs instances/],
    [{ maxConcurrency: 201 }, /201 requests, but must be between 1 and 200/],
    [{ provisionedConcurrency: 30 }, /30, more than maxConcurrency, which is 20/],
  ])('fails for %j', (props, message) => expect(serverless(props).validate().join('\n')).toMatch(message));
});
