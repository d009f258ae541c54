import * as appscaling from 'aws-cdk-lib/aws-applicationautoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Duration, type Size, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledge, wildcardFinding } from '../package/acknowledge';
import { containerEnvironmentProblems } from '../validate/environment';
import { known, knownProblem, rangeProblem, wholeProblem } from '../validate/limits';
import { SAGEMAKER_PAYLOAD_BYTES } from '../core/aws-limits';
import { identify } from './digest';
import { hasOwnDisk, instanceTypeProblem } from './instance-types';
import type { ModelBindOptions } from './model-bind-options';
import { keyOf } from '../encryption/key-of';
import { type ModelVersion, versionOf } from './model-version';
import {
  grantNetwork, grantVolumeKey, scalingRole, type SageMakerContainerOptions, sageMakerIdentity, type SageMakerOptions, SageMakerVersion,
  VARIANT_NAME,
} from './sagemaker-version';

/** How many instances serve a version. */
export interface InstanceCount {
  /** Instances at the start and at the least; part of the version's digest. */
  readonly min: number;

  /**
   * Instances at the most. More than `min` turns autoscaling on. Changed in place.
   *
   * @default - as many as `min`, no autoscaling
   */
  readonly max?: number;

  /**
   * Invocations per instance and minute that autoscaling aims at. Changed in place.
   *
   * @default 1000 - measure what an instance can take, and set two thirds of that
   */
  readonly invocationsPerInstance?: number;
}

/** Requests and answers that SageMaker keeps in S3. */
export interface DataCapture {
  /** Bucket that keeps them. */
  readonly bucket: s3.IBucket;

  /**
   * Prefix in the bucket.
   *
   * @default data-capture
   */
  readonly prefix?: string;

  /**
   * Share of the requests, 0 to 1, in hundredths: SageMaker knows whole percents only.
   *
   * @default 1
   */
  readonly sampleRate?: number;

  /**
   * Key that encrypts what is kept.
   *
   * @default - the bucket's own encryption
   */
  readonly encryptionKey?: kms.IKey;
}

/** How a model is served by instances of a SageMaker real-time endpoint, whatever image and artifact it has. */
export interface SageMakerInstanceOptions extends SageMakerContainerOptions {
  /** Instance type, such as `ml.g5.xlarge`. */
  readonly instanceType: string;

  /**
   * Accept an instance type that this release does not know, because it is newer.
   *
   * @default false - an unknown type is an error at synthesis
   */
  readonly allowUnknownInstanceType?: boolean;

  /**
   * Number of instances.
   *
   * @default - one instance, no autoscaling
   */
  readonly instances?: InstanceCount;

  /**
   * Size of the volume, 1 GiB to 512 GiB. Types with a disk of their own take none.
   *
   * @default - SageMaker's own choice for the instance type
   */
  readonly volumeSize?: Size;

  /**
   * How long the artifact's download may take, 60 to 3600 s.
   *
   * @default - SageMaker's own limit
   */
  readonly modelDataDownloadTimeout?: Duration;

  /**
   * How long the container may take to answer `/ping`, 60 to 3600 s.
   *
   * @default - SageMaker's own limit
   */
  readonly containerStartupTimeout?: Duration;

  /**
   * Network in which the container runs.
   *
   * @default - SageMaker's own
   */
  readonly vpc?: ec2.IVpc;

  /**
   * Subnets of `vpc`.
   *
   * @default - the network's private subnets with egress
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * Security groups in `vpc`.
   *
   * @default - a security group of its own that allows all outbound traffic
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * Cut the container off from any network.
   *
   * @default false
   */
  readonly networkIsolation?: boolean;

  /**
   * Key that encrypts the instances' volumes. Types with a disk of their own refuse one: hardware of theirs encrypts it.
   *
   * @default - the endpoint's `encryptionKey`, unless the type has a disk of its own; without one SageMaker's own
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Requests and answers to keep in S3.
   *
   * @default - nothing is kept
   */
  readonly dataCapture?: DataCapture;
}

/** A model on a SageMaker real-time endpoint. */
export interface SageMakerModelOptions extends SageMakerInstanceOptions, SageMakerOptions {}

/** @see Model.sageMaker */
export class SageMakerBackend {
  private readonly min: number;
  private readonly max: number;

  /**
   * @param origin where the model was taken from; part of the digest
   */
  constructor(private readonly props: SageMakerModelOptions, private readonly origin?: { readonly [member: string]: unknown }) {
    this.min = props.instances?.min ?? 1;
    this.max = props.instances?.max ?? this.min;
  }

  public validate(): string[] {
    const { props, min, max } = this;
    const seconds = (duration?: Duration): number | undefined =>
      duration === undefined || duration.isUnresolved() ? undefined : duration.toSeconds();
    const problems = [
      ...instanceTypeProblem(props.instanceType, props.allowUnknownInstanceType),
      ...(props.artifact?._problems() ?? []),
      ...wholeProblem('instances.min of the SageMaker model', min, [1, 1_000], 'instances', 'an endpoint has at least one'),
      ...wholeProblem('instances.max of the SageMaker model', max, [1, 1_000], 'instances', 'an endpoint has at least one'),
      ...rangeProblem(
        'instances.invocationsPerInstance',
        props.instances?.invocationsPerInstance,
        [1, 1e9],
        'invocations a minute',
        'set what an instance can take',
      ),
      ...rangeProblem(
        'volumeSize of the SageMaker model',
        props.volumeSize?.toGibibytes(),
        [1, 512],
        'GiB',
        'choose a size that SageMaker offers',
      ),
      ...rangeProblem(
        'modelDataDownloadTimeout',
        seconds(props.modelDataDownloadTimeout),
        [60, 3_600],
        's',
        "leave it out for SageMaker's own",
      ),
      ...rangeProblem(
        'containerStartupTimeout',
        seconds(props.containerStartupTimeout),
        [60, 3_600],
        's',
        "leave it out for SageMaker's own",
      ),
      ...captureProblems(props.dataCapture?.sampleRate),
      ...containerEnvironmentProblems('the SageMaker model', props.environment),
    ];
    if (!Token.isUnresolved(min) && !Token.isUnresolved(max) && min > max) {
      problems.push(`instances.min is ${min}, more than instances.max, which is ${max}; raise max or lower min`);
    }
    if (!Token.isUnresolved(min) && !Token.isUnresolved(max) && max > min && /^ml\.t\d/.test(props.instanceType)) {
      problems.push(
        `instances.max is ${max}, but ${JSON.stringify(props.instanceType)} cannot be scaled; leave max out or choose another family`,
      );
    }
    if (props.vpc === undefined && (props.vpcSubnets !== undefined || props.securityGroups !== undefined)) {
      problems.push('the SageMaker model has vpcSubnets or securityGroups without a vpc; set vpc too');
    }
    return problems;
  }

  public bind(scope: Construct, options: ModelBindOptions): ModelVersion {
    const { props, min } = this;
    const identity = identify(scope, {
      kind: 'SageMaker',
      ...sageMakerIdentity(scope, props),
      origin: this.origin,
      instanceType: props.instanceType,
      instances: min,
      volume: props.volumeSize?.toGibibytes(),
      download: props.modelDataDownloadTimeout?.toSeconds(),
      startup: props.containerStartupTimeout?.toSeconds(),
      vpc: props.vpc?.vpcId,
      subnets: props.vpc?.selectSubnets(props.vpcSubnets).subnetIds,
      securityGroups: props.securityGroups?.map((group) => group.securityGroupId),
      isolated: props.networkIsolation,
      key: this.key(scope)?.keyArn,
      capture: props.dataCapture && {
        bucket: props.dataCapture.bucket.bucketName,
        prefix: props.dataCapture.prefix,
        percentage: props.dataCapture.sampleRate === undefined ? undefined : percentOf(props.dataCapture.sampleRate),
        key: props.dataCapture.encryptionKey?.keyArn,
      },
    });
    return versionOf(scope, 'SageMaker', identity, (id) => this.define(scope, id, identity.digest, options));
  }

  private define(scope: Construct, id: string, digest: string, options: ModelBindOptions): ModelVersion {
    const { props, min, max } = this;
    const { vpc, dataCapture } = props;
    const securityGroups = vpc && (props.securityGroups ?? [new ec2.SecurityGroup(scope, `${id}SecurityGroup`, { vpc })]);
    const version = new SageMakerVersion(scope, id, digest, {
      options: props,
      maxRequestBytes: SAGEMAKER_PAYLOAD_BYTES,
      variant: {
        instanceType: props.instanceType,
        initialInstanceCount: min,
        volumeSizeInGb: props.volumeSize?.toGibibytes(),
        modelDataDownloadTimeoutInSeconds: props.modelDataDownloadTimeout?.toSeconds(),
        containerStartupHealthCheckTimeoutInSeconds: props.containerStartupTimeout?.toSeconds(),
      },
      model: {
        enableNetworkIsolation: props.networkIsolation,
        vpcConfig: vpc && {
          subnets: vpc.selectSubnets(props.vpcSubnets).subnetIds,
          securityGroupIds: securityGroups!.map((group) => group.securityGroupId),
        },
      },
      config: {
        kmsKeyId: this.key(scope)?.keyArn,
        dataCaptureConfig: dataCapture && {
          enableCapture: true,
          initialSamplingPercentage: percentOf(dataCapture.sampleRate ?? 1),
          destinationS3Uri: dataCapture.bucket.s3UrlForObject(dataCapture.prefix ?? 'data-capture'),
          kmsKeyId: dataCapture.encryptionKey?.keyArn,
          captureOptions: [{ captureMode: 'Input' }, { captureMode: 'Output' }],
          captureContentTypeHeader: { jsonContentTypes: ['application/json'], csvContentTypes: ['text/csv'] },
        },
      },
    }, options);
    if (props.role === undefined) {
      grantVolumeKey(this.key(scope), version.role);
      this.grant(version.role, vpc);
    }
    const perMinute = props.instances?.invocationsPerInstance;
    version.declares(
      known(max)
        ? {
            instances: {
              most: max,
              scales: max > min,
              ...(known(perMinute) ? { requestsPerMinute: perMinute } : {}),
            },
          }
        : {},
    );
    // Numbers that are known only at deployment cannot be compared, but whoever gives a maximum means to scale.
    if (Token.isUnresolved(min) || Token.isUnresolved(max) ? props.instances?.max !== undefined : max > min) {
      this.scale(version);
    }
    return version;
  }

  /** Of the instances' volumes. */
  private key(scope: Construct): kms.IKey | undefined {
    return this.props.encryptionKey ?? (hasOwnDisk(this.props.instanceType) ? undefined : keyOf(scope));
  }

  private grant(role: iam.IRole, vpc: ec2.IVpc | undefined): void {
    const { dataCapture } = this.props;
    if (dataCapture !== undefined) {
      grantCapture(dataCapture, role);
    }
    if (vpc !== undefined) {
      grantNetwork(role);
    }
  }

  private scale(version: SageMakerVersion): void {
    const endpointName = version.endpoint.attrEndpointName;
    const target = new appscaling.ScalableTarget(version, 'Scaling', {
      serviceNamespace: appscaling.ServiceNamespace.SAGEMAKER,
      scalableDimension: 'sagemaker:variant:DesiredInstanceCount',
      resourceId: `endpoint/${endpointName}/variant/${VARIANT_NAME}`,
      minCapacity: this.min,
      maxCapacity: this.max,
      role: scalingRole(version),
    });
    version.scalesWithin(this.min, this.max);
    target.scaleToTrackMetric('Invocations', {
      predefinedMetric: appscaling.PredefinedMetric.SAGEMAKER_VARIANT_INVOCATIONS_PER_INSTANCE,
      targetValue: this.props.instances?.invocationsPerInstance ?? 1_000,
      scaleOutCooldown: Duration.minutes(1),
      scaleInCooldown: Duration.minutes(5),
    });
  }
}

/** Let a role write what was captured; `grantPut` and `grantEncrypt` would add every action that begins like these. */
function grantCapture({ bucket, prefix = 'data-capture', encryptionKey }: DataCapture, role: iam.IRole): void {
  const objects = bucket.arnForObjects(`${prefix}/*`);
  iam.Grant.addToPrincipalOrResource({ grantee: role, actions: ['s3:PutObject'], resourceArns: [objects], resource: bucket });
  for (const key of [encryptionKey, bucket.encryptionKey]) {
    key?.grant(role, 'kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey');
  }
  acknowledge(role, { [wildcardFinding(role, objects)]: 'SageMaker names the objects by hour and request' });
}

/** 100 times 0.07 is not 7. */
function percentOf(share: number): number {
  return Number((100 * share).toFixed(6));
}

function captureProblems(share: number | undefined): string[] {
  const problems = knownProblem('dataCapture.sampleRate', share, [0, 1], 'of the requests', 'it is a share, not percent');
  return problems.length > 0 || share === undefined || Number.isInteger(percentOf(share))
    ? problems
    : [`dataCapture.sampleRate is ${share} of the requests, but SageMaker captures whole percents only; give hundredths, such as 0.05`];
}
