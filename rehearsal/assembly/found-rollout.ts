import type { GateProperties } from '../../lib/core/gate';
import type { RecordedRehearsal } from '../../lib/core/rehearsal/recorded';
import type { RolloutPlan } from '../../lib/core/rollout/plan';
import type { CandidateCapacity } from './capacity';
import type { AlarmDefinition } from './alarm-definition';
import type { Machine } from './machine';

/** A rollout as a synthesized template describes it. Plain data, so that it can be handed to a worker. */
export interface FoundRollout {
  readonly stack: string;
  /** Key of the route record, `endpoint/alias`. */
  readonly alias: string;
  readonly plan: RolloutPlan;
  /** What the gate is told. */
  readonly properties: GateProperties;
  /** The controller's state machine. */
  readonly machine: Machine;
  /** Alarms of the plan's guardrails whose metrics a rehearsal simulates. */
  readonly alarms: readonly AlarmDefinition[];
  /** Alarms that stay OK in a rehearsal, with the reason. */
  readonly notSimulated: readonly { readonly alarm: string; readonly reason: string }[];
  /** Milliseconds within which the endpoint must answer; unknown where the template does not tell. */
  readonly timeoutMs?: number;
  /** What serves the candidate, where the template tells. */
  readonly capacity?: CandidateCapacity;
  /** What the app requires of rehearsals. */
  readonly rehearsal?: RecordedRehearsal;
}
