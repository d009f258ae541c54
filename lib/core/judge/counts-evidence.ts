import { Certification } from './certification';
import type { Counts } from './counts';
import { DISPLAY_ALPHA, type EvidenceSettings, type Finding, type GuardrailEvidence, type OutcomeFinding } from './guardrail-evidence';
import { logMeanExp } from './log-domain';
import type { CountsMeasurement, Measurement } from './period';
import { ratioText } from './phrases';
import { type CountsPlan, DEFAULTS, type OutcomePlan } from './plan';
import { type Bound, CERTIFICATION_MULTIPLES, multiplesOf, type rateIncrements } from './rate';
import { ratioInterval } from './ratio-interval';
import { incrementsOf, RegressionEvidence } from './regression-evidence';
import { countText } from '../text';

const CERTIFICATION = multiplesOf(CERTIFICATION_MULTIPLES);

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

  beginStep(): void {
    this.outcomes.forEach((outcome) => outcome.beginStep());
  }

  logEvidence(): number {
    return logMeanExp(this.outcomes.map((outcome) => outcome.logEvidence()));
  }

  logEvidenceInStep(): number {
    return logMeanExp(this.outcomes.map((outcome) => outcome.logEvidenceInStep()));
  }

  finding(): Finding {
    const outcomes = this.outcomes.map((outcome, i) => outcome.finding(this.measurements.map((measurement) => countsOf(measurement, i))));
    const worst = outcomes.reduce((a, b) => (b.logEvidence > a.logEvidence ? b : a));
    const decided = outcomes.indexOf(worst);
    const since = this.outcomes[decided].decidingSince();
    const deciding = this.measurements.slice(since).map((measurement) => countsOf(measurement, decided));
    const counted = sum(deciding);
    // The window was chosen by what was in it: with 1/((s+1)(s+2)) of the error for the one that begins at s, the intervals of all windows hold together.
    return {
      counts: worst.counts,
      ratio: worst.ratio,
      logCertification: Math.min(...outcomes.filter((outcome) => !outcome.certified || this.certified).map((outcome) => outcome.logCertification)),
      outcomes,
      phrase: phraseOf(worst),
      ...(2 * counted.candidateTotal >= worst.counts.candidateTotal ? {} : { deciding: { since: this.starts[since], phrase: phraseOf({ label: worst.label, counts: counted, ratio: ratioInterval(deciding, DISPLAY_ALPHA / ((since + 1) * (since + 2))) }) } }),
    };
  }
}

class OutcomeEvidence {
  readonly certification: Certification;
  private readonly regression: RegressionEvidence;
  private readonly certificationIncrements = new Float64Array(CERTIFICATION_MULTIPLES.length);
  private readonly margin: Bound;
  private readonly incrementsOf: typeof rateIncrements;

  constructor(private readonly outcome: OutcomePlan, plan: CountsPlan, settings: EvidenceSettings) {
    this.margin = plan.margin ?? DEFAULTS.margin;
    this.regression = new RegressionEvidence(outcome, plan, settings);
    this.certification = new Certification(CERTIFICATION_MULTIPLES.length, settings.certificationThreshold);
    this.incrementsOf = incrementsOf(outcome);
  }

  add(counts: Counts, index: number, periods: number): void {
    const overdispersion = this.regression.add(counts, index, periods);
    if (!this.certification.certified) {
      this.certification.add(this.incrementsOf(counts, this.margin, CERTIFICATION, overdispersion, this.certificationIncrements));
    }
  }

  beginStep(): void {
    this.certification.restart();
    this.regression.beginStep();
  }

  logEvidence(): number {
    return this.regression.logEvidence();
  }

  logEvidenceInStep(): number {
    return this.regression.logEvidenceInStep();
  }

  decidingSince(): number {
    return this.regression.decidingSince();
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

/** As in "errors 3.1x production [2.2, 4.4], 41 of 1,320 requests". */
export function phraseOf({ label, counts: { candidateBad, candidateTotal }, ratio }: Pick<OutcomeFinding, 'label' | 'counts' | 'ratio'>): string {
  return `${label} ${ratioText(ratio)}, ${countText(candidateBad)} of ${countText(candidateTotal)} requests`;
}

export function sum(periods: readonly Counts[]): Counts {
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
