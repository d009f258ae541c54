/** How old a cached route may get before a refresh starts beside the request. */
export const ROUTE_REFRESH_MS = 2_000;

/** How old a cached route may get before a request waits for the refresh. */
export const ROUTE_MAX_AGE_MS = 5_000;

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
