import { type Duration, Token } from 'aws-cdk-lib/core';
import { ROLLOUT_DEFAULTS } from '../core/rollout/defaults';
import type { RolloutPlan, Stage } from '../core/rollout/plan';
import { defaultTimeBudgetMs } from '../core/routing/time-budget';
import { replaySeconds } from '../replay/replay-plan';
import { plainSeconds } from '../validate/seconds';
import { errorComparison } from './judgement-plan';
import type { RolloutTerms } from './rollout-terms';
import { RolloutApproval } from './rollout-policies';
import type { TrafficShift } from './traffic-shift';

/** What a kind of rollout decides. */
export interface RolloutCourse {
  readonly kind: RolloutPlan['kind'];
  readonly shift: TrafficShift;
  /** Share of the candidate in the final bake, percent. */
  readonly finalPercent: number;
  /** Production's version is started anew, and compared with. */
  readonly control?: RolloutPlan['control'];
  /** What is wrong with what only this kind can be told. */
  readonly problems?: string[];
  readonly finalBakeSeconds: number;
  /** Name of the property that says how long the final bake lasts. */
  readonly finalBakeName: string;
  readonly previewAlias?: string;
}

/** Counts of this resolution, and how late they are. */
const MINUTES = { periodSeconds: 60, delaySeconds: 60 };
const TEN_SECONDS = { periodSeconds: 10, delaySeconds: 20 };
/** CloudWatch keeps periods below a minute for three hours; one of them is left for holds. */
const TEN_SECONDS_UP_TO = 7_200;
/** The longest that an execution of a state machine may take. */
export const YEAR_SECONDS = 31_536_000;

export function stagesOf(options: RolloutTerms, course: RolloutCourse): Stage[] {
  const steps = course.shift._stages(course.finalPercent, errorComparison(options, course.control !== undefined));
  const last = steps.at(-1);
  const full = last?.percent === 100;
  const finalBake: Stage = {
    percent: course.finalPercent,
    bakeSeconds: full ? Math.max(last.bakeSeconds, course.finalBakeSeconds) : course.finalBakeSeconds,
    approval: full && last.approval,
  };
  const stages = [...(full ? steps.slice(0, -1) : steps), finalBake];
  const asked = (index: number): boolean => {
    switch (options.approval ?? RolloutApproval.NONE) {
      case RolloutApproval.EVERY_STEP: return true;
      case RolloutApproval.FIRST_STEP: return index === 0;
      case RolloutApproval.FINAL_BAKE: return index === stages.length - 1;
      default: return false;
    }
  };
  return stages.map((stage, index) => ({ ...stage, approval: stage.approval || asked(index) }));
}

export function metricsOf(stages: readonly Stage[], intervalSeconds: number): RolloutPlan['metrics'] {
  return intervalSeconds < 60 && stages.every(({ bakeSeconds }) => bakeSeconds <= TEN_SECONDS_UP_TO) ? TEN_SECONDS : MINUTES;
}

export function intervalOf(options: RolloutTerms): number {
  return optionalSeconds(options.interval) ?? ROLLOUT_DEFAULTS.intervalSeconds;
}

export function leaseOf(options: RolloutTerms): number {
  return options.lease === undefined
    ? Math.max(ROLLOUT_DEFAULTS.leaseSeconds, ROLLOUT_DEFAULTS.leaseIntervals * intervalOf(options))
    : plainSeconds(options.lease);
}

/** How long the router waits for the candidate before production serves the request. */
export function timeBudgetOf({ candidateTimeBudget }: RolloutTerms, timeoutMs: number): number {
  return candidateTimeBudget === undefined ? defaultTimeBudgetMs(timeoutMs) : 1_000 * plainSeconds(candidateTimeBudget);
}

/** The stages with those before any traffic, which take their time too. */
export function timedStages({ replay, shadow }: RolloutTerms, stages: readonly Stage[]): readonly Stage[] {
  const before = [
    ...(replay === undefined ? [] : [replaySeconds(replay._options(), replay._source().survey(replay._options().labelPath)?.requests)]),
    ...(shadow === undefined ? [] : [plainSeconds(shadow.bakeTime)]),
  ];
  return [...before.map((bakeSeconds) => ({ percent: 0, bakeSeconds, approval: false })), ...stages];
}

/** Seconds of a duration that may be left out. */
export function optionalSeconds(duration: Duration | undefined): number | undefined {
  return duration && plainSeconds(duration);
}

/** What is wrong with the share that production keeps in a final bake. */
export function holdbackProblems(holdback: number | undefined, fresh: boolean): string[] {
  const least = fresh ? 1 : 0;
  if (holdback === undefined || (!Token.isUnresolved(holdback) && holdback >= least && holdback <= 50)) {
    return [];
  }
  return [
    fresh && holdback >= 0 && holdback < 1
      ? `holdbackPercent is ${holdback} %, but with freshControl production must keep at least 1 %; `
        + `${ROLLOUT_DEFAULTS.holdbackPercent} is the default`
      : `holdbackPercent is ${holdback} %, but must be between 0 and 50; ${ROLLOUT_DEFAULTS.holdbackPercent} is the default, 0 turns it `
        + 'off',
  ];
}
