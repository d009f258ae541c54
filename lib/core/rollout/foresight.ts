import { bakeForCertification, bakeForPower, smallestDetectable } from '../judge/information';
import { DEFAULTS } from '../judge/plan';
import type { Bound } from '../judge/rate';
import { alarmProbability, type ThresholdAlarm } from '../judge/threshold-alarm';
import type { Stage } from './plan';

/** What is expected of an alias, before any rollout. */
export interface Expectation {
  /** Of the alias, all versions together. */
  readonly requestsPerSecond: number;
  /** Share of production's requests that fail. */
  readonly errorRate: number;
  /** Times as many failures as production's, which a rollout must not let through. */
  readonly regression: number;
}

/** What a stage can see of a comparison of errors. */
export interface StageOutlook {
  /** Times production's failures that are found with 95 % probability within the bake time; undefined where not even total failure is. */
  readonly found?: number;
  /** Seconds of bake after which the expected regression is found with 95 % probability; Infinity where it is tolerated. */
  readonly secondsToFind: number;
  /** Seconds after which a candidate as good as production is certified with 95 % probability. */
  readonly secondsToCertify: number;
}

/**
 * What one stage by itself can see. Stages without production see nothing.
 *
 * @param alpha chance of a false rollback that is the guardrail's own
 * @see docs/how-it-decides.md 3
 */
export function stageOutlook(
  { percent, bakeSeconds }: Stage,
  expected: Expectation,
  alpha: number,
  allowed: Bound,
  margin: Bound,
): StageOutlook {
  const { requestsPerSecond, errorRate, regression } = expected;
  const bake = { requestsPerSecond, share: percent / 100, alpha };
  const smallest = smallestDetectable(bake, errorRate, allowed, bakeSeconds);
  return {
    ...(smallest === undefined ? {} : { found: smallest / errorRate }),
    secondsToFind: bakeForPower(bake, { candidateRate: Math.min(1, regression * errorRate), productionRate: errorRate }, allowed),
    secondsToCertify: bakeForCertification({ ...bake, alpha: DEFAULTS.certificationAlpha }, errorRate, margin),
  };
}

/** What an alarm on the share of failures does over all stages, each by itself. */
export interface AlarmOutlook {
  /** Chance that it goes off on a candidate as good as production. */
  readonly falseRollback: number;
  /** Chance that it never goes off on the expected regression. */
  readonly miss: number;
}

const PERIOD_SECONDS = 60;

export function alarmOutlook(
  alarm: ThresholdAlarm,
  stages: readonly Stage[],
  { requestsPerSecond, errorRate, regression }: Expectation,
): AlarmOutlook {
  const silent = (rate: number): number =>
    stages.reduce(
      (chance, { percent, bakeSeconds }) =>
        chance *
        (1 - alarmProbability(alarm, requestsPerSecond * (percent / 100) * PERIOD_SECONDS, rate, Math.floor(bakeSeconds / PERIOD_SECONDS))),
      1,
    );
  return { falseRollback: 1 - silent(errorRate), miss: silent(Math.min(1, regression * errorRate)) };
}

/** The lowest threshold with which the alarm goes off on a healthy candidate with at most a chance of `alpha`, to a thousandth of it. */
export function soundThreshold(alarm: ThresholdAlarm, stages: readonly Stage[], expected: Expectation, alpha: number): number {
  let [unsound, sound] = [expected.errorRate, 1];
  while (sound - unsound > sound / 1_000) {
    const threshold = (unsound + sound) / 2;
    if (alarmOutlook({ ...alarm, threshold }, stages, expected).falseRollback <= alpha) {
      sound = threshold;
    } else {
      unsound = threshold;
    }
  }
  return sound;
}
