import type { CounterPlan } from '../counters/plan';

/** What all guardrails of a plan have, and what several kinds of them share. */

export type GuardrailAction = 'rollback' | 'hold' | 'observe';

export interface CommonGuardrailPlan {
  /** Name for sentences and the command line, unique in the plan. */
  readonly name: string;
  readonly action: GuardrailAction;
}

/** What does not yet count as worse, and what certification must exclude: `candidate <= ratio * production + tolerance`. */
export interface BoundsPlan {
  readonly allowed?: { readonly ratio: number; readonly tolerance: number };
  readonly margin?: { readonly ratio: number; readonly tolerance: number };
}

/** A comparison that is also made in segments of the requests, with half of its part of the chance of a false rollback. */
export interface BySegmentsPlan {
  readonly by?: {
    readonly label: string;
    readonly counter: CounterPlan;
    /** Callers stay with a version. */
    readonly sticky?: true;
  };
}

/** The bounds as the engine takes them: its own defaults for what is not given. */
export function boundsOf({ allowed, margin }: BoundsPlan): BoundsPlan {
  return { ...(allowed === undefined ? {} : { allowed }), ...(margin === undefined ? {} : { margin }) };
}

/** The exact form compares odds: it has no place for a tolerance alone. */
export function isRatio({ allowed, margin }: BoundsPlan): boolean {
  return [allowed, margin].every((bound) => bound === undefined || bound.ratio > 0);
}
