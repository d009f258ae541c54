import { Certification } from '../../../lib/core/judge/certification';
import type { Counts } from '../../../lib/core/judge/counts';
import { CountsEvidence } from '../../../lib/core/judge/counts-evidence';
import { logAddExp, logMeanExp } from '../../../lib/core/judge/log-domain';
import { ReserveMixture } from '../../../lib/core/judge/mixture';
import { DEFAULTS, type OutcomePlan } from '../../../lib/core/judge/plan';
import {
  type Bound,
  CERTIFICATION_MULTIPLES,
  multiplesOf,
  rateIncrements,
  REGRESSION_MULTIPLES,
  REGRESSION_WEIGHTS,
  regressionMultiples,
} from '../../../lib/core/judge/rate';
import { CLIP } from '../../../lib/core/rollout/judge-rollout';
import { DAY } from './traces';

/** Something that looks at every minute and says when it would act. */
export interface Rule {
  /** Whether it acts after this minute. */
  add(counts: Counts): boolean;
}

/** What a rule that detects regressions is made from. */
export interface DetectorSettings {
  readonly bound: Bound;
  readonly overdispersion?: number;
  readonly horizon?: number;
}

const NO_TOLERANCE: Bound = { ratio: 1, tolerance: 0 };

/** The judge's own rule for error rates: reserve mixture (2.0a) at α = 0.01, for independent requests. */
export function evidenceRule({ bound, overdispersion = 1, horizon = DAY }: DetectorSettings = { bound: NO_TOLERANCE }): Rule {
  const multiples = multiplesOf(regressionMultiples(overdispersion));
  const increments = new Float64Array(multiples.values.length);
  const mixture = new ReserveMixture(increments.length, horizon, DEFAULTS.firstInvestment, {
    weights: REGRESSION_WEIGHTS.slice(0, increments.length),
  });
  const threshold = Math.log(100);
  return {
    add(counts) {
      mixture.add(rateIncrements(counts, bound, multiples, overdispersion, increments));
      return mixture.logEvidence() >= threshold;
    },
  };
}

/**
 * An e-detector for comparison: Shiryaev and Roberts' sum of e-values that begin anew in every minute. Its mean after `horizon` minutes of
 * health is at most that, so that it goes above `horizon`/α with a chance of at most α.
 *
 * @see Shin, Ramdas and Rinaldo, "E-detectors", 2023 (arXiv 2203.03532)
 */
export function detectorRule({ bound, horizon = DAY }: DetectorSettings = { bound: NO_TOLERANCE }): Rule {
  const multiples = multiplesOf(REGRESSION_MULTIPLES);
  const increments = new Float64Array(multiples.values.length);
  const logs = new Float64Array(increments.length).fill(-Infinity);
  const threshold = Math.log(100 * horizon);
  return {
    add(counts) {
      rateIncrements(counts, bound, multiples, 1, increments);
      increments.forEach((increment, j) => (logs[j] = logAddExp(logs[j], 0) + increment));
      return logMeanExp(logs) >= threshold;
    },
  };
}

/**
 * As a rollout is judged: by the same evidence, of which a minute says no more than a burst may.
 *
 * @param day whether production's day had bursts
 */
export function robustRule({ bound, horizon = DAY }: DetectorSettings, day: Pick<OutcomePlan, 'steady' | 'bursty'>): Rule {
  const evidence = new CountsEvidence(
    { kind: 'counts', name: 'errors', outcomes: [{ label: 'errors', ...day }], allowed: bound },
    { plannedPeriods: horizon, firstInvestment: DEFAULTS.firstInvestment, certificationThreshold: Infinity, clip: CLIP },
  );
  let minute = 0;
  return {
    add({ candidateTotal, candidateBad, productionTotal, productionBad }) {
      evidence.add(
        {
          kind: 'counts',
          candidate: { total: candidateTotal, bad: [candidateBad] },
          production: { total: productionTotal, bad: [productionBad] },
        },
        minute++,
      );
      return evidence.logEvidence() >= Math.log(100);
    },
  };
}

/** The judge's own rule for certifying health (2.0b) at α_p = 0.05. */
export function certificationRule(margin: Bound): Rule {
  const multiples = multiplesOf(CERTIFICATION_MULTIPLES);
  const increments = new Float64Array(multiples.values.length);
  const certification = new Certification(increments.length, Math.log(20));
  return {
    add(counts) {
      certification.add(rateIncrements(counts, margin, multiples, 1, increments));
      return certification.certified;
    },
  };
}
