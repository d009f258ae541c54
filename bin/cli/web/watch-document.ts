import type { Verb } from '../../../lib/core/rollout/orders';
import type { RolloutTrace } from '../../../page/rollout-charts';
import type { DecisionEntry } from '../documents/history-document';
import type { AliasStatus, RolloutStatus } from '../documents/status-document';

/** What the page of `watch --web` is told; between a command and its own page, and nobody else. */
export interface WatchDocument {
  readonly stack: string;
  readonly region: string;
  /** When AWS was asked, ISO 8601. */
  readonly at: string;
  readonly aliases: readonly WatchedAlias[];
}

export interface WatchedAlias {
  readonly status: AliasStatus;
  /** Newest first. */
  readonly decisions: readonly DecisionEntry[];
  /** What charts show; absent without a rollout. */
  readonly trace?: RolloutTrace;
  /** What could not be read, and what is missing for it. */
  readonly notes: readonly string[];
  readonly orders: readonly Verb[];
}

/** The orders that may be given to a rollout as it stands. */
export function ordersOf(rollout: RolloutStatus | undefined): Verb[] {
  if (rollout === undefined || rollout.status === 'superseded') {
    return [];
  }
  if (rollout.status !== 'running') {
    return rollout.status === 'rolled back' ? ['retry'] : [];
  }
  return [
    ...(rollout.needsApproval === undefined ? [] : ['approve'] as const),
    rollout.paused === undefined ? 'pause' : 'resume',
    'promote',
    'abort',
  ];
}
