import type { CommonGuardrailPlan } from './common';

/** A function that is asked at every judgement; it answers `{ "status": "ok" | "triggered" | "unknown", "detail"? }`. */
export interface FunctionGuardrailPlan extends CommonGuardrailPlan {
  readonly kind: 'function';
  readonly functionArn: string;
}

/** What a function that is a guardrail is told. */
export interface FunctionGuardrailEvent {
  /** Name of the guardrail. */
  readonly guardrail: string;
  readonly alias: string;
  readonly rolloutId: string;
  readonly productionVersion: string;
  readonly candidateVersion: string;
  /** Share of the candidate now, percent. */
  readonly percent: number;
}

/** What it is understood to say. */
export interface FunctionGuardrailAnswer {
  readonly status: 'ok' | 'triggered' | 'unknown';
  readonly detail: string;
  /** The answer says nothing. */
  readonly unreadable?: boolean;
}

const STATUSES: ReadonlySet<unknown> = new Set(['ok', 'triggered', 'unknown']);

/** Read the answer `{ "status": "ok" | "triggered" | "unknown", "detail"? }`. Anything else is unknown. */
export function readGuardrailAnswer(text: string): FunctionGuardrailAnswer {
  let answer: { readonly status?: unknown; readonly detail?: unknown } = {};
  try {
    answer = (JSON.parse(text) ?? {}) as typeof answer;
  } catch {
    // Said below.
  }
  if (!STATUSES.has(answer.status)) {
    return { status: 'unknown', detail: 'the function answered with no status "ok", "triggered" or "unknown"', unreadable: true };
  }
  return {
    status: answer.status as FunctionGuardrailAnswer['status'],
    detail:
      typeof answer.detail === 'string' && answer.detail !== ''
        ? answer.detail.slice(0, 500)
        : `the function says ${String(answer.status)}`,
  };
}
