import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { HookPoint } from '../core/rollout/plan';

/** When a hook is called. */
export enum RolloutHookPoint {
  /** Once the candidate is ready, before it has any traffic. */
  BEFORE_TRAFFIC = 'BEFORE_TRAFFIC',
  /** Before every step, the first included. */
  BEFORE_STEP = 'BEFORE_STEP',
  /** After the final bake, before the candidate becomes production. */
  BEFORE_PROMOTION = 'BEFORE_PROMOTION',
  /** After the candidate became production; the answer changes nothing any more. */
  AFTER = 'AFTER',
  /** After the candidate was rolled back; the answer changes nothing any more. */
  ON_ROLLBACK = 'ON_ROLLBACK',
}

/**
 * A function of yours that has a say in a rollout. It answers `{ "verdict": "pass" | "wait" | "fail", "reason": "…" }`: to wait is to
 * be asked again at the next interval, to fail is to roll back. No answer, or another one, is to wait.
 */
export interface RolloutHook {
  /** When it is called. */
  readonly point: RolloutHookPoint;

  /** The function. It may be called more than once for the same step and should answer within some seconds. */
  readonly handler: lambda.IFunction;
}

export function hookPoint(point: RolloutHookPoint): HookPoint {
  return point.toLowerCase().replaceAll('_', '-') as HookPoint;
}
