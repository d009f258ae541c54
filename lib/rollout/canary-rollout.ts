import { Duration, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { ROLLOUT_DEFAULTS } from '../core/rollout/defaults';
import { Rollout } from './rollout';
import type { RolloutOptions } from './rollout-options';
import { RolloutParts } from './rollout-parts';
import { plainSeconds } from '../validate/seconds';
import { TrafficShift } from './traffic-shift';

/** A canary rollout of an alias. */
export interface CanaryRolloutProps extends RolloutOptions {
  /**
   * How long the candidate serves all but the holdback, before it becomes production.
   *
   * @default Duration.minutes(10)
   */
  readonly finalBakeTime?: Duration;

  /**
   * Share that production keeps in the final bake, percent, 0 to 50, so that the two can be compared to the end: with 20 % a fault that begins there
   * is found in a third of the time that it takes with 5 %.
   *
   * @default 20
   */
  readonly baselineHoldback?: number;

  /**
   * Alias at which the candidate alone answers while a rollout is under way.
   *
   * @default - none
   */
  readonly previewAlias?: string;
}

/**
 * A change of an alias's model becomes a rollout: the new version gets a small share of the requests, then more, and becomes
 * production only if no guardrail stands against it; else all requests are back on the old version and the deployment fails and says why.
 *
 * Defines alarms for its guardrails, an EventBridge rule from these alarms to the abort function, a policy for the controller and a
 * dashboard; and, once per stack, a table, three functions and a state machine.
 */
export class CanaryRollout extends Rollout {
  /** @internal */
  protected readonly _parts: RolloutParts;

  constructor(scope: Construct, id: string, props: CanaryRolloutProps) {
    super(scope, id);
    const holdback = props.baselineHoldback ?? ROLLOUT_DEFAULTS.holdbackPercent;
    this._parts = new RolloutParts(this, props, {
      kind: 'canary',
      shift: props.shift ?? TrafficShift._default(),
      // 100 - 0.1 is not 99.9.
      finalPercent: Number((100 - holdback).toFixed(6)),
      problems: Token.isUnresolved(holdback) || !(holdback >= 0 && holdback <= 50)
        ? [`baselineHoldback is ${holdback} %, but must be between 0 and 50; ${ROLLOUT_DEFAULTS.holdbackPercent} is the default, 0 turns it off`]
        : [],
      finalBakeSeconds: plainSeconds(props.finalBakeTime ?? Duration.seconds(ROLLOUT_DEFAULTS.finalBakeSeconds)),
      finalBakeName: 'finalBakeTime',
      previewAlias: props.previewAlias,
    });
  }
}
