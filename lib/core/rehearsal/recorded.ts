/** Type of the construct metadata that tells what rehearsals of a rollout must show. It is in the cloud assembly, not in the template. */
export const REHEARSAL_METADATA = 'cdk-model-rollout:rehearsal';

/** What rehearsals must show; what is absent need not hold. */
export interface RecordedExpectations {
  readonly falseRollbackRate?: number;
  readonly missRate?: number;
  readonly detectWithinMinutes?: number;
  readonly maxBadResponses?: number;
}

/** A scenario of a scenario file. */
export interface RecordedScenario {
  readonly name: string;
  /** The built-in scenario that it starts from. */
  readonly like: string;
  readonly traffic?: { readonly requestsPerSecond: number };
  readonly candidate?: { readonly errorRate?: number; readonly onsetMinute?: number };
  readonly metricDelaySeconds?: number;
  readonly expect?: RecordedExpectations;
}

/** As the app declares it. Scenarios are those of a scenario file, and are checked as those. */
export interface RecordedRehearsal {
  readonly schema: 1;
  /** Key of the route record, `endpoint/alias`. */
  readonly alias: string;
  /** Rehearsals of each scenario. */
  readonly runs: number;
  readonly seed: number;
  readonly scenarios: {
    readonly usual: { readonly traffic: { readonly requestsPerSecond: number }; readonly production: { readonly errorRate: number } };
    readonly scenarios: readonly RecordedScenario[];
    readonly expect: RecordedExpectations;
  };
  /** Scenario files, relative to where the app runs. */
  readonly files: readonly string[];
}
