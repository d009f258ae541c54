import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { Rollout } from './rollout';
import type { RolloutOptions } from './rollout-options';
import { type BuiltRollout, buildRollout } from './rollout-build';
import { plainSeconds } from '../validate/seconds';
import { TrafficShift } from './traffic-shift';

/** A blue/green rollout of an alias. */
export interface BlueGreenRolloutProps extends RolloutOptions {
  /**
   * How long the old version is kept, warm and without requests, once all of them are on the new one: the return takes seconds.
   *
   * @default Duration.minutes(15)
   */
  readonly terminationWait?: Duration;

  /**
   * Alias at which the new version alone answers before and while it gets requests.
   *
   * @default - the alias's name with `-preview`
   */
  readonly previewAlias?: string;
}

/**
 * A change of an alias's model becomes a rollout: the complete new version stands beside the old one, can be called at a preview
 * address, is tested, gets all requests at once (or by steps), and the old version is kept warm for a while before it is deleted.
 *
 * Defines what a {@link CanaryRollout} does.
 */
export class BlueGreenRollout extends Rollout {
  /** @internal */
  protected readonly _built: BuiltRollout;

  constructor(scope: Construct, id: string, props: BlueGreenRolloutProps) {
    super(scope, id);
    this._built = buildRollout(this, props, {
      kind: 'blue-green',
      shift: props.shift ?? TrafficShift.allAtOnce(),
      finalPercent: 100,
      finalBakeSeconds: plainSeconds(props.terminationWait ?? Duration.minutes(15)),
      finalBakeName: 'terminationWait',
      previewAlias: props.previewAlias ?? `${props.alias ?? 'live'}-preview`,
    });
  }
}
