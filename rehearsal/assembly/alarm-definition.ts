/** An alarm as the template declares it, in terms of what a rehearsal simulates. Plain data. */
export interface AlarmDefinition {
  readonly name: string;
  readonly periodSeconds: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly threshold: number;
  readonly comparison: Comparison;
  readonly missing: MissingData;
  /** Metrics by id. */
  readonly metrics: { readonly [id: string]: SimulatedMetric };
  /** Expressions by id, over metrics and each other. */
  readonly expressions: { readonly [id: string]: string };
  /** Id of the metric or expression that is compared with the threshold. */
  readonly watched: string;
}

export type Comparison = 'GreaterThanThreshold' | 'GreaterThanOrEqualToThreshold' | 'LessThanThreshold' | 'LessThanOrEqualToThreshold';

export type MissingData = 'missing' | 'ignore' | 'breaching' | 'notBreaching';

/** A metric that the router publishes for a version. */
export interface SimulatedMetric {
  readonly side: Side;
  readonly metric: string;
  /** `Sum`, `Average`, `SampleCount`, `Minimum`, `Maximum` or a percentile such as `p99.9`. */
  readonly statistic: string;
}

export type Side = 'candidate' | 'production' | 'control';
