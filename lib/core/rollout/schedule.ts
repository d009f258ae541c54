import { GATE_READINESS_SECONDS, RESPONSE_LIMIT_SECONDS, WAIT_CONDITION_LIMIT_SECONDS } from '../gate';
import { duration } from '../text';
import type { RolloutPlan, Stage } from './plan';
import { stagesTotal } from './stages';

export type Answer = RolloutPlan['answer'];

/** How long CloudFormation waits beyond a rollout's own time: the custom resource for its answer, a wait condition for the controller. */
const RESPONSE_MARGIN_SECONDS = 120;
const WAIT_CONDITION_MARGIN_SECONDS = 300;

/** Days that a rollout which nobody waits for has by default, if its bake times are not longer. */
const DETACHED_SECONDS = 7 * 86_400;

/** What a rollout's time depends on. */
export interface ScheduleInput {
  readonly stages: readonly Stage[];
  readonly intervalSeconds: number;
  readonly drainSeconds: number;
  /** How long each stage settles before it bakes. */
  readonly settlingSeconds: number;
  /** How late counts are. */
  readonly delaySeconds: number;
  /** Somebody's approval, hours or a calendar must be waited for. */
  readonly waitsForPeople: boolean;
  /** A second model is declared, so that CloudFormation need not wait for the end. */
  readonly detached: boolean;
  /** How much longer than its bake time each stage may wait for certification; 0 where nothing is judged by evidence. */
  readonly uncertifiedSeconds: number;
  readonly deadlineSeconds?: number;
}

export interface Schedule {
  readonly answer: Answer;
  readonly deadlineSeconds: number;
  /** How long CloudFormation waits for the custom resource. */
  readonly serviceTimeoutSeconds: number;
  /** How long CloudFormation waits for the wait condition. */
  readonly waitConditionSeconds: number;
}

/** The longest deadline that a way of answering CloudFormation leaves. */
export function longestDeadline(answer: Answer, drainSeconds: number): number {
  switch (answer) {
    case 'response':
      return RESPONSE_LIMIT_SECONDS - GATE_READINESS_SECONDS - drainSeconds - RESPONSE_MARGIN_SECONDS;
    case 'wait-condition':
      return WAIT_CONDITION_LIMIT_SECONDS - drainSeconds - WAIT_CONDITION_MARGIN_SECONDS;
    case 'detached':
      return Infinity;
  }
}

/**
 * The least time in which the stages can be gone through: each settles, bakes, and is over at the first judgement after that and its last
 * count.
 */
export function leastSeconds({ stages, settlingSeconds, intervalSeconds, delaySeconds }: ScheduleInput): number {
  return stagesTotal({ stages, settlingSeconds }) + stages.length * (intervalSeconds + delaySeconds);
}

/**
 * How a rollout's end reaches CloudFormation, and how long it may take. The shortest way that holds the deadline is taken. Without a
 * deadline there is twice the time of all stages (or what judging takes, with many short stages, or with all the time that stages may wait
 * for certification) and ten minutes, or, where people must be waited for, all the time there is.
 */
export function scheduleOf(input: ScheduleInput): Schedule {
  const { drainSeconds, detached, waitsForPeople, deadlineSeconds } = input;
  const most = longestDeadline('wait-condition', drainSeconds);
  const generous = Math.ceil(Math.max(2 * stagesTotal(input), leastSeconds(input) + input.stages.length * input.uncertifiedSeconds)) + 600;
  // What no deployment can wait for is left as it is, to be refused with its own numbers.
  const waited = leastSeconds(input) > most ? generous : Math.min(waitsForPeople ? most : generous, most);
  const enough = detached ? Math.max(generous, DETACHED_SECONDS) : waited;
  const wanted = deadlineSeconds ?? enough;
  const attached: Answer = wanted <= longestDeadline('response', drainSeconds) ? 'response' : 'wait-condition';
  const answer = detached ? 'detached' : attached;
  const atOnce = GATE_READINESS_SECONDS + drainSeconds + RESPONSE_MARGIN_SECONDS;
  return {
    answer,
    deadlineSeconds: wanted,
    serviceTimeoutSeconds: answer === 'response' ? wanted + atOnce : atOnce,
    waitConditionSeconds: wanted + drainSeconds + WAIT_CONDITION_MARGIN_SECONDS,
  };
}

/** Why a rollout cannot end in time, with the arithmetic; nothing when it can. */
export function scheduleProblems(input: ScheduleInput, schedule: Schedule): string[] {
  const { stages, intervalSeconds, delaySeconds, drainSeconds } = input;
  const most = longestDeadline(schedule.answer, drainSeconds);
  const problems: string[] = [];
  if (input.deadlineSeconds !== undefined && leastSeconds(input) > input.deadlineSeconds) {
    problems.push(
      `the deadline is ${duration(input.deadlineSeconds)}, but the stages take ${duration(Math.ceil(leastSeconds(input)))} at the `
        + 'least: settling and bake times of ' +
        `${duration(stagesTotal(input))} and ${stages.length} times ${intervalSeconds} s interval and ${delaySeconds} s until counts `
          + 'are there; ' +
        'raise the deadline or shorten the bake times',
    );
  }
  if (schedule.deadlineSeconds > most) {
    problems.push(
      `the rollout may take ${duration(schedule.deadlineSeconds)} (settling and bake times of ${duration(stagesTotal(input))}), but a `
        + 'deployment waits for ' +
        `${duration(WAIT_CONDITION_LIMIT_SECONDS)} at the most, less ${drainSeconds} s for requests on their way and `
          + `${WAIT_CONDITION_MARGIN_SECONDS} s ` +
        `margin: ${duration(most)}; shorten the bake times or the deadline, or declare the new model as candidate, so that no `
          + 'deployment waits for it',
    );
  }
  return problems;
}
