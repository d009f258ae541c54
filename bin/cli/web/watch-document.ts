import type { Verb } from '../../../lib/core/rollout/orders';
import type { StoredDecision } from '../../../lib/core/rollout/state';
import type { RolloutTrace } from '../../../page/rollout-charts';
import { type DecisionEntry, EntryCollector } from '../documents/history-document';
import { evidenceStatus } from '../documents/evidence-document';
import { type AliasStatus, judgementIn, type RolloutStatus, withReadings } from '../documents/status-document';

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
  /** When guardrails were read last, ISO 8601, where the last decision read none: an abort asks nobody. */
  readonly readAt?: string;
  /** The candidate that was rolled back is refused until somebody allows another try. */
  readonly rejected?: true;
}

/** What was read of a rollout beside its record. */
export interface ReadOfRollout {
  /** Its decisions, oldest first. */
  readonly decided: readonly StoredDecision[];
  readonly traffic?: Pick<RolloutTrace, 'failures' | 'latency'>;
  readonly notes?: readonly string[];
  readonly rejected?: boolean;
}

/** A page is not a log; the rest is in `history`. */
const MOST_ENTRIES = 60;

export function watchedAlias(
  status: AliasStatus, { decided, traffic, notes = [], rejected = false }: ReadOfRollout, now: number,
): WatchedAlias {
  const { rollout } = status;
  if (rollout === undefined) {
    return { status, decisions: [], notes, orders: [] };
  }
  const collector = new EntryCollector(MOST_ENTRIES);
  [...decided].reverse().every((decision) => collector.add(decision));
  const { readAt, ...read } = lastRead(rollout, decided);
  return {
    status: { ...status, rollout: { ...rollout, ...read } },
    ...(readAt === undefined ? {} : { readAt }),
    ...(rejected ? { rejected } : {}),
    decisions: [...collector.result().decisions].reverse(),
    trace: traceOf(rollout, decided, traffic, now),
    notes,
    orders: ordersOf(rollout, rejected),
  };
}

/** When a rollout ended, or now, epoch milliseconds. */
export function untilOf({ outcome }: RolloutStatus, now: number): number {
  return outcome === undefined ? now : Date.parse(outcome.at);
}

/** What guardrails said when they were asked last, if nobody asked them for the last decision. */
function lastRead(
  { guardrails }: RolloutStatus, decided: readonly StoredDecision[],
): Partial<Pick<RolloutStatus, 'guardrails' | 'evidence'>> & { readonly readAt?: string } {
  const before = guardrails.length > 0 && guardrails.every(({ status }) => status === 'not read')
    ? decided.findLast(({ decision: { evidence } }) => evidence.guardrails.length > 0 || judgementIn(evidence) !== undefined)?.decision
    : undefined;
  if (before === undefined) {
    return {};
  }
  const judgement = judgementIn(before.evidence);
  return {
    readAt: new Date(before.at).toISOString(),
    guardrails: withReadings(guardrails, before.evidence),
    ...(judgement === undefined ? {} : { evidence: evidenceStatus(judgement) }),
  };
}

/** The orders that may be given to a rollout as it stands. */
function ordersOf({ status, needsApproval, paused }: RolloutStatus, rejected: boolean): Verb[] {
  if (status === 'rolled back' && rejected) {
    return ['retry'];
  }
  return status === 'running'
    ? [...(needsApproval === undefined ? [] : ['approve'] as const), paused === undefined ? 'pause' : 'resume', 'promote', 'abort']
    : [];
}

function traceOf(
  rollout: RolloutStatus, decided: readonly StoredDecision[], traffic: ReadOfRollout['traffic'], now: number,
): RolloutTrace {
  const [from, until] = [Date.parse(rollout.startedAt) / 1_000, untilOf(rollout, now) / 1_000];
  const judged = decided.flatMap(({ decision: { at, evidence } }) => {
    const judgement = judgementIn(evidence);
    // JSON, and so a record, has no minus infinity.
    return judgement === undefined ? [] : [{ x: at / 1_000, y: judgement.logEvidence ?? 0, threshold: judgement.logThreshold }];
  });
  const end = rollout.outcome === undefined ? [] : [{ x: until, y: rollout.status === 'promoted' ? 100 : 0 }];
  return {
    x: { kind: 'time', from, until },
    shares: [{ x: from, y: 0 }, ...decided.map(({ decision: { at, percent } }) => ({ x: at / 1_000, y: percent })), ...end],
    ...(judged.length === 0 ? {} : { evidence: { points: judged.map(({ x, y }) => ({ x, y })), threshold: judged.at(-1)!.threshold } }),
    ...traffic,
  };
}
