import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { App, CfnParameter, Duration, Size, Stack } from 'aws-cdk-lib/core';
import {
  BaseModel, type BaseModelProps, Model, ModelArtifact, ModelImage, type SageMakerComponentModelOptions, SharedCapacity,
  type SharedCapacityProps,
} from '../../lib';
import { bind } from '../fixtures/bound-models';

const newStack = (): Stack => new Stack(new App(), 'Stack', { env: { account: '111111111111', region: 'eu-west-1' } });
const image = (digit = '0'): ModelImage => ModelImage.fromUri(`111111111111.dkr.ecr.eu-west-1.amazonaws.com/llm@sha256:${digit.repeat(64)}`);
const capacityOf = (stack: Stack, props: Partial<SharedCapacityProps> = {}): SharedCapacity =>
  new SharedCapacity(stack, 'Gpus', { instanceTypes: ['ml.g5.12xlarge'], ...props });
const component = (on: SharedCapacity, props: Partial<SageMakerComponentModelOptions> = {}): Model =>
  Model.sageMakerComponent({ on, image: image(), memorySize: Size.gibibytes(8), accelerators: 2, ...props });
const archive = (): string => {
  const file = join(mkdtempSync(join(tmpdir(), 'adapter-')), 'adapter.tar.gz');
  writeFileSync(file, gzipSync('weights'));
  return file;
};
const base = (on: SharedCapacity, props: Partial<BaseModelProps> = {}): BaseModel =>
  new BaseModel(on, 'Llama', { on, image: image(), memorySize: Size.gibibytes(8), accelerators: 4, ...props });

interface Resource {
  readonly DependsOn?: string[];
  readonly Properties: { readonly [name: string]: never };
}
const componentsIn = (template: Template): Resource[] => Object.values(template.findResources('AWS::SageMaker::InferenceComponent')) as never;

describe('SharedCapacity', () => {
  test('is an endpoint without a model, whose role belongs to the configuration, and which scales with its components', () => {
    const stack = newStack();
    capacityOf(stack, { instances: { min: 1, max: 4 } });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      ExecutionRoleArn: Match.anyValue(),
      EndpointConfigName: Match.absent(),
      ProductionVariants: [{
        VariantName: 'AllTraffic', InstanceType: 'ml.g5.12xlarge', InitialInstanceCount: 1, ModelName: Match.absent(),
        ManagedInstanceScaling: { Status: 'ENABLED', MinInstanceCount: 1, MaxInstanceCount: 4 },
        RoutingConfig: { RoutingStrategy: 'LEAST_OUTSTANDING_REQUESTS' },
      }],
    });
    template.hasResourceProperties('AWS::SageMaker::Endpoint', { EndpointName: Match.stringLikeRegexp('^[a-z0-9-]{1,63}$'), RetainAllVariantProperties: true });
  });

  test('falls back over its instance types in their order, and each component is specified for all of them', () => {
    const stack = newStack();
    const on = capacityOf(stack, { instanceTypes: ['ml.g6.12xlarge', 'ml.g5.12xlarge'], provisionTimeout: Duration.minutes(20) });
    const template = bind(stack, component(on, { environment: { threads: '2' }, containerStartupTimeout: Duration.minutes(10) }));
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      ProductionVariants: [Match.objectLike({
        InstanceType: Match.absent(), VariantInstanceProvisionTimeoutInSeconds: 1_200,
        InstancePools: [{ InstanceType: 'ml.g6.12xlarge', Priority: 1 }, { InstanceType: 'ml.g5.12xlarge', Priority: 2 }],
      })],
    });
    const [{ Properties: properties }] = componentsIn(template);
    expect(properties).not.toHaveProperty('Specification');
    expect(properties.Specifications).toEqual(['ml.g6.12xlarge', 'ml.g5.12xlarge'].map((type) => ({
      InstanceType: type,
      Container: { Image: expect.anything(), Environment: { threads: '2' } },
      ComputeResourceRequirements: { MinMemoryRequiredInMb: 8_192, NumberOfAcceleratorDevicesRequired: 2 },
      StartupParameters: { ContainerStartupHealthCheckTimeoutInSeconds: 600 },
    })));
  });

  test('with other instance types is another endpoint beside the old one, with another number of them it is the same', () => {
    const names = (props: Partial<SharedCapacityProps>): { endpoint: string; component: string } => {
      const stack = newStack();
      const template = bind(stack, component(capacityOf(stack, props)));
      const [[endpoint]] = Object.entries(template.findResources('AWS::SageMaker::Endpoint'));
      return { endpoint, component: componentsIn(template)[0].Properties.InferenceComponentName };
    };
    const usual = names({});
    expect(names({ instances: { max: 3 } })).toEqual(usual);
    const other = names({ instanceTypes: ['ml.g5.24xlarge'] });
    expect(other.endpoint).not.toBe(usual.endpoint);
    expect(other.component).not.toBe(usual.component);
  });

  test('runs in a network, isolated and encrypted, if asked to', () => {
    const stack = newStack();
    const key = new kms.Key(stack, 'Key');
    capacityOf(stack, { instanceTypes: ['ml.p3.2xlarge'], vpc: new ec2.Vpc(stack, 'Vpc'), networkIsolation: true, encryptionKey: key, volumeSize: Size.gibibytes(100) });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      KmsKeyId: Match.anyValue(), EnableNetworkIsolation: true,
      VpcConfig: { Subnets: Match.anyValue(), SecurityGroupIds: Match.anyValue() },
      ProductionVariants: [Match.objectLike({ VolumeSizeInGB: 100 })],
    });
    expect(JSON.stringify(template.findResources('AWS::IAM::Policy'))).toContain('ec2:CreateNetworkInterface');
  });

  test.each<[string, Partial<SharedCapacityProps>, string]>([
    ['no types', { instanceTypes: [] }, 'instanceTypes of the shared capacity are 0, but SageMaker tries 1 to 5; give those that fit all models'],
    ['six types', { instanceTypes: ['g5', 'g6', 'g6e', 'g4dn', 'c6i', 'm6i'].map((family) => `ml.${family}.xlarge`) }, 'instanceTypes of the shared capacity are 6, but SageMaker tries 1 to 5'],
    ['a type twice', { instanceTypes: ['ml.g5.xlarge', 'ml.g5.xlarge'] }, 'have ml.g5.xlarge twice; give each once'],
    ['a type that is not there', { instanceTypes: ['ml.g5.huge'] }, 'instanceType is "ml.g5.huge", which SageMaker is not known to offer'],
    ['too few at the most', { instances: { min: 3, max: 2 } }, 'instances.min of the shared capacity is 3, more than instances.max, which is 2; raise max or lower min'],
    ['none at the most', { instances: { min: 0, max: 0 } }, 'instances.max of the shared capacity is 0 instances, but must be between 1 and 1000'],
    ['a short time for one type', { provisionTimeout: Duration.minutes(1) }, 'provisionTimeout of the shared capacity is given, but there is one instance type only'],
    ['a short time', { instanceTypes: ['ml.g5.xlarge', 'ml.g6.xlarge'], provisionTimeout: Duration.minutes(1) }, 'provisionTimeout of the shared capacity is 60 s, but must be between 300 and 3600'],
    ['a network that is not there', { securityGroups: [] }, 'vpcSubnets or securityGroups without a vpc; set vpc too'],
  ])('with %s is an error at synthesis', (_, props, problem) => {
    expect(() => capacityOf(newStack(), props)).toThrow(problem);
  });

  test('with a key for a disk that its hardware encrypts is an error at synthesis', () => {
    const stack = newStack();
    expect(() => capacityOf(stack, { encryptionKey: new kms.Key(stack, 'Key') })).toThrow('ml.g5.12xlarge has a disk of its own and refuses one');
  });
});

describe('Model.sageMakerComponent', () => {
  test('is a component named by its digest, and the router may invoke exactly that, on exactly that endpoint', () => {
    const stack = newStack();
    const template = bind(stack, component(capacityOf(stack), {
      cpus: 4, maxMemorySize: Size.gibibytes(16), modelDataDownloadTimeout: Duration.minutes(20),
    }));
    const [{ Properties: { InferenceComponentName: name } }] = componentsIn(template);
    template.hasResourceProperties('AWS::SageMaker::InferenceComponent', {
      VariantName: 'AllTraffic', RuntimeConfig: { CopyCount: 1 },
      Specification: {
        Container: { Image: Match.anyValue() },
        ComputeResourceRequirements: {
          MinMemoryRequiredInMb: 8_192, MaxMemoryRequiredInMb: 16_384, NumberOfAcceleratorDevicesRequired: 2, NumberOfCpuCoresRequired: 4,
        },
        StartupParameters: { ModelDataDownloadTimeoutInSeconds: 1_200 },
      },
    });
    template.resourceCountIs('AWS::SageMaker::Model', 0);
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: [{
        Action: 'sagemaker:InvokeEndpoint', Effect: 'Allow',
        Resource: [
          { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':sagemaker:eu-west-1:111111111111:endpoint/', { 'Fn::GetAtt': [Match.stringLikeRegexp('^Gpus'), 'EndpointName'] }]] },
          { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:sagemaker:eu-west-1:111111111111:inference-component/${String(name)}`]] },
        ],
      }] },
    });
    template.resourceCountIs('AWS::ApplicationAutoScaling::ScalableTarget', 0);
  });

  test('two versions are two components on one endpoint, and what the containers may read comes and goes with each', () => {
    const stack = newStack();
    const on = capacityOf(stack);
    const template = bind(stack, component(on), component(on, { image: image('1') }));
    expect(new Set(componentsIn(template).map(({ Properties: { InferenceComponentName: name } }) => name)).size).toBe(2);
    template.resourceCountIs('AWS::SageMaker::Endpoint', 1);
    const reading = Object.entries(template.findResources('AWS::IAM::Policy')).filter(([, policy]) => JSON.stringify(policy).includes('InferenceComponents/'));
    expect(reading).toHaveLength(2);
    for (const { DependsOn: dependsOn } of componentsIn(template)) {
      expect(reading.filter(([id]) => dependsOn?.includes(id))).toHaveLength(1);
    }
  });

  test.each<[string, Partial<SageMakerComponentModelOptions>]>([
    ['image', { image: image('1') }],
    ['memory', { memorySize: Size.gibibytes(4) }],
    ['accelerators', { accelerators: 1 }],
    ['cpus', { cpus: 2 }],
    ['environment', { environment: { THREADS: '1' } }],
    ['label', { version: 'seven' }],
    ['least number of copies', { copies: { min: 2 } }],
    ['copies at the start', { copies: { min: 1, max: 3, initial: 0 } }],
  ])('with another %s is another version', (_, props) => {
    const stack = newStack();
    const on = capacityOf(stack);
    expect(componentsIn(bind(stack, component(on), component(on, props)))).toHaveLength(2);
  });

  test('with another most of copies or aim of autoscaling is the same version', () => {
    const stack = newStack();
    const on = capacityOf(stack);
    const [few, more] = [{ min: 1, max: 2 }, { min: 1, max: 4, invocationsPerCopy: 60 }];
    const template = bind(stack, component(on, { copies: few }), component(on, { copies: more }));
    expect(componentsIn(template)).toHaveLength(1);
  });

  test('scales its copies between its limits', () => {
    const stack = newStack();
    const template = bind(stack, component(capacityOf(stack), { copies: { min: 1, max: 4, invocationsPerCopy: 90 } }));
    const [{ Properties: { InferenceComponentName: name } }] = componentsIn(template);
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', {
      MinCapacity: 1, MaxCapacity: 4, ScalableDimension: 'sagemaker:inference-component:DesiredCopyCount', ResourceId: `inference-component/${String(name)}`,
    });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      TargetTrackingScalingPolicyConfiguration: Match.objectLike({
        TargetValue: 90, PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerInferenceComponentInvocationsPerCopy' },
      }),
    });
    template.resourceCountIs('AWS::CloudWatch::Alarm', 0);
  });

  test('scales to zero, and is woken by who asks it then', () => {
    const stack = newStack();
    const template = bind(stack, component(capacityOf(stack, { instances: { min: 0, max: 2 } }), { copies: { min: 0, max: 2 } }));
    const [{ Properties: { InferenceComponentName: name } }] = componentsIn(template);
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      ProductionVariants: [Match.objectLike({ InitialInstanceCount: 1, ManagedInstanceScaling: { Status: 'ENABLED', MinInstanceCount: 0, MaxInstanceCount: 2 } })],
    });
    // A first deployment sees the container start.
    template.hasResourceProperties('AWS::SageMaker::InferenceComponent', { RuntimeConfig: { CopyCount: 1 } });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MinCapacity: 0, MaxCapacity: 2 });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      StepScalingPolicyConfiguration: Match.objectLike({ AdjustmentType: 'ChangeInCapacity', StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }] }),
    });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: 'AWS/SageMaker', MetricName: 'NoCapacityInvocationFailures', Dimensions: [{ Name: 'InferenceComponentName', Value: name }],
      Threshold: 1, ComparisonOperator: 'GreaterThanOrEqualToThreshold', Statistic: 'Sum', Period: 60, EvaluationPeriods: 1, AlarmActions: [Match.anyValue()],
    });
  });

  test('waits for no copy at deployment, if told so', () => {
    const stack = newStack();
    bind(stack, component(capacityOf(stack), { copies: { min: 1, max: 4, initial: 0 } }))
      .hasResourceProperties('AWS::SageMaker::InferenceComponent', { RuntimeConfig: { CopyCount: 0 } });
  });

  test('adds nothing to a role that the user gave', () => {
    const stack = newStack();
    const role = iam.Role.fromRoleArn(stack, 'Given', 'arn:aws:iam::111111111111:role/sagemaker');
    expect(JSON.stringify(bind(stack, component(capacityOf(stack, { role }))).findResources('AWS::IAM::Policy'))).not.toContain('ecr:');
  });

  test.each<[string, Partial<SageMakerComponentModelOptions>, string]>([
    ['memory', { memorySize: Size.mebibytes(64) }, 'memorySize of the component is 64 MiB, but must be between 128 and 100000000; reserve what a copy needs to start'],
    ['memory at the most', { maxMemorySize: Size.gibibytes(4) }, 'maxMemorySize of the component is 4096 MiB, less than memorySize, which is 8192 MiB; raise it, or leave it out'],
    ['accelerators in parts', { accelerators: 1.5 }, 'accelerators of the component is 1.5 accelerators, but must be a whole number between 1 and 64'],
    ['accelerators that no instance has', { accelerators: 8 }, 'accelerators of the component is 8, but ml.g5.12xlarge has 4, so that no copy fits; choose a larger type, or ask for fewer'],
    ['cpus', { cpus: 0.1 }, 'cpus of the component is 0.1 cores, but must be between 0.25'],
    ['a time to start', { containerStartupTimeout: Duration.hours(2) }, 'containerStartupTimeout of the component is 7200 s, but must be between 60 and 3600'],
    ['a time to download', { modelDataDownloadTimeout: Duration.seconds(1) }, 'modelDataDownloadTimeout of the component is 1 s, but must be between 60 and 3600'],
    ['copies at the least', { copies: { min: 3, max: 2 } }, 'copies.min of the component is 3, more than copies.max, which is 2; raise max or lower min'],
    ['copies in parts', { copies: { min: 0.5 } }, 'copies.min of the component is 0.5 copies, but must be a whole number'],
    ['copies at the start', { copies: { min: 1, max: 2, initial: 3 } }, 'copies.initial of the component is 3, more than copies.max, which is 2'],
    ['copies at the start that stay', { copies: { min: 1, initial: 0 } }, 'copies.initial of the component is 0, but without autoscaling there are 1 for ever'],
    ['an aim', { copies: { min: 1, max: 2, invocationsPerCopy: 0 } }, 'copies.invocationsPerCopy of the component is 0 invocations a minute'],
    ['variables', { environment: Object.fromEntries(Array.from({ length: 101 }, (__, n) => [`V${n}`, ''])) }, 'environment of the component has 101 variables, but SageMaker takes 100'],
    ['a value', { environment: { PROMPT: 'x'.repeat(1_025) } }, 'environment of the component has "PROMPT" with 1025 characters, but SageMaker takes 1024'],
    ['a name', { environment: { '1': 'x' } }, 'environment of the component has a variable "1"'],
  ])('refuses %s that SageMaker would refuse', (_, props, problem) => {
    expect(component(capacityOf(newStack()), props).validate()).toEqual([expect.stringContaining(problem)]);
  });

  test('leaves to CloudFormation what only the deployment knows', () => {
    const stack = newStack();
    const copies = new CfnParameter(stack, 'Copies', { type: 'Number' }).valueAsNumber;
    bind(stack, component(capacityOf(stack), { copies: { min: copies }, version: 'v1' }))
      .hasResourceProperties('AWS::SageMaker::InferenceComponent', { RuntimeConfig: { CopyCount: { Ref: 'Copies' } } });
  });
});

describe('Model.sageMakerAdapter', () => {
  test('is a component within its base, which has the instances, the memory and the image', () => {
    const stack = newStack();
    const on = capacityOf(stack);
    const template = bind(stack, Model.sageMakerAdapter({ base: base(on), artifact: ModelArtifact.fromAsset(archive()) }));
    const [adapter, llama] = componentsIn(template).sort((one) => (JSON.stringify(one).includes('BaseInferenceComponentName') ? -1 : 1));
    expect(adapter.Properties.Specification).toEqual({
      BaseInferenceComponentName: llama.Properties.InferenceComponentName, Container: { ArtifactUrl: expect.anything() },
    });
    expect(adapter.Properties).not.toHaveProperty('RuntimeConfig');
    expect(llama.Properties).toMatchObject({ RuntimeConfig: { CopyCount: 1 } });
    // CloudFormation makes the base before, and removes it after.
    const [[id]] = Object.entries(template.findResources('AWS::SageMaker::InferenceComponent')).filter(([, one]) => !JSON.stringify(one).includes('BaseInference'));
    expect(adapter.DependsOn).toContain(id);
  });

  test('is another version if its base is another, or its weights are', () => {
    const nameOf = (props: Partial<BaseModelProps>, weights: string): string => {
      const stack = newStack();
      const file = join(mkdtempSync(join(tmpdir(), 'adapter-')), 'adapter.tar.gz');
      writeFileSync(file, gzipSync(weights));
      const adapter = Model.sageMakerAdapter({ base: base(capacityOf(stack), props), artifact: ModelArtifact.fromAsset(file) });
      const template = bind(stack, adapter);
      return componentsIn(template).find((one) => JSON.stringify(one).includes('BaseInferenceComponentName'))!.Properties.InferenceComponentName;
    };
    expect(nameOf({}, 'a')).toBe(nameOf({}, 'a'));
    expect(nameOf({ image: image('1') }, 'a')).not.toBe(nameOf({}, 'a'));
    expect(nameOf({}, 'b')).not.toBe(nameOf({}, 'a'));
  });

  test('and its base refuse what SageMaker would refuse', () => {
    expect(() => base(capacityOf(newStack()), { copies: 0 })).toThrow('copies of the base model is 0 copies, but must be between 1 and 1000; adapters need at least one');
    expect(() => base(capacityOf(newStack()), { accelerators: 5 })).toThrow('accelerators of the base model is 5, but ml.g5.12xlarge has 4');
    const stack = newStack();
    expect(Model.sageMakerAdapter({ base: base(capacityOf(stack)), artifact: ModelArtifact.fromAsset('/nowhere.tar.gz') }).validate()).toEqual([expect.stringContaining('is not there')]);
  });
});
