import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { CfnEndpoint, CfnEndpointConfig } from 'aws-cdk-lib/aws-sagemaker';
import { type Duration, type Size, Stage, Token } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { failTogether } from '../validate/fail-together';
import { rangeProblem, wholeProblem } from '../validate/limits';
import { identify, shortDigest } from './digest';
import { hasOwnDisk, instanceTypeProblem } from './instance-types';
import { executionRole, grantNetwork, grantVolumeKey, VARIANT_NAME } from './sagemaker-version';
import { versionName } from './version-names';

/** How many instances a shared capacity has. SageMaker adds and takes them as copies of models need. */
export interface SharedInstances {
  /**
   * Instances at the least. 0 lets SageMaker take the last one once no model has a copy.
   *
   * @default 1
   */
  readonly min?: number;

  /**
   * Instances at the most; more than `min` lets SageMaker add and take them. What a candidate adds during a rollout must fit too.
   *
   * @default - as many as `min`, at least 1
   */
  readonly max?: number;
}

/** Properties of {@link SharedCapacity}. */
export interface SharedCapacityProps {
  /**
   * Instance types, such as `ml.g5.12xlarge`: one, or up to five that SageMaker tries in this order wherever it finds no capacity of those
   * before. Others are another endpoint, beside which the old one stays until no model needs it.
   */
  readonly instanceTypes: string[];

  /**
   * Accept instance types that this release does not know, because they are newer.
   *
   * @default false - an unknown type is an error at synthesis
   */
  readonly allowUnknownInstanceType?: boolean;

  /**
   * How long SageMaker tries all types in turn before it gives up, 5 minutes to 1 hour; of several types only.
   *
   * @default - SageMaker's own limit
   */
  readonly provisionTimeout?: Duration;

  /**
   * Number of instances. Changed in place.
   *
   * @default - one instance
   */
  readonly instances?: SharedInstances;

  /**
   * Size of each instance's volume, 1 GiB to 512 GiB. Types with a disk of their own take none.
   *
   * @default - SageMaker's own choice for the instance type
   */
  readonly volumeSize?: Size;

  /**
   * Execution role of all containers. It must be able to pull every image and read every artifact.
   *
   * @default - a role to which each model adds what it needs, for as long as it is there
   */
  readonly role?: iam.IRole;

  /**
   * Network in which the containers run.
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
   * Cut the containers off from any network.
   *
   * @default false
   */
  readonly networkIsolation?: boolean;

  /**
   * Key that encrypts the instances' volumes. Types with a disk of their own refuse one: hardware of theirs encrypts it.
   *
   * @default - SageMaker's own
   */
  readonly encryptionKey?: kms.IKey;
}

/**
 * Instances of a SageMaker endpoint that models share as inference components: `Model.sageMakerComponent({ on: capacity, … })`. A
 * rollout's candidate runs beside production on the same instances, with as many copies as its share needs, instead of on a second fleet.
 */
export class SharedCapacity extends Construct {
  /** Name of the endpoint. */
  public readonly endpointName: string;

  /** Execution role of all containers. */
  public readonly role: iam.IRole;

  /** Instance types in the order in which SageMaker tries them. */
  public readonly instanceTypes: string[];

  /**
   * The endpoint, which components must be deleted before.
   *
   * @internal
   */
  public readonly _endpoint: CfnEndpoint;

  /**
   * What tells it from others in a version's digest.
   *
   * @internal
   */
  public readonly _identity: string;

  /**
   * Role to which models add what they need; undefined where the user gave one.
   *
   * @internal
   */
  public readonly _ownRole?: iam.IRole;

  constructor(scope: Construct, id: string, props: SharedCapacityProps) {
    super(scope, id);
    failTogether(problemsOf(props), this);
    this.instanceTypes = [...props.instanceTypes];
    const { vpc, encryptionKey } = props;
    const securityGroups = vpc && (props.securityGroups ?? [new ec2.SecurityGroup(this, 'SecurityGroup', { vpc })]);
    const { digest } = identify(this, {
      kind: 'SharedCapacity',
      types: this.instanceTypes,
      volume: props.volumeSize?.toGibibytes(),
      role: props.role?.roleArn,
      vpc: vpc?.vpcId,
      subnets: vpc?.selectSubnets(props.vpcSubnets).subnetIds,
      securityGroups: props.securityGroups?.map((group) => group.securityGroupId),
      isolated: props.networkIsolation,
      key: encryptionKey?.keyArn,
    });
    this._identity = `${this.node.path.slice(Stage.of(this)?.node.path.length ?? 0)}/${shortDigest(digest)}`;
    const name = versionName(this, digest);
    // What cannot be changed under the models that run on it is another endpoint.
    const fleet = new Construct(this, shortDigest(digest));
    this.role = props.role ?? executionRole(fleet, `Endpoints/${name}`);
    if (props.role === undefined) {
      this._ownRole = this.role;
      grantVolumeKey(encryptionKey, this.role);
      if (vpc !== undefined) {
        grantNetwork(this.role);
      }
    }
    const config = new CfnEndpointConfig(fleet, 'Config', {
      productionVariants: [variantOf(props)],
      executionRoleArn: this.role.roleArn,
      enableNetworkIsolation: props.networkIsolation,
      kmsKeyId: encryptionKey?.keyArn,
      vpcConfig: vpc && {
        subnets: vpc.selectSubnets(props.vpcSubnets).subnetIds,
        securityGroupIds: securityGroups!.map((group) => group.securityGroupId),
      },
    });
    // SageMaker tries the role out when the configuration is made, so its permissions must be there.
    config.node.addDependency(this.role);
    this._endpoint = new CfnEndpoint(fleet, 'Resource', {
      endpointName: name,
      endpointConfigName: config.attrEndpointConfigName,
      // Without this an update of the template would reset what SageMaker has scaled to.
      retainAllVariantProperties: true,
    });
    this.endpointName = this._endpoint.attrEndpointName;
  }
}

function variantOf(
  { instanceTypes, instances, provisionTimeout, volumeSize }: SharedCapacityProps,
): CfnEndpointConfig.ProductionVariantProperty {
  const { min, max } = within(instances);
  return {
    variantName: VARIANT_NAME,
    // SageMaker begins with one, if only to take it again.
    initialInstanceCount: Token.isUnresolved(min) ? min : Math.max(1, min),
    initialVariantWeight: 1,
    ...(instanceTypes.length === 1
      ? { instanceType: instanceTypes[0] }
      : {
          instancePools: instanceTypes.map((instanceType, index) => ({ instanceType, priority: index + 1 })),
          variantInstanceProvisionTimeoutInSeconds: provisionTimeout?.toSeconds(),
        }),
    volumeSizeInGb: volumeSize?.toGibibytes(),
    managedInstanceScaling: min === max ? undefined : { status: 'ENABLED', minInstanceCount: min, maxInstanceCount: max },
    // The others wait in rows of their own length, however long what is before them takes.
    routingConfig: { routingStrategy: 'LEAST_OUTSTANDING_REQUESTS' },
  };
}

function within({ min = 1, max }: SharedInstances = {}): { readonly min: number; readonly max: number } {
  return { min, max: max ?? (Token.isUnresolved(min) ? min : Math.max(1, min)) };
}

function problemsOf(props: SharedCapacityProps): string[] {
  const { instanceTypes: types, provisionTimeout } = props;
  const { min, max } = within(props.instances);
  const known = !Token.isUnresolved(min) && !Token.isUnresolved(max);
  const twice = types.filter((type, index) => types.indexOf(type) !== index);
  const withDisk = types.filter((type) => !Token.isUnresolved(type) && hasOwnDisk(type));
  return [
    ...(Token.isUnresolved(types) ? ['instanceTypes of the shared capacity are known only at deployment; give a list'] : []),
    ...(types.length >= 1 && types.length <= 5
      ? []
      : [`instanceTypes of the shared capacity are ${types.length}, but SageMaker tries 1 to 5; give those that fit all models`]),
    ...(twice.length === 0 ? [] : [`instanceTypes of the shared capacity have ${twice.join(', ')} twice; give each once`]),
    ...types.flatMap((type) => instanceTypeProblem(type, props.allowUnknownInstanceType)),
    ...wholeProblem('instances.min of the shared capacity', min, [0, 1_000], 'instances', '0 lets SageMaker take the last one'),
    ...wholeProblem('instances.max of the shared capacity', max, [1, 1_000], 'instances', 'a capacity has at least one'),
    ...(known && min > max
      ? [`instances.min of the shared capacity is ${min}, more than instances.max, which is ${max}; raise max or lower min`]
      : []),
    ...rangeProblem(
      'volumeSize of the shared capacity', props.volumeSize?.toGibibytes(), [1, 512], 'GiB', 'choose a size that SageMaker offers',
    ),
    ...(provisionTimeout === undefined || provisionTimeout.isUnresolved()
      ? []
      : rangeProblem(
          'provisionTimeout of the shared capacity', provisionTimeout.toSeconds(), [300, 3_600], 's', "leave it out for SageMaker's own",
        )),
    ...(provisionTimeout !== undefined && types.length === 1
      ? [
          `provisionTimeout of the shared capacity is given, but there is one instance type only (${types[0]}); name others, or leave it `
            + 'out',
        ]
      : []),
    ...(props.encryptionKey !== undefined && withDisk.length > 0
      ? [
          `encryptionKey of the shared capacity is given, but ${withDisk.join(', ')} has a disk of its own and refuses one; leave it out, `
            + 'its hardware encrypts',
        ]
      : []),
    ...(props.vpc === undefined && (props.vpcSubnets !== undefined || props.securityGroups !== undefined)
      ? ['the shared capacity has vpcSubnets or securityGroups without a vpc; set vpc too']
      : []),
  ];
}
