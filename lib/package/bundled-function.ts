import type * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { type Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge';
import { assetPath } from './assets';
import { checkEnvironment } from '../validate/environment';
import { keyOf } from '../encryption/key-of';
import { logGroup } from '../encryption/log-group';
import { inEnvironment } from '../encryption/permissions';
import { acknowledgeNetwork, type FunctionNetwork, networkStatement } from './function-network';
import { functionRole } from './function-role';

/** A function of the package itself. */
export interface BundledFunctionProps {
  /** Folder in the package's assets. */
  readonly asset: string;
  /**
   * @default index.handler
   */
  readonly handler?: string;
  /**
   * Id of the function below the construct: with another one CloudFormation defines a function beside the old one, with the same role and
   * log.
   *
   * @default Resource
   */
  readonly functionId?: string;
  readonly description: string;
  readonly memorySize: number;
  readonly timeout: Duration;
  readonly environment?: { [name: string]: string };
  /** What the function may do beside writing its log. */
  readonly policy?: iam.PolicyStatement[];
  readonly tracing?: lambda.Tracing;
  readonly logRetention?: logs.RetentionDays;
  /** How long an event may wait for the function, where it is called without anybody waiting. */
  readonly maxEventAge?: Duration;
  /** How often an event that failed is given to the function again, 0 to 2. */
  readonly retryAttempts?: number;
  /** What makes its variables shorter, where a user decides what they hold. */
  readonly environmentRemedy?: string;
  /** Concurrency set aside for, and at the same time the most that is given to, the function. */
  readonly reservedConcurrency?: number;
  /** @default - the function runs outside any network of the user's */
  readonly network?: FunctionNetwork;
}

/** A function of the package itself, with a role that may write the function's own log and what `policy` says. */
export class BundledFunction extends Construct {
  public readonly function: lambda.Function;
  public readonly role: iam.Role;
  public readonly log: logs.ILogGroup;

  constructor(scope: Construct, id: string, props: BundledFunctionProps) {
    super(scope, id);
    const log = logGroup(this, 'Log', { retention: props.logRetention });
    const key = keyOf(this);
    this.log = log;
    const { network } = props;
    this.role = functionRole(this, log, [
      ...inEnvironment(this, key), ...(network === undefined ? [] : [networkStatement()]), ...props.policy ?? [],
    ]);
    if (network !== undefined) {
      acknowledgeNetwork(this.role);
    }
    this.function = new lambda.Function(this, props.functionId ?? 'Resource', {
      code: codeOf(this, props.asset),
      handler: props.handler ?? 'index.handler',
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      description: props.description,
      memorySize: props.memorySize,
      timeout: props.timeout,
      environment: props.environment,
      environmentEncryption: key,
      tracing: props.tracing,
      maxEventAge: props.maxEventAge,
      retryAttempts: props.retryAttempts,
      reservedConcurrentExecutions: props.reservedConcurrency,
      role: this.role,
      ...network,
      logGroup: log,
    });
    checkEnvironment(this.function, props.environmentRemedy ?? 'shorten the names that it is told');
    if (props.tracing !== undefined) {
      acknowledge(this.role, { 'AwsSolutions-IAM5[Resource::*]': 'X-Ray\'s actions on traces know no resources' });
    }
  }
}

/** The code of the package's functions, by stack and folder. */
const CODES = new WeakMap<Stack, Map<string, lambda.Code>>();

/** One for all functions of a stack: an asset of each would be the same once more. */
function codeOf(scope: Construct, asset: string): lambda.Code {
  const stack = Stack.of(scope);
  const codes = CODES.get(stack) ?? new Map<string, lambda.Code>();
  const code = codes.get(asset) ?? lambda.Code.fromAsset(assetPath(asset));
  CODES.set(stack, codes.set(asset, code));
  return code;
}
