import type { IAlarmRef } from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { ORDER_AGE_SECONDS, type OrderEvent } from '../core/rollout/orders';

/** An event pattern may have 2,048 characters; the ARN of an alarm may have 320. */
const ALARMS_PER_RULE = 5;

/** From the alarm to the route without the controller: every alarm that rolls back stops the rollout as soon as it goes off. */
export function abortRules(scope: Construct, alias: string, alarms: readonly IAlarmRef[], abort: lambda.IFunction): void {
  const order = {
    verb: 'abort',
    alias,
    by: `alarm ${events.EventField.fromPath('$.detail.alarmName')}`,
    reason: events.EventField.fromPath('$.detail.state.reason'),
    at: events.EventField.fromPath('$.time'),
  } satisfies OrderEvent;
  for (let first = 0; first < alarms.length; first += ALARMS_PER_RULE) {
    new events.Rule(scope, first === 0 ? 'Abort' : `Abort${first / ALARMS_PER_RULE + 1}`, {
      description: `Puts ${alias} back on production when a guardrail's alarm goes off`,
      eventPattern: {
        source: ['aws.cloudwatch'],
        detailType: ['CloudWatch Alarm State Change'],
        resources: alarms.slice(first, first + ALARMS_PER_RULE).map((alarm) => alarm.alarmRef.alarmArn),
        detail: { state: { value: ['ALARM'] } },
      },
      targets: [
        new LambdaFunction(abort, {
          event: events.RuleTargetInput.fromObject(order),
          // An order that comes late is about another rollout, if any; the abort function refuses it, and Lambda's own queue drops it. What
          // is lost meanwhile is not: the controller sees the same alarm at its next tick, and without the controller the lease runs out.
          // So there is no dead letter either.
          maxEventAge: Duration.seconds(ORDER_AGE_SECONDS),
          retryAttempts: 10,
        }),
      ],
    });
  }
}
