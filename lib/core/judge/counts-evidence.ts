import { Certification } from './certification';
import { Clip } from './clip';
import type { Counts } from './counts';
import { exactIncrements } from './exact-ratio';
import { DISPLAY_ALPHA, type EvidenceSettings, type Finding, type GuardrailEvidence, type OutcomeFinding } from './guardrail-evidence';
import { logMeanExp } from './log-domain';
import { ReserveMixture } from './mixture';
import type { CountsMeasurement, Measurement } from './period';
import { ratioText } from './phrases';
import { type CountsPlan, DEFAULTS, type OutcomePlan } from './plan';
import { type Bound, CERTIFICATION_MULTIPLES, expectedIncrements, type Multiples, multiplesOf, rateIncrements, REGRESSION_WEIGHTS, regressionMultiples } from './rate';
import { ratioInterval } from './ratio-interval';
import { countText } from '../text';

const CERTIFICATION = multiplesOf(CERTIFICATION_MULTIPLES);

/** As many as the built-in alarm wants: half of a few requests is chance. */
const LEAST_BAD = 5;

/**
 * Evidence from counts of bad outcomes: errors, or requests slower than each of some thresholds. The e-values of the outcomes
 * are averaged; certified is who is certified in every outcome.
 *
 * @see docs/how-it-decides.md 2.0 to 2.2
 */
export class CountsEvidence implements GuardrailEvidence {
  private readonly outcomes: readonly OutcomeEvidence[];
  private readonly measurements: CountsMeasurement[] = [];
  /** First of the plan's periods of each measurement. */
  private readonly starts: number[] = [];

  constructor(plan: CountsPlan, settings: EvidenceSettings) {
    this.outcomes = plan.outcomes.map((outcome) => new OutcomeEvidence(outcome, plan, settings));
  }

  get certified(): boolean {
    return this.outcomes.every((outcome) => outcome.certification.certified);
  }

  add(measurement: Measurement, index: number, periods = 1): void {
    const counts = measurement as CountsMeasurement;
    this.measurements.push(counts);
    this.starts.push(index - periods + 1);
    this.outcomes.forEach((outcome, i) => outcome.add(countsOf(counts, i), index, periods));
  }

  restartCertification(): void {
    this.outcomes.forEach((outcome) => outcome.certification.restart());
  }

  logEvidence(): number {
    return this.outcomes.length === 1
      ? this.outcomes[0].logEvidence()
      : logMeanExp(this.outcomes.map((outcome) => outcome.logEvidence()));
  }

  finding(): Finding {
    const outcomes = this.outcomes.map((outcome, i) => outcome.finding(this.measurements.map((measurement) => countsOf(measurement, i))));
    const worst = outcomes.reduce((a, b) => (b.logEvidence > a.logEvidence ? b : a));
    const decided = outcomes.indexOf(worst);
    const since = this.outcomes[decided].decidingSince();
    const deciding = this.measurements.slice(since).map((measurement) => countsOf(measurement, decided));
    const counted = sum(deciding);
    return {
      counts: worst.counts,
      ratio: worst.ratio,
      logCertification: Math.min(...outcomes.filter((outcome) => !outcome.certified || this.certified).map((outcome) => outcome.logCertification)),
      outcomes,
      phrase: phraseOf(worst),
      ...(2 * counted.candidateTotal >= worst.counts.candidateTotal ? {} : { deciding: { since: this.starts[since], phrase: phraseOf({ label: worst.label, counts: counted, ratio: ratioInterval(deciding, DISPLAY_ALPHA) }) } }),
    };
  }
}

class OutcomeEvidence {
  readonly certification: Certification;
  private readonly regression: ReserveMixture;
  private readonly multiples: Multiples;
  private readonly increments: Float64Array;
  private readonly certificationIncrements = new Float64Array(CERTIFICATION_MULTIPLES.length);
  private readonly allowed: Bound;
  private readonly margin: Bound;
  private readonly overdispersion: number;
  private readonly incrementsOf: typeof rateIncrements;
  private readonly clip: Clip | undefined;
  private readonly expected: Float64Array;
  private last = -1;
  private added = 0;
  /** For each multiple the most that the latest measurements have gained together, and the first of them. */
  private readonly gained: Float64Array;
  private readonly gainedSince: Uint32Array;

  constructor(private readonly outcome: OutcomePlan, plan: CountsPlan, settings: EvidenceSettings) {
    this.allowed = plan.allowed ?? DEFAULTS.allowed;
    this.margin = plan.margin ?? DEFAULTS.margin;
    this.overdispersion = plan.overdispersion ?? 1;
    this.multiples = multiplesOf(regressionMultiples(this.overdispersion));
    this.increments = new Float64Array(this.multiples.values.length);
    this.expected = new Float64Array(this.increments.length);
    this.gained = new Float64Array(this.increments.length);
    this.gainedSince = new Uint32Array(this.increments.length);
    this.regression = new ReserveMixture(this.increments.length, settings.plannedPeriods, settings.firstInvestment, {
      longest: settings.longestPeriods, weights: REGRESSION_WEIGHTS.slice(0, this.increments.length),
    });
    this.clip = settings.clip && new Clip(this.increments.length, settings.clip);
    this.certification = new Certification(CERTIFICATION_MULTIPLES.length, settings.certificationThreshold);
    this.incrementsOf = outcome.form === 'odds'
      ? (counts, bound, ...rest) => exactIncrements(counts, bound.ratio, ...rest)
      : rateIncrements;
  }

  add(counts: Counts, index: number, periods: number): void {
    const elapsed = index - this.last;
    this.incrementsOf(counts, this.allowed, this.multiples, this.overdispersion, this.increments);
    this.clip?.apply(this.increments, expectedIncrements(counts, this.allowed, this.multiples, this.expected), elapsed, periods, this.isMostlyBad(counts));
    this.regression.add(this.increments, elapsed);
    for (let j = 0; j < this.increments.length; j++) {
      if (this.gained[j] <= 0) {
        this.gained[j] = 0;
        this.gainedSince[j] = this.added;
      }
      this.gained[j] += this.increments[j];
    }
    this.added++;
    this.last = index;
    if (!this.certification.certified) {
      this.certification.add(this.incrementsOf(counts, this.margin, CERTIFICATION, this.overdispersion, this.certificationIncrements));
    }
  }

  /** Only where few outcomes are bad as a rule: every second request is slower than the median. */
  private isMostlyBad({ candidateTotal, candidateBad }: Counts): boolean {
    return this.outcome.form !== 'odds' && candidateBad >= LEAST_BAD && 2 * candidateBad >= candidateTotal;
  }

  logEvidence(): number {
    return this.regression.logEvidence();
  }

  /** Index of the measurement since which the strongest multiple has gained the most: what was counted before speaks against it. */
  decidingSince(): number {
    return this.gainedSince[this.regression.strongest()];
  }

  finding(periods: readonly Counts[]): OutcomeFinding {
    return {
      label: this.outcome.label,
      logEvidence: this.logEvidence(),
      certified: this.certification.certified,
      logCertification: this.certification.logEvidence(),
      counts: sum(periods),
      ratio: ratioInterval(periods, DISPLAY_ALPHA),
    };
  }
}

function phraseOf({ label, counts: { candidateBad, candidateTotal }, ratio }: Pick<OutcomeFinding, 'label' | 'counts' | 'ratio'>): string {
  return `${label} ${ratioText(ratio)}, ${countText(candidateBad)} of ${countText(candidateTotal)} requests`;
}

function sum(periods: readonly Counts[]): Counts {
  const counts = { candidateTotal: 0, candidateBad: 0, productionTotal: 0, productionBad: 0 };
  for (const period of periods) {
    counts.candidateTotal += period.candidateTotal;
    counts.candidateBad += period.candidateBad;
    counts.productionTotal += period.productionTotal;
    counts.productionBad += period.productionBad;
  }
  return counts;
}

function countsOf({ candidate, production }: CountsMeasurement, outcome: number): Counts {
  return {
    candidateTotal: candidate.total,
    candidateBad: candidate.bad[outcome],
    productionTotal: production.total,
    productionBad: production.bad[outcome],
  };
}
