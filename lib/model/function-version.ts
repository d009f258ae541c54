import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { Annotations, ArnFormat, type Duration, RemovalPolicy, type Size, Stack, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledge } from '../package/acknowledge';
import type { DeclaredCapacity } from '../core/rollout/capacity';
import { LAMBDA_PAYLOAD_BYTES } from '../core/aws-limits';
import type { Target } from '../core/backends/backends';
import { checkEnvironment, functionEnvironmentProblems } from '../validate/environment';
import { acknowledgeNetwork, networkStatement } from '../package/function-network';
import { functionRole } from '../package/function-role';
import { known, rangeProblem, wholeProblem } from '../validate/limits';
import { allowOfStack } from './control-permission';
import { keyOf } from '../encryption/key-of';
import { logGroup } from '../encryption/log-group';
import { inEnvironment } from '../encryption/permissions';
import { ModelContract } from './contract';
import { allowOwnVersions } from './invoke-permission';
import type { ModelBindOptions } from './model-bind-options';
import { defaultTimeout, ModelVersion } from './model-version';
import { versionName, versionNamesOfStack } from './version-names';

/** Settings that all models on Lambda share. All but the log retention belong to the version's digest. */
export interface FunctionOptions {
  /**
   * A label of the version, such as that of a model registry. It is part of the version's digest: another label is another version. A model
   * needs one where what it refers to is known only at deployment (a parameter of CloudFormation, a dynamic reference); change it whenever
   * that changes.
   *
   * @default - a version is told by its content
   */
  readonly version?: string;

  /**
   * Memory, MiB, 128 to 10240; Lambda gives CPU in proportion.
   *
   * @default 1024
   */
  readonly memorySize?: number;

  /**
   * Size of `/tmp`, 512 to 10240 MiB.
   *
   * @default 512 MiB
   */
  readonly ephemeralStorageSize?: Size;

  /**
   * Longest run of one inference, 1 second to 15 minutes, and no more than the endpoint's own time-out.
   *
   * @default - the endpoint's own time-out, in whole seconds
   */
  readonly timeout?: Duration;

  /**
   * Instruction set of the code and its libraries.
   *
   * @default Architecture.X86_64
   */
  readonly architecture?: lambda.Architecture;

  /**
   * Network in which the function runs.
   *
   * @default - the function runs outside any network of yours
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
   * Environment variables.
   *
   * @default - none
   */
  readonly environment?: { [name: string]: string };

  /**
   * Key that encrypts the environment variables and snapshots.
   *
   * @default - the endpoint's `encryptionKey`; without one Lambda's own
   */
  readonly environmentEncryption?: kms.IKey;

  /**
   * Start from a snapshot. Excludes images, provisioned concurrency and more than 512 MiB of `/tmp`.
   *
   * @default - no snapshot
   */
  readonly snapStart?: lambda.SnapStartConf;

  /**
   * Execution environments kept initialised; each is billed while the version exists.
   *
   * @default - none: a request may wait for a cold start
   */
  readonly provisionedConcurrency?: number;

  /**
   * Concurrency set aside for, and at the same time the most that is given to, the version.
   *
   * @default - the account's shared concurrency
   */
  readonly reservedConcurrency?: number;

  /**
   * What the model itself may do in AWS, added to the version's role.
   *
   * @default - it may only write its log
   */
  readonly initialPolicy?: iam.PolicyStatement[];

  /**
   * Layers with libraries.
   *
   * @default - none
   */
  readonly layers?: lambda.ILayerVersion[];

  /**
   * X-Ray tracing.
   *
   * @default Tracing.DISABLED
   */
  readonly tracing?: lambda.Tracing;

  /**
   * What the function gets and returns.
   *
   * @default ModelContract.JSON
   */
  readonly contract?: ModelContract;

  /**
   * How long the version's log is kept, also after the version itself is gone: a rejected one's says why. The log group stays, empty in the
   * end. Not part of the digest.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays;
}

/** What only the kind of function knows. */
export interface FunctionCode {
  readonly code: lambda.Code;
  readonly handler: string;
  readonly runtime: lambda.Runtime;
  readonly environment?: { [name: string]: string };
}

/** A version that is a Lambda function with a role and a log group of its own. */
export class FunctionVersion extends ModelVersion {
  public readonly timeout: Duration;
  /** What the router invokes: the function, or its published version where a snapshot or warm capacity needs one. */
  public readonly invoked: lambda.IFunction;
  protected readonly permission: iam.Policy;
  private readonly fn: lambda.Function;
  private readonly contract: ModelContract;

  constructor(
    scope: Construct,
    id: string,
    digest: string,
    private readonly options: FunctionOptions & { readonly code: FunctionCode },
    bind: ModelBindOptions,
  ) {
    super(scope, id, digest);
    const { code } = options;
    this.timeout = options.timeout ?? defaultTimeout(bind);
    this.contract = options.contract ?? ModelContract.JSON;

    const key = options.environmentEncryption ?? keyOf(scope);
    const log = logGroup(this, 'Log', {
      retention: options.logRetention,
      // Why a version was rejected is in its log, and CloudFormation removes the version within seconds. The retention ends what is kept;
      // CloudFormation gives every log a name of its own, so that the same version can come again. RETAIN_ON_UPDATE_OR_DELETE would not
      // keep it: a rollback deletes what the update has created.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const role = functionRole(this, log, [...inEnvironment(this, key), ...(options.vpc === undefined ? [] : [networkStatement()])]);
    if (options.vpc !== undefined) {
      acknowledgeNetwork(role);
    }

    const fn = (this.fn = new lambda.Function(this, 'Resource', {
      ...code,
      functionName: versionName(scope, digest),
      environment: { ...options.environment, ...code.environment },
      environmentEncryption: key,
      memorySize: options.memorySize ?? 1024,
      ephemeralStorageSize: options.ephemeralStorageSize,
      timeout: this.timeout,
      architecture: options.architecture,
      vpc: options.vpc,
      vpcSubnets: options.vpcSubnets,
      securityGroups: options.securityGroups,
      snapStart: options.snapStart,
      reservedConcurrentExecutions: options.reservedConcurrency,
      layers: options.layers,
      tracing: options.tracing,
      initialPolicy: options.initialPolicy,
      role,
      logGroup: log,
    }));
    checkEnvironment(fn, "keep settings in the model's code or artifact, or in a parameter that it reads when it starts");
    if (options.tracing !== undefined && !options.initialPolicy?.some((statement) => statement.resources.includes('*'))) {
      acknowledge(role, { 'AwsSolutions-IAM5[Resource::*]': "X-Ray's actions on traces know no resources" });
    }
    if (options.snapStart !== undefined) {
      Annotations.of(fn).acknowledgeWarning('@aws-cdk/aws-lambda:snapStartRequirePublish', 'the version is published below');
    }
    const published = options.snapStart !== undefined || options.provisionedConcurrency !== undefined;
    this.invoked = published
      ? new lambda.Version(this, 'Published', { lambda: fn, provisionedConcurrentExecutions: options.provisionedConcurrency })
      : fn;
    this.permission = allowOwnVersions(scope, 'InvokeFunctions', bind.invoker);
    fn.node.addDependency(this.permission);
  }

  /** @internal */
  public override _admitController(controller: iam.IRole): void {
    const functions = functionsOfStack(controller);
    allowOfStack(controller, 'OwnFunctions', { [functions]: "the names of this stack's versions, and of nothing else, have its tag" }, [
      new iam.PolicyStatement({
        actions: ['lambda:GetFunctionConcurrency', 'lambda:GetProvisionedConcurrencyConfig'],
        resources: [functions],
      }),
      // What the account's functions may run at a time is the account's.
      new iam.PolicyStatement({ actions: ['lambda:GetAccountSettings'], resources: ['*'] }),
    ]);
  }

  /** @internal */
  public override _admitFreshCopy(controller: iam.IRole): string[] {
    if (this.invoked !== this.fn) {
      return ['it has snapStart or provisionedConcurrency, and is a published version already'];
    }
    const functions = functionsOfStack(controller);
    const versions = `${functions}:*`;
    const reason = "the names of this stack's versions, and of nothing else, have its tag";
    allowOfStack(controller, 'OwnControls', { [functions]: reason, [versions]: `${reason}; never a function as a whole` }, [
      new iam.PolicyStatement({ actions: ['lambda:PublishVersion'], resources: [functions] }),
      new iam.PolicyStatement({ actions: ['lambda:DeleteFunction'], resources: [versions] }),
    ]);
    return [];
  }

  /** @internal */
  public override _declaredCapacity(): DeclaredCapacity {
    const { reservedConcurrency: reserved, provisionedConcurrency: provisioned } = this.options;
    return {
      ...(known(reserved) ? { concurrency: { setting: 'reservedConcurrency', most: reserved } } : {}),
      ...(known(provisioned) ? { provisioned } : {}),
    };
  }

  /** @internal */
  public _target(): Target {
    return { kind: 'lambda', functionArn: this.invoked.functionArn, contract: this.contract, maxRequestBytes: LAMBDA_PAYLOAD_BYTES };
  }
}

function functionsOfStack(scope: Construct): string {
  return Stack.of(scope).formatArn({
    service: 'lambda',
    resource: 'function',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    resourceName: versionNamesOfStack(scope),
  });
}

/** What a digest has of a function's options. */
export function identityOf(scope: Construct, options: FunctionOptions, bind: ModelBindOptions): { readonly [member: string]: unknown } {
  return {
    version: options.version,
    memory: options.memorySize ?? 1024,
    storage: options.ephemeralStorageSize?.toMebibytes(),
    timeout: (options.timeout ?? defaultTimeout(bind)).toSeconds(),
    architecture: (options.architecture ?? lambda.Architecture.X86_64).name,
    vpc: options.vpc?.vpcId,
    subnets: options.vpc?.selectSubnets(options.vpcSubnets).subnetIds,
    securityGroups: options.securityGroups?.map((group) => group.securityGroupId),
    environment: options.environment,
    key: (options.environmentEncryption ?? keyOf(scope))?.keyArn,
    snapStart: options.snapStart !== undefined,
    provisioned: options.provisionedConcurrency,
    reserved: options.reservedConcurrency,
    policy: options.initialPolicy?.map((statement) => statement.toStatementJson() as unknown),
    layers: options.layers?.map((layer) => layer.layerVersionArn),
    tracing: options.tracing,
    contract: options.contract ?? ModelContract.JSON,
  };
}

/** Everything about a function's options that Lambda would refuse at deployment. */
export function functionProblems(name: string, options: FunctionOptions): string[] {
  const problems = [
    ...wholeProblem(`memorySize of ${name}`, options.memorySize, [128, 10_240], 'MiB', 'choose a size that Lambda offers'),
    ...rangeProblem(
      `ephemeralStorageSize of ${name}`,
      options.ephemeralStorageSize?.toMebibytes(),
      [512, 10_240],
      'MiB',
      'choose a size that Lambda offers',
    ),
    ...rangeProblem(
      `timeout of ${name}`,
      options.timeout === undefined || options.timeout.isUnresolved() ? undefined : options.timeout.toSeconds({ integral: false }),
      [1, 900],
      's',
      'a longer inference needs an asynchronous endpoint',
    ),
    ...wholeProblem(
      `provisionedConcurrency of ${name}`,
      options.provisionedConcurrency,
      [1, 100_000],
      'environments',
      'leave it out for none',
    ),
    ...wholeProblem(
      `reservedConcurrency of ${name}`,
      options.reservedConcurrency,
      [1, 100_000],
      'environments',
      "leave it out to share the account's",
    ),
    ...functionEnvironmentProblems(name, options.environment),
  ];
  if (options.snapStart !== undefined && options.provisionedConcurrency !== undefined) {
    problems.push(`${name} has both snapStart and provisionedConcurrency, which Lambda does not combine; choose one`);
  }
  const storage = options.ephemeralStorageSize;
  if (options.snapStart !== undefined && storage !== undefined && !storage.isUnresolved() && storage.toMebibytes() > 512) {
    problems.push(`ephemeralStorageSize of ${name} is ${storage.toMebibytes()} MiB, but snapStart allows 512; leave one of them out`);
  }
  if (options.vpc === undefined && (options.vpcSubnets !== undefined || options.securityGroups !== undefined)) {
    problems.push(`${name} has vpcSubnets or securityGroups without a vpc; set vpc too`);
  }
  const provisioned = options.provisionedConcurrency;
  const reserved = options.reservedConcurrency;
  if (
    provisioned !== undefined &&
    reserved !== undefined &&
    !Token.isUnresolved(provisioned) &&
    !Token.isUnresolved(reserved) &&
    provisioned > reserved
  ) {
    problems.push(
      `provisionedConcurrency of ${name} is ${provisioned}, more than its reservedConcurrency of ${reserved}; raise the latter`,
    );
  }
  return problems;
}
