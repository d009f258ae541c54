import type { Duration } from 'aws-cdk-lib/core';

/** Seconds of a duration that a schedule computes with; a duration that only a deployment knows gives NaN, which every check refuses. */
export function plainSeconds(duration: Duration): number {
  return duration.isUnresolved() ? NaN : duration.toSeconds({ integral: false });
}
