import type { IAlarmRef } from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { OrderEvent } from '../core/rollout/orders';

/** From the alarm to the route without the controller: every alarm that rolls back stops the rollout as soon as it goes off. */
export function abortRule(scope: Construct, alias: string, alarms: readonly IAlarmRef[], abort: lambda.IFunction): events.Rule {
  const order = {
    verb: 'abort',
    alias,
    by: `alarm ${events.EventField.fromPath('$.detail.alarmName')}`,
    reason: events.EventField.fromPath('$.detail.state.reason'),
  } satisfies OrderEvent;
  return new events.Rule(scope, 'Abort', {
    description: `Puts ${alias} back on production when a guardrail's alarm goes off`,
    eventPattern: {
      source: ['aws.cloudwatch'],
      detailType: ['CloudWatch Alarm State Change'],
      resources: alarms.map((alarm) => alarm.alarmRef.alarmArn),
      detail: { state: { value: ['ALARM'] } },
    },
    targets: [
      new LambdaFunction(abort, {
        event: events.RuleTargetInput.fromObject(order),
        // An order that comes too late would stop the next rollout. What is lost meanwhile is not: the controller sees the same alarm
        // at its next tick, and without the controller the lease runs out. So there is no dead letter either.
        maxEventAge: Duration.minutes(2),
        retryAttempts: 10,
      }),
    ],
  });
}
