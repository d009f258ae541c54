/** Scenarios that `model-rollout rehearse` knows. */
export enum BuiltInScenario {
  /** The candidate is as good as production. */
  HEALTHY = 'healthy',
  /** The candidate fails one and a half times as many requests as production. */
  SLIGHTLY_WORSE = 'slightly-worse',
  /** The candidate fails three times as many requests as production. */
  WORSE = 'worse',
  /** The candidate fails every request. */
  BROKEN = 'broken',
  /** The candidate takes twice as long as production. */
  SLOWER = 'slower',
  /** Five of a hundred of the candidate's answers take ten times as long. */
  SLOW_TAIL = 'slow-tail',
  /** The candidate's answers are wrong more often than production's, and labels come late. */
  ACCURACY_COLLAPSE = 'accuracy-collapse',
  /** The candidate's answers are wrong twice as often, and get labels half as often. */
  SELECTIVE_LABELS = 'selective-labels',
  /** Callers rate the candidate's answers worse. Of endpoints with feedback by ratings. */
  BAD_RATINGS = 'bad-ratings',
  /** A judge finds production's answer the better one in 60 of 100 pairs that it decides. Of rollouts with `Guardrail.preference`. */
  LOSING = 'losing',
  /** One of ten of the candidate's answers does not agree with production's. */
  DISAGREEMENT = 'disagreement',
  /** After 20 minutes the candidate begins to fail five times as many requests as production. */
  LATE_ONSET = 'late-onset',
  /** Both versions fail ten points more for ten minutes. */
  OUTAGE = 'outage',
  /** Failures come in groups; the candidate is as good as production. */
  CLUSTERED = 'clustered',
  /** What production fails are the same inputs that the candidate fails, and callers send them again twice. */
  BAD_INPUTS = 'bad-inputs',
  /** As `BAD_INPUTS`, sent once, and after 20 minutes the candidate fails three times as many requests as production. */
  MASKED = 'masked',
  /** Both versions refuse five of a hundred requests at once, as the caller's mistake. */
  REFUSALS = 'refusals',
  /** Callers stick to a version, and one of them sends nothing but bad requests. */
  BROKEN_CALLER = 'broken-caller',
  /** The candidate fails every request of a kind that one in a hundred is of. */
  SEGMENT = 'segment',
  /** Six times an hour forty requests in a row fail, whichever version they meet. */
  BURSTS = 'bursts',
  /** Four times a day each version by itself fails ten points more for three minutes. */
  HICCUPS = 'hiccups',
  /** Each version's latency wanders by itself, by five percent within ten minutes. */
  WANDERING_LATENCY = 'wandering-latency',
  /**
   * Environments of Lambda functions have to be started, and are gone after idle minutes. Request by request, so it takes as much longer as
   * there is traffic.
   */
  COLD_STARTS = 'cold-starts',
  /**
   * The number of SageMaker's instances follows the load: production has four for the usual traffic, and one takes eight minutes to start.
   * Request by request. Of models with autoscaling.
   */
  AUTOSCALING = 'autoscaling',
  /** CloudWatch cannot be read for nine minutes. */
  METRIC_OUTAGE = 'metric-outage',
  /** Nobody calls. */
  NO_TRAFFIC = 'no-traffic',
  /** Ten times the traffic for 20 minutes. */
  SPIKE = 'spike',
  /** Traffic swings by 80 % over the day. */
  DIURNAL = 'diurnal',
  /** Metrics are five minutes late, and the candidate fails three times as many requests as production. */
  LATE_METRICS = 'late-metrics',
  /** After 12 minutes the controller is gone and the candidate fails every request. */
  CONTROLLER_DEAD = 'controller-dead',
  /** Alarms go off without cause, once in two hours. */
  FALSE_ALARMS = 'false-alarms',
  /** The deployment is cancelled after 12 minutes. */
  CANCELLED = 'cancelled',
}
