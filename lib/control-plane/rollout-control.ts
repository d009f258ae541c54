import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import type { Construct, IDependable } from 'constructs';
import { acknowledge } from '../package/acknowledge';
import { BundledFunction } from '../package/bundled-function';
import { ControlPlaneId, Env, routeKey } from '../core/names';
import { ORDER_AGE_SECONDS } from '../core/rollout/orders';
import { RolloutAttribute } from '../core/rollout/state';
import { LONGEST_TASK_SECONDS } from '../core/rollout/execution';
import { keyOf } from '../encryption/key-of';
import { inExecutions, inTables } from '../encryption/permissions';
import { tableEncryption } from '../encryption/table-encryption';
import { RolloutMachine } from './rollout-machine';

/**
 * What the rollouts of a stack share: the table of what they did, the controller and its state machine, the function that stops
 * a rollout, and the one that takes all other orders. It has no node of its own, so that ids stay short for those who look for them.
 */
export class RolloutControl {
  public readonly table: dynamodb.ITable;
  public readonly controller: BundledFunction;
  public readonly abort: BundledFunction;
  public readonly operate: BundledFunction;
  /** What a route with a rollout must find in place. */
  public readonly dependables: readonly IDependable[];

  constructor(
    private readonly scope: Construct,
    private readonly routes: dynamodb.ITable,
    gate: BundledFunction,
  ) {
    this.table = new dynamodb.Table(scope, ControlPlaneId.ROLLOUTS, {
      partitionKey: { name: RolloutAttribute.ALIAS, type: dynamodb.AttributeType.STRING },
      sortKey: { name: RolloutAttribute.ITEM, type: dynamodb.AttributeType.STRING },
      timeToLiveAttribute: RolloutAttribute.EXPIRES,
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      ...tableEncryption(keyOf(scope)),
      // Without the stack's endpoints there is nothing that could be rolled out; decisions are events and log lines too.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.controller = this.function(
      ControlPlaneId.CONTROLLER,
      512,
      Duration.seconds(LONGEST_TASK_SECONDS),
      'Decides what model rollouts do next, and does it',
      {
        routes: ['DeleteItem', 'GetItem', 'PutItem'],
        rollouts: ['GetItem', 'PutItem'],
        others: [
          new iam.PolicyStatement({
            actions: ['cloudwatch:DescribeAlarms', 'cloudwatch:GetMetricData'],
            // Metrics have no ARN, and composite alarms are only shown to those who may see all alarms.
            resources: ['*'],
          }),
          new iam.PolicyStatement({
            actions: ['events:PutEvents'],
            resources: [Stack.of(scope).formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' })],
          }),
        ],
      },
    );
    acknowledge(this.controller.role, {
      'AwsSolutions-IAM5[Resource::*]': 'metrics have no ARN, and composite alarms are only shown to those who may see all alarms',
    });
    const { machine, arn } = new RolloutMachine(scope, ControlPlaneId.MACHINE, { controller: this.controller.function });
    // Its memory gives the abort function the processor that a cold start takes: seconds count here.
    this.abort = this.function(ControlPlaneId.ABORT, 1024, Duration.seconds(30), 'Puts an alias back on production at once', {
      routes: ['GetItem', 'PutItem'],
      // An event that waits longer is refused: see abortRules.
      maxEventAge: Duration.seconds(ORDER_AGE_SECONDS),
    });
    this.operate = this.function(
      ControlPlaneId.OPERATE,
      512,
      Duration.seconds(30),
      'Takes orders for model rollouts: pause, resume, approve, promote, retry',
      {
        rollouts: ['DeleteItem', 'GetItem', 'PutItem', 'Query'],
      },
    );
    // By name: the machine refers to the controller, which cannot refer to the machine.
    for (const fn of [this.controller, gate]) {
      fn.function.addEnvironment(Env.STATE_MACHINE, arn);
    }
    gate.function.addEnvironment(Env.ROLLOUTS_TABLE, this.table.tableName);

    const start = (): iam.PolicyStatement[] => [
      new iam.PolicyStatement({ actions: ['states:StartExecution'], resources: [machine.stateMachineArn] }),
      ...inExecutions(keyOf(scope), machine.stateMachineArn),
    ];
    // Policies of their own: those of the roles are there before the machine is.
    const handOver = new iam.Policy(scope, 'HandOver', { roles: [this.controller.role], statements: start() });
    const gateRollouts = new iam.Policy(scope, 'GateRollouts', {
      roles: [gate.role],
      statements: [...start(), dynamo(this.table, ['DeleteItem', 'GetItem', 'PutItem', 'Query'])],
    });
    this.dependables = [this.table, this.controller, machine, this.abort, this.operate, handOver, gateRollouts];
  }

  /** Everything in the stack that `model-rollout status` and `history` look at. */
  public readStatements(alias?: string): iam.PolicyStatement[] {
    const stack = Stack.of(this.scope);
    // Without a slash it is no alias's: the addresses at which CloudFormation waits for an answer are for the controller alone.
    const conditions =
      alias === undefined
        ? { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [routeKey('*', '*')] } }
        : { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [alias] } };
    return [
      new iam.PolicyStatement({ actions: ['dynamodb:GetItem'], resources: [this.routes.tableArn], conditions }),
      new iam.PolicyStatement({ actions: ['dynamodb:GetItem', 'dynamodb:Query'], resources: [this.table.tableArn], conditions }),
      ...inTables(this.scope, keyOf(this.scope)),
      new iam.PolicyStatement({
        actions: ['cloudformation:ListStackResources'],
        resources: [stack.stackId],
      }),
    ];
  }

  /** To stop any rollout of the stack, and see what it does. */
  public get abortPolicy(): iam.IManagedPolicy {
    return this.policy('AbortPolicy', 'Stop model rollouts, which puts production back', this.abort);
  }

  /** To pause, resume, approve, promote and retry any rollout of the stack, and see what it does. */
  public get operatePolicy(): iam.IManagedPolicy {
    return this.policy('OperatePolicy', 'Pause, resume, approve, promote and retry model rollouts', this.operate);
  }

  /** The same policy serves all rollouts: defined when one is first asked for it. */
  private policy(id: string, description: string, fn: BundledFunction): iam.IManagedPolicy {
    const existing = this.scope.node.tryFindChild(id) as iam.ManagedPolicy | undefined;
    if (existing !== undefined) {
      return existing;
    }
    const policy = new iam.ManagedPolicy(this.scope, id, {
      description,
      statements: [
        new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [fn.function.functionArn] }),
        ...this.readStatements(),
      ],
    });
    return policy;
  }

  /** A function that knows only the tables in which it has something to do. */
  private function(
    id: ControlPlaneId,
    memorySize: number,
    timeout: Duration,
    description: string,
    allowed: {
      readonly routes?: readonly string[];
      readonly rollouts?: readonly string[];
      readonly others?: readonly iam.PolicyStatement[];
      readonly maxEventAge?: Duration;
    },
  ): BundledFunction {
    const { routes, rollouts, others = [], maxEventAge } = allowed;
    return new BundledFunction(this.scope, id, {
      asset: id.toLowerCase(),
      description,
      memorySize,
      timeout,
      maxEventAge,
      environment: {
        ...(routes === undefined ? {} : { [Env.TABLE]: this.routes.tableName }),
        ...(rollouts === undefined ? {} : { [Env.ROLLOUTS_TABLE]: this.table.tableName }),
      },
      policy: [
        ...(routes === undefined ? [] : [dynamo(this.routes, routes)]),
        ...(rollouts === undefined ? [] : [dynamo(this.table, rollouts)]),
        ...inTables(this.scope, keyOf(this.scope)),
        ...others,
      ],
    });
  }
}

function dynamo(table: dynamodb.ITable, actions: readonly string[]): iam.PolicyStatement {
  return new iam.PolicyStatement({ actions: actions.map((action) => `dynamodb:${action}`), resources: [table.tableArn] });
}
