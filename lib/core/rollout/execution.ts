import type { RolloutState } from './state';

/** What the state machine sends. */
export interface TaskEvent {
  readonly task: ControllerTask;
  readonly alias: string;
  readonly rolloutId: string;
  readonly generation: number;
  readonly ticks: number;
  /** What made the state machine give up on another task. */
  readonly error?: unknown;
}

/** What a task answers, and what begins an execution: before traffic, or in the midst of it. */
export type TaskVerdict =
  | 'start'
  | 'continue'
  | 'advance'
  | 'hold'
  | 'promote'
  | 'replay'
  | 'roll back'
  | 'superseded'
  | 'drain'
  | 'hand over'
  | 'promoted'
  | 'rolled back';

/** What the state machine branches on, and the next state begins with. */
export interface TaskResult {
  readonly alias: string;
  readonly rolloutId: string;
  readonly generation: number;
  readonly ticks: number;
  readonly verdict: TaskVerdict;
  readonly waitSeconds: number;
  readonly drainSeconds: number;
}

/** What the first execution of a rollout begins with. */
export function firstInput({ id, alias, plan, stage }: Pick<RolloutState, 'id' | 'alias' | 'plan' | 'stage'>): TaskResult {
  return {
    alias, rolloutId: id, generation: 0, ticks: 0, verdict: beginningAt(stage), waitSeconds: stage < 0 ? 0 : plan.intervalSeconds,
    drainSeconds: plan.drainSeconds,
  };
}

/** What the execution after this one begins with; a rollout whose state is gone ends there. */
export function nextInput(
  { alias, rolloutId, generation }: TaskEvent,
  state: Pick<RolloutState, 'plan' | 'stage'> | undefined,
): TaskResult {
  return {
    alias,
    rolloutId,
    generation: generation + 1,
    ticks: 0,
    verdict: beginningAt(state?.stage ?? 0),
    waitSeconds: 1,
    drainSeconds: state?.plan.drainSeconds ?? 0,
  };
}

/** Before traffic there is nothing to bake yet. */
function beginningAt(stage: number): TaskVerdict {
  return stage < 0 ? 'start' : 'continue';
}

/** What a state asks the controller function to do. */
export type ControllerTask = 'prepare' | 'replay' | 'shift' | 'judge' | 'promote' | 'rollBack' | 'report' | 'handOver';

/** Seconds that the controller waits for others. */
export const PATIENCE = {
  /** A function that is a guardrail: judgements must not wait for one that hangs. */
  guardrail: 20,
  /** A hook; one that needs longer answers "wait" and is asked again. */
  hook: 45,
  /** An answer of the candidate to a golden request, or to those that warm it up. */
  answer: 20,
  /** New pairs are begun for so long in one task of a replay. */
  replay: 40,
  /** An answer of a version to a recorded request, which may take as long as a caller would wait, within reason. */
  replayedAnswer: 60,
  /** Tables, metrics and whoever waits for the end, tries again included. */
  aws: 60,
} as const;

/** Seconds that a task may lawfully take: the sum of what it waits for one after the other. A state gives up after that, and not before. */
export const TASK_SECONDS: { readonly [task in ControllerTask]: number } = {
  prepare: PATIENCE.guardrail + PATIENCE.answer + PATIENCE.hook + PATIENCE.answer + PATIENCE.aws,
  // The last pair to begin has two answers and production's second one before it.
  replay: PATIENCE.replay + 3 * PATIENCE.replayedAnswer + PATIENCE.aws,
  shift: PATIENCE.aws,
  judge: PATIENCE.guardrail + PATIENCE.hook + PATIENCE.answer + PATIENCE.aws,
  promote: PATIENCE.aws,
  rollBack: PATIENCE.aws,
  report: PATIENCE.hook + PATIENCE.aws,
  handOver: PATIENCE.aws,
};

/** The longest of them. */
export const LONGEST_TASK_SECONDS = Math.max(...Object.values(TASK_SECONDS));
