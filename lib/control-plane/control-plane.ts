import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Aws, CustomResource, Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { GATE_READINESS_SECONDS, GATE_RESOURCE_TYPE, type GateProperties } from '../core/gate';
import { ControlPlaneId, RouteAttribute, routeKey } from '../core/names';
import { BundledFunction } from '../bundled-function';
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
  /** The control plane of the stack, defined when it is first asked for. */
  public static of(scope: Construct): ControlPlane {
    const stack = Stack.of(scope);
    return (stack.node.tryFindChild(ControlPlaneId.ROOT) as ControlPlane | undefined) ?? new ControlPlane(stack, ControlPlaneId.ROOT);
  }

  public readonly table: dynamodb.ITable;
  private readonly gate: BundledFunction;
  private control?: RolloutControl;

  private constructor(scope: Construct, id: string) {
    super(scope, id);
    this.table = new dynamodb.Table(this, ControlPlaneId.ROUTES, {
      partitionKey: { name: RouteAttribute.KEY, type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      // Every record is written again from the template.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.gate = new BundledFunction(this, ControlPlaneId.GATE, {
      asset: 'gate',
      description: 'Writes the routes of model endpoints for CloudFormation',
      memorySize: 256,
      timeout: Duration.minutes(15),
      // CloudFormation waits for little more without a rollout; what comes later it has given up, and would be obeyed after what came since.
      maxEventAge: Duration.seconds(GATE_READINESS_SECONDS + 60),
      retryAttempts: 2,
    });
    this.gate.role.addToPrincipalPolicy(
      new iam.PolicyStatement({
        actions: ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem'],
        resources: [this.table.tableArn],
      }),
    );
    this.gate.role.addToPrincipalPolicy(
      // Whether the stack is on its way back: then its template is obeyed at once, and nothing that can be done without fails.
      new iam.PolicyStatement({ actions: ['cloudformation:DescribeStacks'], resources: [Aws.STACK_ID] }),
    );
  }

  /** Lets a function read the routes of one endpoint. */
  public readingRoutesOf(endpointName: string): iam.PolicyStatement {
    return new iam.PolicyStatement({
      actions: ['dynamodb:GetItem'],
      resources: [this.table.tableArn],
      conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [routeKey(endpointName, '*')] } },
    });
  }

  /** Let the gate ask a router whether it may call the versions of a route. */
  public admitRouter(router: lambda.IFunction): iam.Policy {
    return new iam.Policy(router, 'Probe', {
      roles: [this.gate.role],
      statements: [new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [router.functionArn] })],
    });
  }

  /** What rollouts need, defined when there is one: an endpoint without costs nothing of it. */
  public rollouts(): RolloutControl {
    this.control ??= new RolloutControl(this, this.table, this.gate);
    return this.control;
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
