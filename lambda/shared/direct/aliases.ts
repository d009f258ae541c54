import type { AliasStamp, AliasWeights } from '../../../lib/core/routing/direct';
import type { DirectAlias } from '../../../lib/core/routing/direct-alias';

/** An alias as Lambda has it. */
export interface StandingAlias {
  readonly weights: AliasWeights;
  /** What it says of itself; undefined where nobody of ours has written it. */
  readonly stamp?: AliasStamp;
  /** Changes with every change, whoever makes it. */
  readonly revisionId: string;
}

/** What a schedule does at its time. */
export interface LeaseEnd {
  /** Epoch milliseconds. */
  readonly until: number;
  /** Production alone. */
  readonly back: AliasStamp;
  /** Only an alias that has not changed since is put back; absent: whatever it says then. */
  readonly revisionId?: string;
}

/** Aliases of Lambda, and the schedules that keep their leases. */
export interface Aliases {
  /** Undefined where it is not there. */
  look(alias: DirectAlias): Promise<StandingAlias | undefined>;
  create(alias: DirectAlias, stamp: AliasStamp): Promise<void>;
  /** Change the alias that was looked at: its revision afterwards, undefined where somebody else was faster. */
  update(alias: DirectAlias, stamp: AliasStamp, revisionId: string): Promise<string | undefined>;
  /** Have the alias put back at a time, in the place of the time before. */
  keepLease(alias: DirectAlias, end: LeaseEnd): Promise<void>;
  endLease(alias: DirectAlias): Promise<void>;
  remove(alias: DirectAlias): Promise<void>;
}
