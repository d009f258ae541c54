import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { ArnFormat, Aws, Duration, Names, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge } from '../package/acknowledge';
import { keyOf } from '../encryption/key-of';
import { logGroup } from '../encryption/log-group';
import { admitLogDelivery, inExecutions } from '../encryption/permissions';
import { type ControllerTask, TASK_SECONDS, type TaskVerdict } from '../core/rollout/execution';

export interface RolloutMachineProps {
  readonly controller: lambda.IFunction;
}

/**
 * The state machine that takes a rollout from its start to its end. Every task asks the controller function, which decides and
 * answers with the data of the next state: `alias`, `rolloutId`, `generation`, `ticks`, `verdict`, `waitSeconds`, `drainSeconds`.
 * A task that fails for good, and a verdict that nobody knows, roll back.
 */
export class RolloutMachine extends Construct {
  public readonly machine: sfn.StateMachine;
  /** ARN made of the machine's name, for functions that the machine itself refers to. */
  public readonly arn: string;

  constructor(scope: Construct, id: string, private readonly props: RolloutMachineProps) {
    super(scope, id);
    const name = Names.uniqueResourceName(this, { maxLength: 80, separator: '-' });
    this.arn = Stack.of(this).formatArn({
      service: 'states', resource: 'stateMachine', resourceName: name, arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    // Step Functions keeps its log groups' policy short only under this prefix.
    const log = logGroup(this, 'Log', { logGroupName: `/aws/vendedlogs/states/${name}` });
    const key = keyOf(this);
    const role = this.role(key);
    this.machine = new sfn.StateMachine(this, 'Resource', {
      stateMachineName: name,
      comment: 'Takes the rollouts of model endpoints from their start to their end',
      definitionBody: sfn.DefinitionBody.fromChainable(this.definition(new Construct(this, 'States'))),
      role: role.withoutPolicyUpdates(),
      tracingEnabled: true,
      logs: { destination: log, level: sfn.LogLevel.ERROR, includeExecutionData: true },
    });
    // CDK's own way would let the service that delivers logs do more with the key than it needs.
    (this.machine.node.defaultChild as sfn.CfnStateMachine).encryptionConfiguration = key && {
      type: 'CUSTOMER_MANAGED_KMS_KEY',
      kmsKeyId: key.keyArn,
      kmsDataKeyReusePeriodSeconds: 300,
    };
    acknowledge(this.machine, {
      'AwsSolutions-SF1': 'every decision is kept in the table of rollouts and sent as an event; the log has what went wrong',
    });
    // Step Functions tries the role out when the machine is made.
    this.machine.node.addDependency(role);
  }

  private role(key: kms.IKey | undefined): iam.Role {
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('states.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID }, ArnLike: { 'aws:SourceArn': this.arn } },
      }),
      inlinePolicies: {
        Machine: new iam.PolicyDocument({
          statements: [
            new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [this.props.controller.functionArn] }),
            new iam.PolicyStatement({
              actions: [
                'logs:CreateLogDelivery', 'logs:DeleteLogDelivery', 'logs:DescribeLogGroups', 'logs:DescribeResourcePolicies',
                'logs:GetLogDelivery', 'logs:ListLogDeliveries', 'logs:PutResourcePolicy', 'logs:UpdateLogDelivery',
                'xray:GetSamplingRules', 'xray:GetSamplingTargets', 'xray:PutTelemetryRecords', 'xray:PutTraceSegments',
              ],
              // The delivery of logs, and traces, know no resources.
              resources: ['*'],
            }),
            ...inExecutions(key, this.arn),
            ...(key === undefined ? [] : [admitLogDelivery(this, key)]),
          ],
        }),
      },
    });
    acknowledge(role, { 'AwsSolutions-IAM5[Resource::*]': 'the delivery of logs, and traces, know no resources' });
    return role;
  }

  private definition(scope: Construct): sfn.IChainable {
    const notReported = new sfn.Fail(scope, 'Not reported', { errorPath: '$.error.Error', causePath: '$.error.Cause' });
    const drain = new sfn.Wait(scope, 'Drain', { time: sfn.WaitTime.secondsPath('$.drainSeconds') });
    const outcome = new sfn.Choice(scope, 'Outcome?')
      .when(verdict('promoted'), new sfn.Succeed(scope, 'Promoted'))
      .when(verdict('superseded'), new sfn.Succeed(scope, 'Superseded'))
      .when(verdict('drain'), drain)
      .otherwise(
        new sfn.Fail(scope, 'Rolled back', { error: 'RolledBack', cause: 'The candidate was rolled back; the last decision says why.' }),
      );
    const report = this.task(scope, 'Report', 'report').addCatch(notReported, { resultPath: '$.error' });
    report.next(outcome);
    drain.next(report);

    // What failed is told to the controller, so that the report can say it. Only data with an error may name it.
    const reportError = this.task(scope, 'Report after an error', 'report', { withError: true }).addCatch(notReported, {
      resultPath: '$.error',
    });
    reportError.next(outcome);
    const drainError = new sfn.Wait(scope, 'Drain after an error', { time: sfn.WaitTime.secondsPath('$.drainSeconds') });
    drainError.next(reportError);

    const rollBack = this.task(scope, 'Roll back', 'rollBack').addCatch(drainError, { resultPath: '$.error' });
    rollBack.next(drain);
    const rollBackError = this.task(scope, 'Roll back after an error', 'rollBack', { withError: true }).addCatch(drainError, {
      resultPath: '$.error',
    });
    rollBackError.next(drain);
    const orRollBack = { resultPath: '$.error' };

    const handOver = this.task(scope, 'Hand over', 'handOver').addCatch(rollBackError, orRollBack);
    handOver.next(new sfn.Succeed(scope, 'Continues in a new execution'));

    const promote = this.task(scope, 'Promote', 'promote').addCatch(rollBackError, orRollBack);
    promote.next(
      new sfn.Choice(scope, 'Promoted?').when(verdict('drain'), drain).when(verdict('superseded'), report).otherwise(rollBack),
    );

    const bake = new sfn.Wait(scope, 'Bake', { time: sfn.WaitTime.secondsPath('$.waitSeconds') });
    const shift = this.task(scope, 'Shift', 'shift').addCatch(rollBackError, orRollBack);
    shift.next(new sfn.Choice(scope, 'Shifted?').when(verdict('hold'), bake).when(verdict('superseded'), report).otherwise(rollBack));

    const judge = this.task(scope, 'Judge', 'judge').addCatch(rollBackError, orRollBack);
    bake.next(judge);
    judge.next(
      new sfn.Choice(scope, 'Verdict?')
        .when(verdict('advance'), shift)
        .when(verdict('hold'), bake)
        .when(verdict('promote'), promote)
        .when(verdict('superseded'), report)
        .when(verdict('hand over'), handOver)
        .otherwise(rollBack),
    );

    const prepare = this.task(scope, 'Prepare', 'prepare').addCatch(rollBackError, orRollBack);
    const waitUntilReady = new sfn.Wait(scope, 'Wait until ready', { time: sfn.WaitTime.secondsPath('$.waitSeconds') });
    waitUntilReady.next(prepare);
    const replay = this.task(scope, 'Replay', 'replay').addCatch(rollBackError, orRollBack);
    replay.next(
      new sfn.Choice(scope, 'Replayed?')
        .when(verdict('hold'), waitUntilReady)
        .when(verdict('superseded'), report)
        .when(verdict('hand over'), handOver)
        .otherwise(rollBack),
    );
    prepare.next(
      new sfn.Choice(scope, 'Prepared?')
        .when(verdict('advance'), shift)
        .when(verdict('replay'), replay)
        .when(verdict('hold'), waitUntilReady)
        .when(verdict('promote'), promote)
        .when(verdict('superseded'), report)
        .when(verdict('hand over'), handOver)
        .otherwise(rollBack),
    );
    return new sfn.Choice(scope, 'Continued?').when(verdict('continue'), bake).otherwise(prepare);
  }

  /** A question to the controller. It is asked again for a while: a moment of AWS is no reason to give up a rollout. */
  private task(scope: Construct, id: string, task: ControllerTask, options: { readonly withError?: boolean } = {}): LambdaInvoke {
    const invoke = new LambdaInvoke(scope, id, {
      lambdaFunction: this.props.controller,
      payloadResponseOnly: true,
      retryOnServiceExceptions: false,
      taskTimeout: sfn.Timeout.duration(Duration.seconds(TASK_SECONDS[task])),
      payload: sfn.TaskInput.fromObject({
        task,
        'alias': sfn.JsonPath.stringAt('$.alias'),
        'rolloutId': sfn.JsonPath.stringAt('$.rolloutId'),
        'generation': sfn.JsonPath.numberAt('$.generation'),
        'ticks': sfn.JsonPath.numberAt('$.ticks'),
        ...(options.withError === true ? { error: sfn.JsonPath.objectAt('$.error') } : {}),
      }),
    });
    invoke.addRetry({
      errors: [sfn.Errors.ALL],
      interval: Duration.seconds(2),
      backoffRate: 2,
      maxDelay: Duration.seconds(30),
      maxAttempts: 6,
    });
    return invoke;
  }
}

function verdict(value: TaskVerdict): sfn.Condition {
  return sfn.Condition.stringEquals('$.verdict', value);
}
