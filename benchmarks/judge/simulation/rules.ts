import { Certification } from '../../../lib/core/judge/certification';
import type { Counts } from '../../../lib/core/judge/counts';
import { ReserveMixture } from '../../../lib/core/judge/mixture';
import { type Bound, CERTIFICATION_MULTIPLES, multiplesOf, rateIncrements, regressionMultiples } from '../../../lib/core/judge/rate';
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

/** The judge's own rule for error rates: reserve mixture (2.0a) at α = 0.01, g₀ = 0.8. */
export function evidenceRule({ bound, overdispersion = 1, horizon = DAY }: DetectorSettings = { bound: NO_TOLERANCE }): Rule {
  const multiples = multiplesOf(regressionMultiples(overdispersion));
  const increments = new Float64Array(multiples.values.length);
  const mixture = new ReserveMixture(increments.length, horizon, 0.8);
  const threshold = Math.log(100);
  return {
    add(counts) {
      mixture.add(rateIncrements(counts, bound, multiples, overdispersion, increments));
      return mixture.logEvidence() >= threshold;
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
