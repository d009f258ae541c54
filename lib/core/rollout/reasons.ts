import type { JudgeReason } from '../judge/judgement';
import type { GuardrailReading } from './evidence';

/** By what the evidence of a reason was gathered. */
export type Judged = 'traffic' | 'shadow' | 'replay';

/** What the judge says, in its words, and for programs. */
export interface JudgedReason {
  readonly of: Judged;
  readonly verdict: string;
  /** What stands against advancing; empty once that is permitted. */
  readonly because: readonly JudgeReason[];
  /** Guardrail to which the evidence is attributed. */
  readonly guardrail?: string;
  readonly text: string;
}

/**
 * Why a decision is what it is: for programs, which decide, filter and group by it. People read the sentence that `sentences.ts` makes of
 * it.
 * Kinds and fields are added, never changed: records and events have them.
 */
export type Reason =
  // Against the candidate, or against going on.
  | { readonly kind: 'aborted'; readonly by: string; readonly because: string }
  | { readonly kind: 'controller-failed'; readonly error: string; readonly leaseEnds: boolean }
  | { readonly kind: 'guardrail'; readonly name: string; readonly status: GuardrailReading['status']; readonly detail: string }
  | { readonly kind: 'tests-failed'; readonly problem?: string }
  | { readonly kind: 'cohort-failed'; readonly requests: number; readonly failures: number; readonly maxPercent: number }
  | { readonly kind: 'evidence'; readonly judged: JudgedReason }
  | { readonly kind: 'replay-failed'; readonly problem: string }
  | { readonly kind: 'gate'; readonly name: string; readonly verdict: 'wait' | 'fail'; readonly detail: string }
  | { readonly kind: 'never-ready'; readonly seconds: number; readonly problem?: string }
  | { readonly kind: 'no-window'; readonly deadlineSeconds: number; readonly lastStepAfterSeconds: number }
  | { readonly kind: 'foreseen'; readonly problems: readonly string[] }
  | {
      readonly kind: 'too-little-traffic';
      readonly requestsPerSecond: number;
      readonly needed: number;
      readonly firstPercent: number;
      readonly firstSeconds: number;
      readonly seconds: number;
      readonly deadlineSeconds: number;
    }
  | {
      readonly kind: 'deadline';
      readonly deadlineSeconds: number;
      readonly plannedSeconds: number;
      readonly percent: number;
      readonly missing?: Reason;
    }
  /** `worse`: a guardrail that looks worse than production's in the last stage. */
  | {
      readonly kind: 'uncertified';
      readonly judged: JudgedReason;
      readonly afterSeconds: number;
      readonly waits: boolean;
      readonly worse?: string;
    }
  | { readonly kind: 'uncertified-replay'; readonly requests: number; readonly judged?: JudgedReason; readonly waits: boolean }
  // What the next step lacks.
  | { readonly kind: 'not-ready'; readonly problem?: string }
  | { readonly kind: 'paused'; readonly by: string; readonly because?: string }
  | { readonly kind: 'evidence-unknown'; readonly of: Judged; readonly problem?: string }
  | {
      readonly kind: 'baking';
      readonly of: Judged;
      readonly seconds: number;
      readonly ofSeconds: number;
      readonly stopped?: 'lease' | 'settling';
      readonly settlingSeconds: number;
    }
  | { readonly kind: 'requests-unknown' }
  | { readonly kind: 'impossible-counts'; readonly requests: number; readonly failures: number }
  | { readonly kind: 'too-few-requests'; readonly requests: number; readonly needed: number }
  | { readonly kind: 'replaying'; readonly done?: number; readonly total?: number; readonly problem?: string }
  | { readonly kind: 'not-shadowed' }
  | { readonly kind: 'approval'; readonly percent: number }
  | { readonly kind: 'outside-windows' }
  | { readonly kind: 'window-closes'; readonly lastStepAfterSeconds: number }
  | { readonly kind: 'calendar'; readonly state: 'closed' | 'unknown' }
  // For the candidate.
  | { readonly kind: 'ready'; readonly notes: readonly string[] }
  | { readonly kind: 'answered'; readonly requests: number; readonly failures: number; readonly last: boolean; readonly cohort?: boolean }
  | { readonly kind: 'proof'; readonly judged: JudgedReason }
  | { readonly kind: 'noticed'; readonly name: string; readonly detail: string }
  | { readonly kind: 'promotion-asked'; readonly by: string; readonly because?: string }
  | { readonly kind: 'superseded' };

/**
 * What of reasons stays the same while nothing happens: their kinds, and whom they are about, without times and counts. Undefined for a
 * decision of a controller that gave no reasons.
 */
export function gist(reasons: readonly Reason[] | undefined): string | undefined {
  return reasons?.map(gistOf).join('; ');
}

function gistOf(reason: Reason): string {
  switch (reason.kind) {
    case 'guardrail':
      return `guardrail ${reason.name} ${reason.status}`;
    case 'gate':
      return `gate ${reason.name} ${reason.verdict}`;
    case 'aborted':
    case 'paused':
    case 'promotion-asked':
      return `${reason.kind} by ${reason.by}`;
    case 'uncertified':
      return `uncertified ${judgedGist(reason.judged)} ${reason.worse ?? ''}`;
    case 'evidence':
    case 'proof':
    case 'uncertified-replay':
      return `${reason.kind} ${judgedGist(reason.judged)}`;
    case 'baking':
      return `baking ${reason.of} ${reason.stopped ?? ''}`;
    case 'approval':
      return `approval of ${reason.percent}`;
    case 'calendar':
      return `calendar ${reason.state}`;
    case 'evidence-unknown':
      return `evidence of ${reason.of} unknown: ${reason.problem ?? ''}`;
    case 'deadline':
      return `deadline, ${reason.missing === undefined ? '' : gistOf(reason.missing)}`;
    default:
      return reason.kind;
  }
}

/** The first thing that stands against advancing is what people read. */
function judgedGist(judged: JudgedReason | undefined): string {
  if (judged === undefined) {
    return '';
  }
  const [first] = judged.because;
  return `${judged.of} ${judged.verdict} ${judged.guardrail ?? ''} ${first === undefined ? '' : `${first.kind} ${first.guardrail ?? ''}`}`;
}
