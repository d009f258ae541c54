import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Aws, type CfnResource, CustomResource, Duration, Lazy, RemovalPolicy, Stack, Token } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import {
  GATE_READINESS_SECONDS,
  GATE_RESOURCE_TYPE,
  type GateProperties,
  NAME_RESOURCE_TYPE,
  type NameProperties,
  PERMISSION_SECONDS,
} from '../core/gate';
import { ControlPlaneId, CounterAttribute, RouteAttribute, routeKey } from '../core/names';
import { acknowledge } from '../package/acknowledge';
import { BundledFunction } from '../package/bundled-function';
import { idProblems, share, sharedOf } from '../package/shared';
import { keyOf, useKey } from '../encryption/key-of';
import { admitToTables } from '../encryption/permissions';
import { tableEncryption } from '../encryption/table-encryption';
import { RolloutControl } from './rollout-control';

/** What a rollout adds to the route of its alias. */
export type RouteRollout = Pick<GateProperties, 'Plan' | 'Candidate' | 'WaitHandle'> & {
  /** How long CloudFormation waits for the gate's answer. */
  readonly serviceTimeoutSeconds: number;
};

/**
 * What all endpoints of a stack share: the table of routes, and the function that makes an alias do what the template says.
 */
export class ControlPlane extends Construct {
  /** The control plane of an endpoint's stack, defined when it is first asked for. It has the endpoint's key. */
  public static of(endpoint: Construct): ControlPlane {
    return found(endpoint) ?? new ControlPlane(Stack.of(endpoint), ControlPlaneId.ROOT, keyOf(endpoint));
  }

  /** Why an endpoint cannot share the control plane of its stack, or nothing. */
  public static problems(endpoint: Construct): string[] {
    const shared = found(endpoint);
    return shared === undefined || keyOf(shared)?.keyArn === keyOf(endpoint)?.keyArn
      ? idProblems(endpoint, ControlPlaneId.ROOT)
      : [
          `encryptionKey is ${keyName(keyOf(endpoint))}, but ${keyName(keyOf(shared))} for another endpoint of the stack, with which `
            + 'tables and functions are shared; give both the same key',
        ];
  }

  public readonly table: dynamodb.ITable;
  private readonly gate: BundledFunction;
  private control?: RolloutControl;
  private counterTable?: dynamodb.Table;

  private constructor(scope: Construct, id: string, key: kms.IKey | undefined) {
    super(scope, id);
    share(this);
    useKey(this, key);
    this.table = new dynamodb.Table(this, ControlPlaneId.ROUTES, {
      partitionKey: { name: RouteAttribute.KEY, type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      ...tableEncryption(key),
      // Every record is written again from the template.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.gate = new BundledFunction(this, ControlPlaneId.GATE, {
      asset: 'gate',
      description: 'Writes the routes of model endpoints for CloudFormation',
      memorySize: 256,
      timeout: Duration.minutes(15),
      // CloudFormation waits for little more without a rollout; what comes later it has given up, and would be obeyed after what came
      // since.
      maxEventAge: Duration.seconds(GATE_READINESS_SECONDS + 60),
      retryAttempts: 2,
    });
    this.gate.role.addToPrincipalPolicy(
      new iam.PolicyStatement({
        actions: ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Scan'],
        resources: [this.table.tableArn],
      }),
    );
    this.admitToKey(this.gate.role);
    this.gate.role.addToPrincipalPolicy(
      // Whether the stack is on its way back: then its template is obeyed at once, and nothing that can be done without fails.
      new iam.PolicyStatement({ actions: ['cloudformation:DescribeStacks'], resources: [Aws.STACK_ID] }),
    );
  }

  /**
   * Let a function read the routes of one endpoint, by a policy that belongs to the name: when it changes, both may be read until the
   * former one goes with its policy.
   */
  public admitReader(reader: BundledFunction, endpointName: string): iam.Policy {
    this.admitToKey(reader.role);
    const policy = new iam.Policy(reader, Token.isUnresolved(endpointName) ? 'Routes' : `Routes-${endpointName}`, {
      roles: [reader.role],
      statements: [
        new iam.PolicyStatement({
          actions: ['dynamodb:GetItem'],
          resources: [this.table.tableArn],
          conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [routeKey(endpointName, '*')] } },
        }),
      ],
    });
    return policy;
  }

  /** A table gets another key once those may use it who read it for callers. */
  private admitToKey(role: iam.IRole): void {
    const key = keyOf(this);
    if (key !== undefined) {
      this.table.node.addDependency(admitToTables(role, key));
    }
  }

  /** The custom resource that stands for an endpoint's name: once it has been seen to, the routes can be read by that name. */
  public endpointName(scope: Construct, endpointName: string, routes: () => readonly CustomResource[]): CustomResource {
    const name = new CustomResource(scope, 'Name', {
      serviceToken: this.gate.function.functionArn,
      resourceType: NAME_RESOURCE_TYPE,
      serviceTimeout: Duration.seconds(GATE_READINESS_SECONDS + PERMISSION_SECONDS),
      properties: {
        Table: this.table.tableName,
        Endpoint: endpointName,
        Routes: Lazy.string({
          produce: () =>
            routes()
              .map((route) => Stack.of(scope).getLogicalId(route.node.defaultChild as CfnResource))
              .join(','),
        }),
      } satisfies NameProperties,
    });
    name.node.addDependency(this.gate);
    return name;
  }

  /** Let the gate ask a router whether it may call the versions of a route. */
  public admitRouter(router: lambda.IFunction): iam.Policy {
    return new iam.Policy(router, 'Probe', {
      roles: [this.gate.role],
      statements: [new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [router.functionArn] })],
    });
  }

  /** Let the gate do what it must to an alias that has no router. */
  public admitGate(scope: Construct, statements: iam.PolicyStatement[]): iam.Policy {
    return new iam.Policy(scope, 'Gate', { roles: [this.gate.role], statements });
  }

  /** What rollouts need, defined when there is one: an endpoint without costs nothing of it. */
  public rollouts(): RolloutControl {
    this.control ??= new RolloutControl(this, this.table, this.gate);
    return this.control;
  }

  /**
   * The table of what routers count by key, defined when something is: an endpoint without costs nothing of it. The controller may read it.
   */
  public counters(): dynamodb.ITable {
    if (this.counterTable === undefined) {
      this.counterTable = new dynamodb.Table(this, ControlPlaneId.COUNTERS, {
        partitionKey: { name: CounterAttribute.ALIAS, type: dynamodb.AttributeType.STRING },
        sortKey: { name: CounterAttribute.ITEM, type: dynamodb.AttributeType.STRING },
        timeToLiveAttribute: CounterAttribute.EXPIRES,
        billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
        ...tableEncryption(keyOf(this)),
        removalPolicy: RemovalPolicy.DESTROY,
      });
      acknowledge(this.counterTable, { 'AwsSolutions-DDB3': 'counts of past minutes are of use while a rollout is judged by them' });
      new iam.Policy(this, 'ReadCounters', {
        roles: [this.rollouts().controller.role],
        statements: [new iam.PolicyStatement({ actions: ['dynamodb:Query'], resources: [this.counterTable.tableArn] })],
      });
    }
    return this.counterTable;
  }

  /** Let a router add to what is counted of its own endpoint. */
  public admitCounting(router: BundledFunction, endpointName: string): iam.Policy {
    return new iam.Policy(router, 'Count', {
      roles: [router.role],
      statements: [
        new iam.PolicyStatement({
          actions: ['dynamodb:UpdateItem'],
          resources: [this.counters().tableArn],
          conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [routeKey(endpointName, '*')] } },
        }),
      ],
    });
  }

  /** The custom resource that keeps an alias's route record; what `rollout` returns at synthesis is added to it. */
  public route(
    scope: Construct,
    properties: Pick<GateProperties, 'Alias' | 'Route' | 'RouterFunction'>,
    drainSeconds: number,
    rollout: () => RouteRollout | undefined,
  ): CustomResource {
    const resource = new CustomResource(scope, 'Route', {
      serviceToken: this.gate.function.functionArn,
      resourceType: GATE_RESOURCE_TYPE,
      // The gate, or the controller in its place, answers by itself; this is how long CloudFormation waits for one that cannot.
      serviceTimeout: Duration.seconds(
        Lazy.number({ produce: () => rollout()?.serviceTimeoutSeconds ?? GATE_READINESS_SECONDS + drainSeconds + 60 }),
      ),
      properties: {
        ...properties,
        Table: this.table.tableName,
        DrainSeconds: String(drainSeconds),
        Plan: Lazy.string({ produce: () => rollout()?.Plan }),
        Candidate: Lazy.string({ produce: () => rollout()?.Candidate }),
        WaitHandle: Lazy.string({ produce: () => rollout()?.WaitHandle }),
      } satisfies GateProperties,
    });
    // The gate must be able to do its work before it is called, and until it is no longer called.
    resource.node.addDependency(this.gate);
    return resource;
  }
}

function keyName(key: kms.IKey | undefined): string {
  return key === undefined ? 'none' : key.node.path;
}

function found(endpoint: Construct): ControlPlane | undefined {
  return sharedOf(endpoint, ControlPlaneId.ROOT);
}
