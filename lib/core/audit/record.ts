import { createHash } from 'node:crypto';
import type { Decision } from '../rollout/decision';
import type { RolloutPlan } from '../rollout/plan';
import type { RolloutState } from '../rollout/state';
import type { LostRecords, RecordAddress } from '../rollout/kept-evidence';
import { kept, type KeptReadings, type KnownReadings, type Readings } from './readings';

/** Who wrote a record. */
export interface Author {
  /** Version of this library. */
  readonly library: string;
  /** Hash of the controller's code, hexadecimal; absent where it cannot be read. */
  readonly code?: string;
}

/** What a decision was made of. */
export interface MadeDecision {
  readonly decision: Decision;
  /** What was decided on. */
  readonly state: RolloutState;
  /** What the evidence was gathered for; people may have spoken since. */
  readonly observed: RolloutState;
  readonly readings?: Readings;
}

/** A rollout's state as records have it: without what nothing is decided by, and without what nobody may read. */
export type RecordedState = Omit<RolloutState, 'plan' | 'last' | 'callback' | 'evidence'>;

/** A decision with all that it was made of. Its hash is named by the next one. */
export interface EvidenceRecord {
  readonly schema: 1;
  readonly rollout: string;
  readonly alias: string;
  /** How many decisions the rollout had come to with this one. */
  readonly index: number;
  /** The record before; null for the first. */
  readonly previous: RecordAddress | null;
  /** Decisions between the record before and this one whose records could not be kept. */
  readonly lost?: LostRecords;
  readonly by: Author;
  /** Absent: that of the record before. */
  readonly plan?: RolloutPlan;
  readonly state: RecordedState;
  /** Where it is another than `state`. */
  readonly observed?: RecordedState;
  readonly decision: Decision;
  readonly readings?: KeptReadings;
}

export function sha256(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Of a plan, to know it again. */
export function planHash(plan: RolloutPlan): string {
  return sha256(JSON.stringify(plan));
}

/** What stands in a record beside its decision. */
export interface RecordedBeside {
  readonly by: Author;
  /** Of the plan that was decided by. */
  readonly planSha256: string;
  readonly known?: KnownReadings;
}

/** The record of a decision that a state has just counted, and follows the records that the state names. */
export function recordOf(counted: RolloutState, made: MadeDecision, { by, planSha256, known }: RecordedBeside): EvidenceRecord {
  const { evidence: { head, lost, planSha256: knownPlan } = { records: 0 } } = counted;
  const [state, observed] = [recorded(made.state), recorded(made.observed)];
  return {
    schema: 1,
    rollout: counted.id,
    alias: counted.alias,
    index: counted.decisions,
    previous: head ?? null,
    ...(lost === undefined ? {} : { lost }),
    by,
    ...(planSha256 === knownPlan ? {} : { plan: made.state.plan }),
    state,
    ...(JSON.stringify(state) === JSON.stringify(observed) ? {} : { observed }),
    decision: made.decision,
    ...(made.readings === undefined ? {} : { readings: kept(made.readings, known?.sha256 === head?.sha256 ? known : undefined) }),
  };
}

function recorded({ plan: _plan, last: _last, callback: _callback, evidence: _evidence, ...state }: RolloutState): RecordedState {
  return state;
}
