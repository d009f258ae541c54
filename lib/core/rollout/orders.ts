/**
 * What people and alarms tell a rollout. The abort function takes `abort` only, the operate function everything else, so that the
 * permission to stop a rollout and the permission to move it on can be given to different people.
 */
export interface OrderEvent {
  readonly verb: Verb;
  /** Key of the route record, `endpoint/alias`. */
  readonly alias: string;
  /** Who gives the order: a person's ARN, or an alarm's name. */
  readonly by: string;
  readonly reason?: string;
  /** When what the order is about happened, ISO 8601. An order about what was before the rollout is refused: it may have come late. */
  readonly at?: string;
  /** Id of the rollout that is meant; an order about another one is refused. Default: the one that is running. */
  readonly rollout?: string;
  /** `approve`: the stage that may begin, from 0. Default: the next one. */
  readonly stage?: number;
  /** `retry`: digest of the rejected version. Default: the last one that was rejected. */
  readonly version?: string;
}

/** How old an order of an alarm may get on its way, with EventBridge and once more with Lambda. */
export const ORDER_AGE_SECONDS = 60;

export const VERBS = ['abort', 'pause', 'resume', 'approve', 'promote', 'retry'] as const;
export type Verb = (typeof VERBS)[number];

/** What came of an order. An order that changes nothing because it was carried out already is ok. */
export interface OrderResult {
  readonly ok: boolean;
  readonly code: OrderCode;
  /** A sentence for people. */
  readonly message: string;
}

export type OrderCode =
  | 'DONE'
  | 'NOTHING_TO_DO'
  | 'MALFORMED_ORDER'
  | 'OUTDATED_ORDER'
  | 'ALIAS_NOT_FOUND'
  | 'NO_ROLLOUT'
  | 'NOT_REJECTED'
  | 'CONFLICT'
  | 'FAILED';
