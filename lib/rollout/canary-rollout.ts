import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { ROLLOUT_DEFAULTS } from '../core/rollout/defaults';
import { Rollout } from './rollout';
import { holdbackProblems } from './rollout-course';
import type { RolloutOptions } from './rollout-options';
import { type BuiltRollout, buildRollout } from './rollout-build';
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
   * Share that production keeps in the final bake, percent, 0 to 50, so that the two can be compared to the end: with 20 % a fault that
   * begins there is found in a third of the time that it takes with 5 %.
   *
   * @default 20
   */
  readonly holdbackPercent?: number;

  /**
   * Start production's own version anew for each rollout, give it the candidate's share, and compare with that instead of production as it
   * is: caches, pools and JIT that are cold after a start are then equally cold on both sides, however long they take to warm up. The two
   * and `holdbackPercent` share the requests, so a candidate gets at most half of what is left, 40 %, and all of them with the promotion.
   *
   * For models on Lambda without `snapStart` and `provisionedConcurrency`: the control is a published version of production's function,
   * which has execution environments of its own. Others, such as models on SageMaker, are refused at synthesis, and so is a second alias
   * of the endpoint with a control: the two may have the same version in production, of which there is one copy.
   * It costs its requests, which production would have had otherwise, and its metrics. The controller removes it at the end; at the latest
   * it goes with its function. After a changed production (`ProductionChange.KEEP`) the rollout begins again with a control of the new one.
   *
   * @default false - the candidate is compared with production as it is; what `settlingTime` does not cover counts as slower
   */
  readonly freshControl?: boolean;

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
  protected readonly _built: BuiltRollout;

  constructor(scope: Construct, id: string, props: CanaryRolloutProps) {
    super(scope, id);
    const fresh = props.freshControl ?? false;
    const problems = holdbackProblems(props.holdbackPercent, fresh);
    // Steps are checked with the default where the holdback is none.
    const holdback = (problems.length === 0 ? props.holdbackPercent : undefined) ?? ROLLOUT_DEFAULTS.holdbackPercent;
    this._built = buildRollout(this, props, {
      kind: 'canary',
      shift: props.shift ?? TrafficShift._default(),
      // 100 - 0.1 is not 99.9.
      finalPercent: Number(((100 - holdback) / (fresh ? 2 : 1)).toFixed(6)),
      control: fresh ? 'fresh' : undefined,
      problems,
      finalBakeSeconds: plainSeconds(props.finalBakeTime ?? Duration.seconds(ROLLOUT_DEFAULTS.finalBakeSeconds)),
      finalBakeName: 'finalBakeTime',
      previewAlias: props.previewAlias,
    });
  }
}
