import type { Duration } from 'aws-cdk-lib/core';
import { rangeProblem } from './limits';

/**
 * Seconds of a duration that a schedule computes with; NaN for one that only the deployment knows, which {@link secondsProblem} refuses.
 */
export function plainSeconds(duration: Duration): number {
  return duration.isUnresolved() ? NaN : duration.toSeconds({ integral: false });
}

/** The problem with a duration that is not known or outside its limits, or nothing. */
export function secondsProblem(name: string, seconds: number | undefined, least: number, most: number, remedy: string): string[] {
  return Number.isNaN(seconds)
    ? [`${name} is known only at deployment, but the schedule is computed before; give a duration`]
    : rangeProblem(name, seconds, [least, most], 's', remedy);
}

/** The same of a duration that the state machine waits for or a record keeps: those know whole seconds only. */
export function wholeSecondsProblem(name: string, seconds: number | undefined, least: number, most: number, remedy: string): string[] {
  const problems = secondsProblem(name, seconds, least, most, remedy);
  return problems.length > 0 || seconds === undefined || Number.isInteger(seconds)
    ? problems
    : [`${name} is ${seconds} s, but Step Functions waits for whole seconds only; take ${Math.ceil(seconds)} s`];
}
