import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { Bound } from '../core/judge/rate';
import type { ThresholdAlarm } from '../core/judge/threshold-alarm';
import type { JudgementPlan } from '../core/rollout/plan';
import type { AlarmGuardrailPlan } from '../core/guardrails/alarm';
import type { BySegmentsPlan } from '../core/guardrails/common';
import type { GuardrailPlan } from '../core/guardrails/kinds';
import type { AssignmentKey } from '../core/routing/route';
import type { EndpointMetrics } from '../endpoint/endpoint-metrics';
import type { IAlarmRef } from 'aws-cdk-lib/aws-cloudwatch';
import { GuardrailAction, type GuardrailOptions, type InsufficientData } from './guardrail-options';
import type { Segment } from './segment';

/** What a factory of Guardrail has behind it. */
export interface GuardrailKind {
  readonly name: string;
  /** Whether it compares the candidate with production, by evidence. */
  readonly compares?: boolean;
  /** Whether it compares segments too, and all requests with half of its part of the promise. */
  readonly segmented?: boolean;
  /** What it tolerates, if it compares failures and rolls back. */
  readonly allowedErrors?: Bound;
  problems(): string[];
  /** Define what the guardrail needs, below `scope`. */
  bind(scope: Construct, context: GuardrailContext): BoundGuardrail;
}

/** What a guardrail is told of the rollout that it guards. */
export interface GuardrailContext {
  readonly endpointName: string;
  readonly alias: string;
  readonly metrics: EndpointMetrics;
  /** Which part of a request decides its variant. */
  readonly assignment: AssignmentKey;
  readonly countSegments: CountSegments;
  /** Whether the endpoint's models generate text, and whether their answers are streamed. */
  readonly generative: boolean;
  readonly streaming: boolean;
  /** Dimensions that name all requests of the endpoint, whichever version serves them: values by name, for each namespace. */
  readonly whole: readonly { readonly namespace: string; readonly dimensions: { readonly [name: string]: string } }[];
}

/** Has routers count requests and failures by segments, and slow requests too if they are asked for. */
export type CountSegments = (segment: Segment, slow: boolean) => NonNullable<BySegmentsPlan['by']>;

/** A guardrail in a rollout. */
export interface BoundGuardrail {
  /** Absent where the guardrail is no comparison of its own but a part of the judgement. */
  readonly plan?: GuardrailPlan;
  /** What it adds to how evidence is judged. */
  readonly judgement?: Pick<JudgementPlan, 'sampleRatio'>;
  /** What the controller may call for it. */
  readonly handler?: lambda.IFunction;
  readonly alarm?: cloudwatch.IAlarmRef;
  /** The alarm, if the guardrail defines it. */
  readonly own?: cloudwatch.Alarm;
  /** Longest time that the guardrail needs to see something, as far as it is known. */
  readonly window?: AlarmWindow;
  /** The alarm, if it is one on the share of its requests that the candidate fails to answer, in minutes. */
  readonly failureAlarm?: ThresholdAlarm;
  /** What the alarm watches, if that is production's requests as well as the candidate's. */
  readonly watchesBoth?: string;
  /** How the alarm takes silence of the candidate for its health, if it does. */
  readonly silence?: Silence;
  /** The service of production's metrics, if that counts what production answers in place of the candidate. */
  readonly countsFallbacks?: string;
  /** What only shows in the rollout's place. */
  readonly problems?: string[];
}

/** How an alarm on a candidate's own metrics takes their silence for health. */
export interface Silence {
  /** The candidate's metrics that it watches. */
  readonly of: string;
  /** The setting that makes it so. */
  readonly by: string;
  /** Routers write all of them, zeros too, with every request: they are silent only where `minRequests` is not met either. */
  readonly withRequests: boolean;
}

export interface AlarmWindow {
  readonly periodSeconds: number;
  readonly periods: number;
}

/** What the controller is told of a guardrail that is an alarm. */
export function guardrailPlan(
  name: string,
  options: GuardrailOptions,
  alarm: IAlarmRef,
  insufficientData: InsufficientData,
): AlarmGuardrailPlan {
  return {
    name,
    action: (options.action ?? GuardrailAction.ROLLBACK).toLowerCase() as AlarmGuardrailPlan['action'],
    kind: 'alarm',
    alarmName: alarm.alarmRef.alarmName,
    insufficientData: insufficientData.toLowerCase() as AlarmGuardrailPlan['insufficientData'],
  };
}
