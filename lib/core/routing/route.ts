import type { Target } from '../backends/backends';
import type { CounterPlan } from '../counters/plan';
import type { LogPlan } from '../inference-log/record';
import type { FeedbackRecordPlan } from '../feedback/plan';
import type { Measures } from './measures';
import type { CohortRule } from './cohort';
import type { DirectAlias } from './direct-alias';
import type { SessionKey } from './session-keys';

/**
 * The route record: what an alias does now. Written by the deploy gate (and later the controller),
 * read by the router. One DynamoDB item per alias; every writer states the revision it replaces.
 */
export interface Route {
  /** Version of this shape; a router refuses what it does not know. */
  readonly schema: 1;
  /** Increases by one with every write. */
  readonly revision: number;
  /** The first variant is production: it serves whatever no other variant may or can serve. */
  readonly variants: readonly Variant[];
  /** Until when the weights of candidates hold; absent means that they are permanent (a plain split). */
  readonly lease?: Lease;
  /** Which part of a request decides its variant. */
  readonly assignment: AssignmentKey;
  /** Who gets the candidate of a rollout whole, before anybody else; absent means nobody. */
  readonly cohort?: CohortRule;
  /** Who may choose a variant by name. */
  readonly targetVariantAccess: TargetVariantAccess;
  /** Who of those that the API admits may use the alias at all; absent means everyone. */
  readonly access?: TargetVariantAccess;
  /** The rollout that the weights belong to; only its controller may change them. */
  readonly rollout?: RouteRollout;
  /** Who gets copies of requests that production has answered. */
  readonly mirrors?: readonly Mirror[];
  /** What is kept of inferences for those who tell later whether they were right. */
  readonly feedback?: FeedbackRecordPlan;
  /** What is counted for a rollout that is judged by evidence; absent means nothing more than ever. */
  readonly measures?: Measures;
  /** What is logged of inferences; absent means nothing. */
  readonly log?: LogPlan;
  /** What is counted by a part of the request, in a table; absent means nothing. */
  readonly counters?: readonly CounterPlan[];
  /** Callers reach the versions without a router, and AWS's own weights are written in the place of what routers would read. */
  readonly direct?: DirectAlias;
  /** With what tokens of conversations are signed: kept beside the route, and in no declared one. */
  readonly sessionKeys?: readonly SessionKey[];
}

/** A shadow: it gets copies of some requests, and its answers are compared, never returned. */
export interface Mirror {
  /** Name of the shadow, unique in the route. */
  readonly name: string;
  /** Digest of the shadow's version; it gets nothing while the same version is production. */
  readonly version: string;
  /** The function that asks the shadow and compares. */
  readonly functionArn: string;
  /** Share of the requests, above 0 and up to 1, decided by inference id. */
  readonly sampleRate: number;
  /** What a request must have, all of it. */
  readonly filters: readonly MirrorFilter[];
  /** Epoch milliseconds from which, and until which, requests are copied. */
  readonly startsAt?: number;
  readonly endsAt?: number;
  /** Id of the rollout whose candidate it asks; it goes with that. */
  readonly rollout?: string;
  /** Headers (in lower case) and parameters of the query that it gets beside those that every mirror gets. */
  readonly headers?: readonly string[];
  readonly parameters?: readonly string[];
  /** Bucket through which bodies travel that an event has no room for; absent means that such requests are dropped. */
  readonly bodiesBucket?: string;
}

export type MirrorFilter =
  /** The header is there, with one of the values if any are given. */
  | { readonly on: 'header'; readonly name: string; readonly values: readonly string[] }
  /** The JSON body has a value there, one of these as a text if any are given. */
  | { readonly on: 'json-path'; readonly path: string; readonly values: readonly string[] }
  /** The body is of one of these media types, without parameters. */
  | { readonly on: 'content-type'; readonly values: readonly string[] };

/** A rollout as far as writers of the route must know of it. */
export interface RouteRollout {
  readonly id: string;
  /** Epoch milliseconds; orders about what was before are about another rollout. */
  readonly startedAt?: number;
  /**
   * Callers get the candidate by whole cells, in which routers count what each has done before: see `assignByCell`. Absent: each by itself.
   */
  readonly byCells?: true;
  /** Since when the versions have the shares that they have, epoch milliseconds; where conversations stay. */
  readonly sharesSince?: number;
  /** The rollout was stopped: production has all requests, and no controller may give the candidate any. */
  readonly aborted?: {
    readonly by: string;
    readonly reason: string;
    readonly at: number;
    /** What stopped it says nothing of the candidate. */
    readonly blameless?: true;
  };
}

/** A version in a route. */
export interface Variant {
  /** The name callers see, `X-Amzn-Invoked-Production-Variant`. */
  readonly name: string;
  /** A control is production's version, started anew to be compared with; it never becomes production. */
  readonly role: 'production' | 'candidate' | 'control';
  /** The version's digest: the identity that assignment hashes, so that a promoted version keeps its callers. */
  readonly version: string;
  /** What the version is made of, where its name is only a number: by that it is remembered. */
  readonly content?: string;
  /** Relative weight, any real number >= 0. */
  readonly weight: number;
  /** How long the router waits for this variant; for all but production, what remains belongs to the fallback. */
  readonly timeBudgetMs: number;
  readonly target: Target;
}

/** A candidate's weight is leased: without renewal every router returns to production by itself. */
export interface Lease {
  /** Epoch milliseconds. */
  readonly until: number;
}

export type AssignmentKey =
  | { readonly source: 'inference-id' }
  | { readonly source: 'header'; readonly name: string }
  | { readonly source: 'json-path'; readonly path: string }
  /** A conversation stays with its version, by a token that its caller sends back, for so long. */
  | { readonly source: 'session'; readonly lifetimeSeconds: number };

export type TargetVariantAccess =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'everyone' }
  /** IAM role names or user ARNs as API Gateway reports them. */
  | { readonly kind: 'principals'; readonly arns: readonly string[] }
  /** A claim of the token (Cognito, JWT) or a context key of a Lambda authorizer. */
  | { readonly kind: 'claim'; readonly name: string; readonly value: string };

/** The route without what the writer adds. */
export type DeclaredRoute = Omit<Route, 'revision' | 'sessionKeys'>;
