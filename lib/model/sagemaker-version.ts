import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { CfnEndpoint, CfnEndpointConfig, CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import { ArnFormat, Aws, Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledge, wildcardFinding } from '../package/acknowledge';
import type { DeclaredCapacity } from '../core/rollout/capacity';
import { SAGEMAKER_TIMEOUT_SECONDS } from '../core/aws-limits';
import type { CapacityPlan } from '../core/rollout/plan';
import { allowOfStack } from './control-permission';
import { allowOwnVersions } from './invoke-permission';
import type { ModelArtifact, ModelArtifactConfig } from './model-artifact';
import { grantImage, type ModelImage } from './model-image';
import type { ModelBindOptions } from './model-bind-options';
import { scalingStatements } from './scaling-permission';
import { SageMakerEndpointVersion } from './sagemaker-endpoint-version';
import { versionName, versionNamesOfStack } from './version-names';

/** Settings of a model on SageMaker, whatever image and artifact it has; each belongs to the version's digest. */
export interface SageMakerContainerOptions {
  /**
   * A label of the version, such as that of a model registry. It is part of the version's digest: another label is another version. A model
   * needs one where what it refers to is known only at deployment (a parameter of CloudFormation, a dynamic reference); change it whenever
   * that changes.
   *
   * @default - a version is told by its content
   */
  readonly version?: string;

  /**
   * Environment variables of the container.
   *
   * @default - none; of a package of a registry its own, of a model of MLflow those that MLflow's server needs
   */
  readonly environment?: { [name: string]: string };

  /**
   * Execution role. It must be able to pull the image and read the artifact.
   *
   * @default - a role that may do just that, and write logs and metrics
   */
  readonly role?: iam.IRole;
}

/** Settings that all models on SageMaker share; each belongs to the version's digest. */
export interface SageMakerOptions extends SageMakerContainerOptions {
  /** Container image that answers `/ping` and `/invocations` on port 8080. */
  readonly image: ModelImage;

  /**
   * The trained model.
   *
   * @default - the image has everything
   */
  readonly artifact?: ModelArtifact;
}

/** Name of the one variant inside each version's endpoint. Splitting is the router's job. */
export const VARIANT_NAME = 'AllTraffic';

/** What a kind of endpoint adds to the shared parts. */
export interface SageMakerKind {
  readonly variant: Partial<CfnEndpointConfig.ProductionVariantProperty>;
  readonly model?: Partial<ConstructorParameters<typeof CfnModel>[2]>;
  readonly config?: Partial<ConstructorParameters<typeof CfnEndpointConfig>[2]>;
  readonly maxRequestBytes: number;
}

/** A version that is a SageMaker endpoint with a model and a configuration of its own, all named by the digest. */
export class SageMakerVersion extends SageMakerEndpointVersion {
  public readonly endpoint: CfnEndpoint;
  public readonly role: iam.IRole;
  protected readonly permission: iam.Policy;
  private capacity: DeclaredCapacity = {};
  private scaling?: { readonly min: number; readonly max: number };

  constructor(
    scope: Construct,
    id: string,
    digest: string,
    kind: SageMakerKind & { readonly options: SageMakerOptions },
    bind: ModelBindOptions,
  ) {
    const { options } = kind;
    const name = versionName(scope, digest);
    super(scope, id, digest, {
      endpointName: name,
      maxRequestBytes: kind.maxRequestBytes,
      timeout: Duration.seconds(SAGEMAKER_TIMEOUT_SECONDS),
    });
    const image = options.image.bind(scope);
    const artifact = options.artifact?.bind(scope);
    this.role = options.role ?? executionRole(this, `Endpoints/${name}`);
    if (options.role === undefined) {
      grantImage(image, this.role);
      options.artifact?.grantRead(this.role);
      if (artifact?.folder === true) {
        const files = `${artifact.url.replace('s3://', `arn:${Stack.of(this).partition}:s3:::`)}*`;
        acknowledge(this.role, { [wildcardFinding(this, files)]: "the files of the model's own folder" });
      }
    }

    const model = new CfnModel(this, 'Model', {
      modelName: name,
      executionRoleArn: this.role.roleArn,
      primaryContainer: { image: image.imageUri, ...modelDataOf(artifact), environment: options.environment },
      ...kind.model,
    });
    // SageMaker tries the role out when the model is made, so its permissions must be there.
    model.node.addDependency(this.role);
    const config = new CfnEndpointConfig(this, 'Config', {
      endpointConfigName: name,
      productionVariants: [{ variantName: VARIANT_NAME, modelName: model.attrModelName, initialVariantWeight: 1, ...kind.variant }],
      ...kind.config,
    });
    this.endpoint = new CfnEndpoint(this, 'Resource', {
      endpointName: name,
      endpointConfigName: config.attrEndpointConfigName,
      // Without this an update of the template would reset what autoscaling has set.
      retainAllVariantProperties: true,
    });
    this.permission = allowOwnVersions(scope, 'InvokeEndpoints', bind.invoker);
    this.endpoint.node.addDependency(this.permission);
  }

  /** Remember what the template says of the most that it can answer. */
  public declares(capacity: DeclaredCapacity): void {
    this.capacity = capacity;
  }

  /** @internal */
  public override _declaredCapacity(): DeclaredCapacity {
    return this.capacity;
  }

  /** Remember that the version scales by itself within these limits. */
  public scalesWithin(min: number, max: number): void {
    this.scaling = { min, max };
  }

  /** @internal */
  public override _admitController(controller: iam.IRole): void {
    allowOfStack(controller, 'OwnEndpoints', wildcardsOf(controller), [
      new iam.PolicyStatement({ actions: ['sagemaker:DescribeEndpoint'], resources: [endpointsOfStack(controller, 'endpoint')] }),
      new iam.PolicyStatement({
        actions: ['sagemaker:DescribeEndpointConfig'],
        resources: [endpointsOfStack(controller, 'endpoint-config')],
      }),
    ]);
  }

  /** @internal */
  public override _preWarm(controller: iam.IRole): CapacityPlan | undefined {
    if (this.scaling === undefined) {
      return undefined;
    }
    allowOfStack(controller, 'OwnCapacity', wildcardsOf(controller), [
      ...scalingStatements('sagemaker:variant:DesiredInstanceCount'),
      new iam.PolicyStatement({
        // Whoever moves the limits must be allowed to do by hand what they make the service do, and to see what it would be done to.
        actions: ['sagemaker:DescribeEndpointConfig', 'sagemaker:UpdateEndpointWeightsAndCapacities'],
        resources: [endpointsOfStack(controller, 'endpoint'), endpointsOfStack(controller, 'endpoint-config')],
      }),
    ]);
    return this.scaling;
  }
}

/** A folder is given as it is, one file is unpacked. */
function modelDataOf(artifact: ModelArtifactConfig | undefined): Partial<CfnModel.ContainerDefinitionProperty> {
  return artifact?.folder === true
    ? { modelDataSource: { s3DataSource: { s3Uri: artifact.url, s3DataType: 'S3Prefix', compressionType: 'None' } } }
    : { modelDataUrl: artifact?.url };
}

function wildcardsOf(controller: iam.IRole): { readonly [resource: string]: string } {
  return Object.fromEntries(
    ['endpoint', 'endpoint-config'].map((resource) => [
      endpointsOfStack(controller, resource),
      "the names of this stack's versions, and of nothing else, have its tag",
    ]),
  );
}

function endpointsOfStack(scope: Construct, resource: string): string {
  return Stack.of(scope).formatArn({ service: 'sagemaker', resource, resourceName: versionNamesOfStack(scope) });
}

/** What of the shared options is part of a version's digest. */
export function sageMakerIdentity(scope: Construct, options: SageMakerOptions): { readonly [member: string]: unknown } {
  const artifact = options.artifact?.bind(scope);
  return {
    version: options.version,
    image: options.image.bind(scope).imageUri,
    artifact: artifact && (artifact.identity ?? artifact.url),
    environment: options.environment,
    role: options.role?.roleArn,
  };
}

/**
 * A role that may write a log and SageMaker's container metrics; image and artifact are added by their owners.
 *
 * @param logName name of the log group below `/aws/sagemaker/`
 */
export function executionRole(scope: Construct, logName: string): iam.Role {
  const stack = Stack.of(scope);
  const role = new iam.Role(scope, 'Role', {
    assumedBy: new iam.ServicePrincipal('sagemaker.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
  });
  const { statement, resource: log } = logStatement(stack, logName);
  role.addToPolicy(statement);
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: ['cloudwatch:PutMetricData'],
      // Metrics have no ARN; the namespace is the narrowest that there is.
      resources: ['*'],
      conditions: { StringLike: { 'cloudwatch:namespace': ['/aws/sagemaker/*', 'aws/sagemaker/*', 'AWS/SageMaker'] } },
    }),
  );
  acknowledge(role, {
    [wildcardFinding(role, log)]: 'SageMaker names the streams in this endpoint\'s log group',
    'AwsSolutions-IAM5[Resource::*]': 'metrics, registry tokens and network interfaces have no ARN that could be named beforehand',
  });
  return role;
}

/** Lets containers write a log group that SageMaker makes, by its name below `/aws/sagemaker/`. */
export function logStatement(stack: Stack, logName: string): { readonly statement: iam.PolicyStatement; readonly resource: string } {
  const resource = stack.formatArn({
    service: 'logs', resource: 'log-group', arnFormat: ArnFormat.COLON_RESOURCE_NAME, resourceName: `/aws/sagemaker/${logName}:*`,
  });
  const actions = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'];
  return { statement: new iam.PolicyStatement({ actions, resources: [resource] }), resource };
}

/** Let a role connect containers to a network: interfaces are made by SageMaker under ids that nobody knows before. */
export function grantNetwork(role: iam.IRole): void {
  role.addToPrincipalPolicy(
    new iam.PolicyStatement({
      actions: [
        'ec2:CreateNetworkInterface', 'ec2:CreateNetworkInterfacePermission', 'ec2:DeleteNetworkInterface',
        'ec2:DeleteNetworkInterfacePermission', 'ec2:DescribeDhcpOptions', 'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSecurityGroups', 'ec2:DescribeSubnets', 'ec2:DescribeVpcs',
      ],
      resources: ['*'],
    }),
  );
}

/** The role of AWS's own that Application Auto Scaling uses for SageMaker. */
export function scalingRole(scope: Construct): iam.IRole {
  return iam.Role.fromRoleArn(scope, 'ScalingRole', Stack.of(scope).formatArn({
    service: 'iam', region: '',
    resource: 'role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com',
    resourceName: 'AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint',
  }));
}

/** Let a role use a key for a volume. */
export function grantVolumeKey(key: kms.IKey | undefined, role: iam.IRole): void {
  key?.grant(role, 'kms:CreateGrant', 'kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKeyWithoutPlaintext');
}
