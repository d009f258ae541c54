import type { IAlarmRef } from 'aws-cdk-lib/aws-cloudwatch';
import { ArnFormat, Stack, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { watchesBothVersions, windowOf } from './alarm-window';
import { type BoundGuardrail, type GuardrailContext, type GuardrailKind, guardrailPlan } from './guardrail-kind';
import { type AlarmGuardrailOptions, InsufficientData } from './guardrail-options';

/** @see Guardrail.alarm */
export class AlarmGuardrail implements GuardrailKind {
  public readonly name: string;

  constructor(private readonly alarm: IAlarmRef, private readonly options: AlarmGuardrailOptions) {
    this.name = options.name ?? alarm.node.id;
  }

  public problems(): string[] {
    return [];
  }

  public bind(scope: Construct, context: GuardrailContext): BoundGuardrail {
    return {
      plan: guardrailPlan(this.name, this.options, this.alarm, this.options.insufficientData ?? InsufficientData.HOLD),
      alarm: this.alarm,
      window: windowOf(this.alarm),
      watchesBoth: watchesBothVersions(this.alarm, context),
      problems: elsewhere(this.name, this.alarm, Stack.of(scope)),
    };
  }
}

/** Alarms of other regions and accounts send no event here, and cannot be read. */
function elsewhere(name: string, alarm: IAlarmRef, stack: Stack): string[] {
  const { alarmArn } = alarm.alarmRef;
  // An imported alarm has the environment of the stack that imports it; its ARN knows better.
  const there = Token.isUnresolved(alarmArn) ? alarm.env : Stack.of(alarm).splitArn(alarmArn, ArnFormat.COLON_RESOURCE_NAME);
  return (['region', 'account'] as const)
    .filter(
      (place) =>
        ![there[place], stack[place]].some((value) => value === undefined || Token.isUnresolved(value)) && there[place] !== stack[place],
    )
    .map(
      (place) =>
        `the alarm of guardrail ${JSON.stringify(name)} is in ${place} ${there[place]}, but the endpoint is in ${stack[place]}, where `
          + 'it can ' +
        "neither be read nor heard; use an alarm of the endpoint's account and region",
    );
}
