import type { EvidenceProgress } from '../../lib/core/rollout/kept-evidence';
import type { Readings } from '../../lib/core/audit/readings';
import type { MadeDecision } from '../../lib/core/audit/record';
import type { ForeseenProblem, Load } from '../../lib/core/rollout/capacity';
import type { Evidence, GateReading, Readiness } from '../../lib/core/rollout/evidence';
import type { Baseline } from '../../lib/core/rollout/baseline';
import type { ReplayChunk, ReplayProgress } from '../../lib/core/replay/progress';
import type { Decision } from '../../lib/core/rollout/decision';
import type { HookPoint } from '../../lib/core/rollout/plan';
import type { Callback, Outcome, RegistryNote, RolloutState } from '../../lib/core/rollout/state';
import type { Target } from '../../lib/core/backends/backends';
import type { Variant } from '../../lib/core/routing/route';
import type { RolloutStore } from '../shared/records/rollout-store';
import type { RouteRecords } from '../shared/routes/route-records';

/** What is known of a rollout, and what its judgements were made of. */
export interface Observed extends Evidence {
  readonly readings?: Readings;
}

/** What the controller reaches out to. */
export interface ControllerPorts {
  readonly table: string;
  readonly routes: Pick<RouteRecords, 'read' | 'write' | 'remove'>;
  readonly rollouts: Pick<RolloutStore, 'readState' | 'writeState' | 'addDecision' | 'reject' | 'addServed' | 'callback'>;
  /** Alarms, counts and calendars. Never rejects: what cannot be read is unknown. */
  readonly observe: (state: RolloutState) => Promise<Observed>;
  /** Whether the candidate answers, and answers golden requests rightly. Never rejects. */
  readonly readiness: (state: RolloutState) => Promise<Readiness>;
  /** What production's history says, for guardrails that are judged by evidence. Rejects if it cannot be read. */
  readonly baseline: (state: RolloutState) => Promise<Baseline>;
  /** What production had in its busiest hour of the last day, if it had any. Rejects if it cannot be read. */
  readonly usualLoad: (state: RolloutState) => Promise<Load | undefined>;
  /** What does not fit production's last day: the candidate's limits, its time. Rejects if it cannot be read. */
  readonly foresee: (state: RolloutState, usual: Load) => Promise<ForeseenProblem[]>;
  /**
   * Ask both versions the next recorded requests, for as long as a task may take and `goesOn` says so. Never rejects: what cannot be asked
   * or read is told, and waits.
   */
  readonly replay: (state: RolloutState, progress: ReplayProgress, goesOn: () => Promise<boolean>) => Promise<ReplayChunk>;
  /** Ask the hooks of these points, for the capacity that the next share needs, and for production's to stay. Never rejects. */
  readonly checkGates: (state: RolloutState, points: readonly HookPoint[], nextPercent: number) => Promise<GateReading[]>;
  /**
   * Start what the share that comes will use at a time, and say whether it answers. Rejecting does not matter: callers then meet what is
   * cold.
   */
  readonly warmUp: (state: RolloutState, nextPercent: number) => Promise<GateReading[]>;
  /** Start production's version anew. Rejects while it is not there, and with a NoControlError where there can be none. */
  readonly startControl: (state: RolloutState) => Promise<Variant>;
  /** Remove the control, and give back what was reserved or held. */
  readonly release: (state: RolloutState) => Promise<void>;
  /** Whether a version cannot be deleted just now, because it is being changed. */
  readonly isUpdating: (target: Target) => Promise<boolean>;
  /** Tell people and other systems. Failing does not matter. */
  readonly notify: (state: RolloutState, decision: Decision, previous: Decision | undefined) => Promise<void>;
  /** Keep a decision as evidence, before anything names it. Resolves to the state that names it. Never rejects: what is lost is told. */
  readonly keepEvidence: (state: RolloutState, made: MadeDecision) => Promise<RolloutState>;
  /** Seal the evidence of a rollout that has ended, any number of times. Never rejects. Undefined where none is kept. */
  readonly sealEvidence: (state: RolloutState, outcome: Outcome) => Promise<EvidenceProgress | undefined>;
  /** Tell the candidate's registry of the end, any number of times. Never rejects. Undefined where none is to be told. */
  readonly tellRegistry: (state: RolloutState, outcome: Outcome, evidence: string | undefined) => Promise<RegistryNote | undefined>;
  /** Tell CloudFormation how the rollout ended. */
  readonly report: (callback: Callback, outcome: Outcome) => Promise<void>;
  readonly start: (name: string, input: object) => Promise<void>;
  readonly now: () => number;
  readonly info: (notice: string, details: { readonly [name: string]: unknown }) => void;
  readonly warn: (notice: string, details: { readonly [name: string]: unknown }) => void;
}
