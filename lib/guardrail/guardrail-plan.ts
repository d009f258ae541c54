import type { IAlarmRef } from 'aws-cdk-lib/aws-cloudwatch';
import type { AlarmGuardrailPlan } from '../core/rollout/plan';
import { GuardrailAction, type GuardrailOptions, type InsufficientData } from './guardrail-options';

/** What the controller is told of a guardrail that is an alarm. */
export function guardrailPlan(name: string, options: GuardrailOptions, alarm: IAlarmRef, insufficientData: InsufficientData): AlarmGuardrailPlan {
  return {
    name,
    action: (options.action ?? GuardrailAction.ROLLBACK).toLowerCase() as AlarmGuardrailPlan['action'],
    kind: 'alarm',
    alarmName: alarm.alarmRef.alarmName,
    insufficientData: insufficientData.toLowerCase() as AlarmGuardrailPlan['insufficientData'],
  };
}
