import type { Target } from '../../lib/core/backends/backends';
import type { Outcome } from './http/outcome';

/** The controller's request to a version that has no traffic yet: with the router's role, the way that callers' requests will go. */
export interface AskEvent {
  readonly modelRollout: 'ask';
  readonly target: Target;
  readonly body: string;
  /** The body is base64, and so is the answer's: they are asked for as they are. */
  readonly isBase64Encoded?: true;
  readonly contentType: string;
  readonly inferenceId: string;
  readonly timeoutMs: number;
  /** How many times at once; of the others than the first only their number is of interest. */
  readonly times: number;
}

export interface AskResult {
  /** How many of them were not answered with success. */
  readonly failed: number;
  /** Of an answer that Lambda would not return the body is left out, and `omitted` says so. */
  readonly outcome:
    | { readonly kind: 'answer'; readonly status: number; readonly body: string; readonly omitted?: true }
    | Exclude<Outcome, { kind: 'answer' }>;
  readonly milliseconds: number;
  /**
   * Milliseconds that each execution environment took that Lambda started for them; absent where one request was sent, or none was started.
   */
  readonly startsMs?: readonly number[];
}

export function isAsk(event: unknown): event is AskEvent {
  return (event as Partial<AskEvent> | null)?.modelRollout === 'ask';
}

/** The deploy gate's question, before it sends traffic: can you, with your own role, call these? */
export interface ProbeEvent {
  readonly modelRollout: 'probe';
  readonly targets: readonly Target[];
}

export interface ProbeResult {
  /** A sentence for each target that cannot be called yet; empty when all can. */
  readonly problems: readonly string[];
}

export function isProbe(event: unknown): event is ProbeEvent {
  return (event as Partial<ProbeEvent> | null)?.modelRollout === 'probe';
}
