
/** What all guardrails can be told. */
export interface GuardrailOptions {
  /**
   * Name in messages and on the command line, unique in the rollout.
   *
   * @default - what the guardrail watches: the alarm's construct id, `errors`, `latency`, `error-rate`, `latency-p99`
   */
  readonly name?: string;

  /**
   * What the guardrail does.
   *
   * @default GuardrailAction.ROLLBACK
   */
  readonly action?: GuardrailAction;
}

/** What an alarm means while it has too little data. */
export enum InsufficientData {
  /** Nothing is known, so the rollout does not advance. */
  HOLD = 'HOLD',
  /** Silence is health, for alarms on things that seldom happen. */
  OK = 'OK',
}

/** How an alarm of yours is understood. */
export interface AlarmGuardrailOptions extends GuardrailOptions {
  /**
   * What the alarm's state INSUFFICIENT_DATA means.
   *
   * @default InsufficientData.HOLD
   */
  readonly insufficientData?: InsufficientData;
}

/** When a threshold counts as exceeded. */
export interface ThresholdGuardrailOptions extends GuardrailOptions {
  /**
   * Requests in a minute below which the minute says nothing.
   *
   * @default 10
   */
  readonly minRequests?: number;

  /**
   * How many minutes are looked at, 1 to 1440.
   *
   * @default 3
   */
  readonly evaluationMinutes?: number;

  /**
   * How many of these minutes must exceed the threshold.
   *
   * @default 2 - or all, if fewer are looked at
   */
  readonly minutesToAlarm?: number;
}

/** Which latency is looked at. */
export interface LatencyThresholdOptions extends ThresholdGuardrailOptions {
  /**
   * Share of the requests that must be faster, above 0 and below 1.
   *
   * @default 0.99
   */
  readonly quantile?: number;
}

/** Which direction of a mean is a regression. */
export enum RegressionDirection {
  /** Scores, revenue, conversions. */
  DECREASE = 'DECREASE',
  /** Times, costs, distances. */
  INCREASE = 'INCREASE',
}

/** What a guardrail does when it stands against the candidate. */
export enum GuardrailAction {
  /** Back to production: within seconds of the alarm, and once more by the controller. */
  ROLLBACK = 'ROLLBACK',
  /** The rollout does not advance for as long as the guardrail stands against it. */
  HOLD = 'HOLD',
  /** Recorded with every decision, without consequence. */
  OBSERVE = 'OBSERVE',
}
