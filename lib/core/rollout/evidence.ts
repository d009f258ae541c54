import type { GuardrailAction } from './plan';

/** What the controller knew when it decided. */
export interface Evidence {
  /** Epoch milliseconds up to which counts are complete. */
  readonly until: number;
  /** The candidate answers at all; asked for before traffic only. */
  readonly readiness?: Readiness;
  /** Closed periods since the stage began. Undefined: they could not be read. */
  readonly candidate?: Counts;
  readonly production?: Counts;
  readonly guardrails: readonly GuardrailReading[];
  /** Change calendars: all open, one closed, or not known. */
  readonly calendar: 'open' | 'closed' | 'unknown';
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
}

export interface GateReading {
  readonly name: string;
  readonly verdict: 'pass' | 'wait' | 'fail';
  readonly reason: string;
}
