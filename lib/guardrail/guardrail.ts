import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Duration } from 'aws-cdk-lib/core';
import { AlarmGuardrail } from './alarm-guardrail';
import { ErrorRateGuardrail } from './error-rate-guardrail';
import type { GuardrailKind } from './guardrail-kind';
import type { AlarmGuardrailOptions, LatencyGuardrailOptions, ThresholdGuardrailOptions } from './guardrail-options';
import { LatencyGuardrail } from './latency-guardrail';

/** A condition that protects users during a rollout. */
export abstract class Guardrail {
  /**
   * An alarm of yours, on a metric or composite, in the endpoint's account and region. Let it watch the candidate alone: one that
   * watches all requests cannot tell the candidate's failures from production's, and hardly sees a small share.
   */
  public static alarm(alarm: cloudwatch.IAlarmRef, options: AlarmGuardrailOptions = {}): Guardrail {
    return new KindGuardrail(new AlarmGuardrail(alarm, options));
  }

  /**
   * The share of its requests that the candidate fails to answer, percent. Defines an alarm.
   *
   * @param percent above 0 and below 100
   */
  public static errorRateAbove(percent: number, options: ThresholdGuardrailOptions = {}): Guardrail {
    return new KindGuardrail(new ErrorRateGuardrail(percent, options));
  }

  /** The time that the candidate takes to answer, time spent in the router excluded. Defines an alarm. */
  public static latencyAbove(threshold: Duration, options: LatencyGuardrailOptions = {}): Guardrail {
    return new KindGuardrail(new LatencyGuardrail(threshold, options));
  }

  /** @internal */
  public abstract _kind(): GuardrailKind;
}

class KindGuardrail extends Guardrail {
  constructor(private readonly kind: GuardrailKind) {
    super();
  }

  /** @internal */
  public _kind(): GuardrailKind {
    return this.kind;
  }
}
