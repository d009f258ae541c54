import type { Judgement } from '../judge/judgement';
import type { Baseline } from './baseline';
import type { ForeseenProblem } from './capacity';
import type { Variant } from '../routing/route';
import type { GuardrailAction } from '../guardrails/common';

/**
 * Without any request of the alias in the metrics for this long, either nobody calls or the metrics are broken; nobody can tell, so
 * the candidate's lease is not renewed. Requests that production then answers show that the metrics work, and renew it.
 */
export const RECENT_TRAFFIC_SECONDS = 900;

/** What the controller knew when it decided. */
export interface Evidence {
  /** Epoch milliseconds up to which counts are complete. */
  readonly until: number;
  /** The candidate answers at all; asked for before traffic only. */
  readonly readiness?: Readiness;
  /** Closed periods since the stage began. Undefined: they could not be read. */
  readonly candidate?: Counts;
  readonly production?: Counts;
  /** Requests of both variants within the last {@link RECENT_TRAFFIC_SECONDS}; undefined: not known. */
  readonly recentRequests?: number;
  readonly guardrails: readonly GuardrailReading[];
  /** What the evidence guardrails allow, with everything that led to it; once the candidate has traffic. */
  readonly judgement?: Judgement;
  /** The same of what was replayed so far, before traffic. */
  readonly replay?: Judgement;
  /** The same of the shadow stage, while it lasts. */
  readonly shadow?: { readonly judgement?: Judgement; readonly judgementProblem?: string };
  /** Why there is no judgement although there should be one. */
  readonly judgementProblem?: string;
  /** What production's history said; learnt once, before traffic. */
  readonly baseline?: Baseline;
  /** Production's version started anew; once, before traffic. */
  readonly control?: Variant;
  /** Requests a second that production had in its busiest hour of the last day; asked once, before traffic. */
  readonly usualRequestsPerSecond?: number;
  /** What does not fit production's last day, though the candidate were as good as it: its limits, its time; asked once, before traffic. */
  readonly foreseen?: readonly ForeseenProblem[];
  /** Change calendars: all open, one closed, or not known. */
  readonly calendar: 'open' | 'closed' | 'unknown';
  /** The route says that the rollout is to end: nothing else is looked at. */
  readonly aborted?: { readonly by: string; readonly reason: string; readonly blameless?: true };
  /** What was asked of hooks and capacity, once nothing else stood against advancing. */
  readonly gates?: readonly GateReading[];
}

export interface Readiness {
  readonly ready: boolean;
  /** Why not. */
  readonly problem?: string;
  /** A golden request was answered wrongly: waiting does not help. */
  readonly failed: boolean;
}

export interface Counts {
  readonly requests: number;
  readonly failures: number;
}

export interface GuardrailReading {
  readonly name: string;
  readonly action: GuardrailAction;
  readonly status: 'ok' | 'triggered' | 'unknown';
  /** In the guardrail's own words. */
  readonly detail: string;
  /** The status is unknown because it could not be read, not because there is no data. */
  readonly unreadable?: boolean;
}

export interface GateReading {
  readonly name: string;
  readonly verdict: 'pass' | 'wait' | 'fail';
  readonly reason: string;
  /** The decision says it, whatever the verdict. */
  readonly told?: true;
}

/**
 * Whether the candidate may keep its weight for another lease: only while it is watched. What cannot be read, or has fallen silent,
 * lets the lease run out, and every router returns to production by itself.
 */
export function isWatched(evidence: Evidence): boolean {
  return evidence.candidate !== undefined && (evidence.recentRequests ?? 0) > 0 && evidence.judgementProblem === undefined
    && evidence.guardrails.every(({ unreadable }) => unreadable !== true);
}
