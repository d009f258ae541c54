import type { Duration } from 'aws-cdk-lib/core';
import { rangeProblem } from '../limits';

/** Seconds of a duration that a schedule computes with; NaN for one that only the deployment knows, which {@link secondsProblem} refuses. */
export function plainSeconds(duration: Duration): number {
  return duration.isUnresolved() ? NaN : duration.toSeconds({ integral: false });
}

/** The problem with a duration that is not known or outside its limits, or nothing. */
export function secondsProblem(name: string, seconds: number | undefined, least: number, most: number, remedy: string): string[] {
  return Number.isNaN(seconds)
    ? [`${name} is known only at deployment, but the schedule is computed before; give a duration`]
    : rangeProblem(name, seconds, least, most, 's', remedy);
}
