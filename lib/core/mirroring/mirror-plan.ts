import type { MirrorComparison } from '../comparison/plan';
import type { LogPlan } from '../inference-log/record';
import type { BinsMeasure } from '../routing/measures';
import type { Target } from '../backends/backends';

/** What a mirror function is told of its shadow when it is deployed. */
export interface MirrorPlan {
  readonly endpoint: string;
  readonly alias: string;
  readonly shadow: string;
  /** The shadow's version and how it is reached. */
  readonly version: string;
  readonly target: Target;
  /** Milliseconds that the shadow may take. */
  readonly timeoutMs: number;
  /** Share of the requests that the mirror gets. */
  readonly sampleRate: number;
  /** What is logged of the shadow's answers; absent means only those that do not agree, without bodies. */
  readonly log?: LogPlan;
  readonly comparison: MirrorComparison;
  /** Most requests that the shadow gets in a minute. */
  readonly maximumPerMinute?: number;
  /** Values in the answers that are sorted into bins, of both. */
  readonly outputs?: readonly BinsMeasure[];
  /** Ask production again for a share of the requests. */
  readonly noise?: { readonly share: number; readonly routerFunction: string };
}
