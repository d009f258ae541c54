import type { Route, Variant } from '../../lib/core/routing/route';
import type { FailureClass} from '../shared/http/outcome';
import { type Outcome } from '../shared/http/outcome';

/** Who answered, and what. */
export interface Served {
  readonly variant: Variant;
  /** What the request is to that variant. */
  readonly part: Part;
  readonly outcome: Outcome;
  /** Milliseconds that the variant took. */
  readonly latencyMs: number;
  readonly route: Route;
  /** Everybody who was asked, once each, the one who answered last. */
  readonly attempts: readonly ServedAttempt[];
  /** The caller chose the variant by name. */
  readonly targeted: boolean;
  /** Among whom the variant was chosen, with their weights at that time. */
  readonly eligible: readonly Variant[];
}

/** What a request is to a variant. */
export enum Part {
  /** It was assigned to the variant. */
  ASSIGNED = 'assigned',
  /** It was assigned to another, in whose place production was asked. */
  FALLBACK = 'fallback',
  /** The caller chose the variant by name. */
  CHOSEN = 'chosen',
}

/** What became of one request at one variant, however often it was asked. */
export interface ServedAttempt {
  readonly variant: Variant;
  readonly part: Part;
  readonly outcome: Outcome;
  /** Of the last time that it was asked. */
  readonly latencyMs: number;
  /** How often it was asked again. */
  readonly retries: number;
  /** Another variant was asked instead. */
  readonly fellBack: boolean;
  /** How the variant failed; undefined if it did not. */
  readonly failed?: FailureClass;
}
