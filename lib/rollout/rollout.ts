import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { recordRehearsal } from '../rehearsal/record-rehearsal';
import type { RehearsalOptions } from '../rehearsal/rehearsal-options';
import type { RolloutGrants } from './rollout-grants';
import type { BuiltRollout } from './rollout-build';
import type { ShadowMirror } from '../shadow/shadow-mirror';

/** A rollout, of whatever kind. */
export abstract class Rollout extends Construct {
  /** @internal */
  protected abstract readonly _built: BuiltRollout;

  /** Permissions on the rollout. */
  public get grants(): RolloutGrants {
    return this._built.grants;
  }

  /** Alarms that roll the candidate back when they go off. */
  public get rollbackAlarms(): cloudwatch.IAlarmRef[] {
    return this._built.rollbackAlarms;
  }

  /**
   * An alarm on the evidence against the candidate: it goes off once there is as much of it as rolls the candidate back. Whatever
   * understands alarms can roll back with it, such as SageMaker's deployment guardrails or CodeDeploy. Undefined where no guardrail by
   * evidence rolls back.
   */
  public get evidenceAlarm(): cloudwatch.IAlarm | undefined {
    return this._built.evidenceAlarm;
  }

  /** Address at which the candidate alone answers while a rollout is under way, if there is one. */
  public get previewUrl(): string | undefined {
    return this._built.previewUrl;
  }

  /** The dashboard, if there is one. */
  public get dashboard(): cloudwatch.Dashboard | undefined {
    return this._built.dashboard;
  }

  /** The mirror of the shadow stage, with its metrics and dashboard, if there is one. */
  public get shadow(): ShadowMirror | undefined {
    return this._built.shadow;
  }

  /** A managed policy for those who may stop every rollout of the stack, which puts production back. Defined when first asked for. */
  public get abortPolicy(): iam.IManagedPolicy {
    return this._built.control.abortPolicy;
  }

  /**
   * A managed policy for those who may pause, resume, approve, promote and retry every rollout of the stack. Defined when first
   * asked for.
   */
  public get operatePolicy(): iam.IManagedPolicy {
    return this._built.control.operatePolicy;
  }

  /**
   * Require of the rollout's plan what `model-rollout rehearse` must see of it in virtual time. Without options the command rehearses these
   * scenarios and ends with code 7 where something is not as expected, so that CI refuses a plan that cannot protect. It is written beside
   * the template, and changes nothing that is deployed.
   */
  public rehearse(options: RehearsalOptions): void {
    const { aliasKey, expected } = this._built;
    recordRehearsal(this, aliasKey, expected, options);
  }
}
