import type { ReplayProgress } from '../replay/progress';
import type { DeclaredRoute, Variant } from '../routing/route';
import type { EvidenceProgress } from './kept-evidence';
import type { Baseline } from './baseline';
import type { Decision } from './decision';
import type { RolloutPlan } from './plan';
import type { Reason } from './reasons';

/**
 * A rollout as far as it has come. The route record says whose rollout an alias is under and what the weights are; this says how
 * it got there and what it waits for. One item per alias, replaced by the next rollout.
 */
export interface RolloutState {
  readonly schema: 1;
  /** Unique; equal for every retry of the same request of CloudFormation. */
  readonly id: string;
  /** Key of the route record, `endpoint/alias`. */
  readonly alias: string;
  readonly plan: RolloutPlan;
  readonly production: Variant;
  readonly candidate: Variant;
  /** The route once the candidate is promoted. */
  readonly promoted: DeclaredRoute;
  /** The router function, which is asked to call the candidate before it has traffic. */
  readonly routerFunction: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Index of the stage whose weight is in the route; -1 before any traffic. */
  readonly stage: number;
  /** Epoch milliseconds at which the stage began. */
  readonly stageStartedAt: number;
  /** How far the replay has come; absent before, and where there is none. */
  readonly replay?: ReplayProgress;
  /** Since when the candidate is asked as a shadow, epoch milliseconds; absent before, and where there is no shadow stage. */
  readonly shadow?: { readonly startedAt: number };
  /** Smoke tests and warm-up have passed. */
  readonly prepared: boolean;
  /** Where guardrails are judged by evidence: what production's history said before traffic. */
  readonly baseline?: Baseline;
  /** Production's version started anew, where the plan asks for it, once it has been. */
  readonly control?: Variant;
  /** When the candidate had which share, in order. */
  readonly shares?: readonly ShareSpan[];
  /** What people have said. */
  readonly paused?: Order;
  readonly promotion?: Order;
  /** Highest stage that is approved. */
  readonly approved?: { readonly stage: number; readonly by: string; readonly at: number };
  /** The controller's last decision. */
  readonly last?: Decision;
  readonly decisions: number;
  /** Where the plan has an evidence store: how far it is written. */
  readonly evidence?: EvidenceProgress;
  /** Where the plan has a model package: what the registry was told at the end. */
  readonly registry?: RegistryNote;
  readonly outcome?: Outcome;
  /** Where CloudFormation waits, as the first controllers kept it; those since have it in an item of its own, which people cannot read. */
  readonly callback?: Callback;
}

export interface Order {
  readonly by: string;
  readonly reason?: string;
  readonly at: number;
}

export interface Outcome {
  readonly result: 'promoted' | 'rolled back' | 'superseded';
  /** Why, for programs; undefined where the end of a controller before this one gave none. */
  readonly reasons?: readonly Reason[];
  /** What happened and why, for CloudFormation, people and the quarantine. */
  readonly sentence: string;
  readonly at: number;
  /** The candidate itself was found bad. */
  readonly rejects?: true;
  /** The end was reported to whoever waits for it. */
  readonly reported: boolean;
}

/** What a model registry was told of a rollout's end. */
export interface RegistryNote {
  /** ARN of the model package. */
  readonly package: string;
  /** Its approval since. */
  readonly approval?: string;
  /** Why it was not told, or not all of it. */
  readonly problem?: string;
}

/** Where CloudFormation waits for a rollout's end. */
export type Callback =
  | {
      readonly kind: 'response';
      readonly url: string;
      readonly stackId: string;
      readonly requestId: string;
      readonly logicalResourceId: string;
      readonly physicalResourceId: string;
    }
  | { readonly kind: 'wait-condition'; readonly url: string; readonly uniqueId: string };

/** Attributes of the table of rollouts. */
export enum RolloutAttribute {
  /** Partition key: key of the route record, `endpoint/alias`; of a {@link Callback} the rollout's id, which has no slash. */
  ALIAS = 'alias',
  /** Sort key: see {@link RolloutItem}. */
  ITEM = 'item',
  REVISION = 'revision',
  /** The content as JSON. */
  CONTENT = 'content',
  /** Epoch seconds at which DynamoDB may delete the item. */
  EXPIRES = 'expires',
}

/** Sort keys of the table of rollouts. */
export const RolloutItem = {
  /** {@link RolloutState} */
  STATE: 'state',
  /** {@link Rejection} of a version. */
  rejected: (version: string): string => `rejected#${version}`,
  /** {@link Served}: a version that was in production. */
  served: (version: string): string => `served#${version}`,
  /** {@link Callback} */
  CALLBACK: 'callback',
  DECISIONS: 'decision#',
  /** {@link StoredDecision}, in the order of time. */
  decision: (startedAt: number, index: number): string =>
    `decision#${new Date(startedAt).toISOString()}#${String(index).padStart(7, '0')}`,
} as const;

/** A version that a rollout found bad; it is refused until somebody asks for another try. */
export interface Rejection {
  readonly version: string;
  readonly rolloutId: string;
  readonly reason: string;
  readonly at: number;
}

export interface Served {
  readonly version: string;
  readonly until: number;
}

export interface StoredDecision {
  readonly rolloutId: string;
  readonly version: string;
  readonly decision: Decision;
}

/** A time in which the candidate's share of a stage was in the route and its lease held. Epoch milliseconds. */
export interface ShareSpan {
  readonly stage: number;
  readonly from: number;
  readonly until: number;
}
