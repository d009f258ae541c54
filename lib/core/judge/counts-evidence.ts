import type { CallerBias, Limits } from './caller-bias';
import { Certification } from './certification';
import type { Counts } from './counts';
import { DISPLAY_ALPHA, type EvidenceSettings, type Finding, type GuardrailEvidence, type OutcomeFinding } from './guardrail-evidence';
import { withLater } from '../later';
import { logMeanExp } from './log-domain';
import type { CountsMeasurement, Measurement } from './period';
import { factorText, partText, ratioText } from './phrases';
import { type CountsPlan, DEFAULTS, type OutcomePlan } from './plan';
import { type Bound, CERTIFICATION_MULTIPLES, multiplesOf, type rateIncrements } from './rate';
import { ratioInterval } from './ratio-interval';
import { incrementsOf, RegressionEvidence } from './regression-evidence';

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
    return this.outcomes.every((outcome) => outcome.certified);
  }

  add(measurement: Measurement, index: number, periods = 1): void {
    const counts = measurement as CountsMeasurement;
    this.measurements.push(counts);
    this.starts.push(index - periods + 1);
    this.outcomes.forEach((outcome, i) => outcome.add(countsOf(counts, i), index, periods, counts.bias?.[i]));
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
    const measured = this.measurements.length;
    const countsSince = (first: number, outcome: number): Counts[] =>
      this.measurements.slice(first, measured).map((measurement) => countsOf(measurement, outcome));
    const outcomes = this.outcomes.map((outcome, i) => outcome.finding(() => countsSince(0, i)));
    const worst = outcomes.reduce((a, b) => (b.logEvidence > a.logEvidence ? b : a));
    const decided = outcomes.indexOf(worst);
    const since = this.outcomes[decided].decidingSince();
    return withLater(
      {
        logCertification: Math.min(
          ...outcomes.filter((outcome) => !outcome.certified || this.certified).map((outcome) => outcome.logCertification),
        ),
        outcomes,
      },
      {
        counts: () => worst.counts,
        ratio: () => worst.ratio,
        phrase: () => phraseOf(worst),
        deciding: () => this.deciding(worst, since, countsSince(since, decided)),
      },
    );
  }

  /**
   * Where it is the latest periods that speak, these by themselves. The window was chosen by what was in it: with 1/((s+1)(s+2)) of the
   * error for the one that begins at s, the intervals of all windows hold together.
   */
  private deciding(worst: OutcomeFinding, since: number, periods: readonly Counts[]): Finding['deciding'] {
    const counts = sum(periods);
    return 2 * counts.candidateTotal >= worst.counts.candidateTotal
      ? undefined
      : {
          since: this.starts[since],
          phrase: phraseOf({ ...worst, counts, ratio: ratioInterval(periods, DISPLAY_ALPHA / ((since + 1) * (since + 2))) }),
        };
  }
}

/**
 * Evidence about one kind of bad outcome. Where callers stick to a version, the candidate's may have more bad outcomes than the others at
 * whatever version, and a day of history does not say whether that is so many times as many or so many on top: the candidate may be as bad
 * as either allows, and what speaks against it is the lesser evidence of the two. A minimum of e-values is one under each of the
 * hypotheses.
 */
class OutcomeEvidence {
  private readonly comparisons: readonly Comparison[];
  private bias: CallerBias | undefined;

  constructor(private readonly outcome: OutcomePlan, plan: CountsPlan, settings: EvidenceSettings) {
    this.comparisons = waysOf(outcome, plan).map((way) => new Comparison(outcome, plan, settings, way));
  }

  get certified(): boolean {
    return this.comparisons.every(({ certification }) => certification.certified);
  }

  beginStep(): void {
    this.comparisons.forEach((comparison) => comparison.beginStep());
  }

  logEvidenceInStep(): number {
    return Math.min(...this.comparisons.map((comparison) => comparison.logEvidenceInStep()));
  }

  add(counts: Counts, index: number, periods: number, bias?: CallerBias): void {
    this.bias = bias;
    this.comparisons.forEach((comparison) => comparison.add(counts, index, periods, bias));
  }

  logEvidence(): number {
    return Math.min(...this.comparisons.map((comparison) => comparison.logEvidence()));
  }

  /** Index of the measurement since which the strongest multiple has gained the most: what was counted before speaks against it. */
  decidingSince(): number {
    return this.comparisons.reduce((a, b) => (b.logEvidence() < a.logEvidence() ? b : a)).decidingSince();
  }

  /** What it has found until now; of `periods`, which are only looked at where somebody reads that. */
  finding(periods: () => readonly Counts[]): OutcomeFinding {
    const { bias } = this;
    const counts = (): Counts => sum(periods());
    return withLater(
      {
        label: this.outcome.label,
        logEvidence: this.logEvidence(),
        certified: this.certified,
        logCertification: Math.min(...this.comparisons.map(({ certification }) => certification.logEvidence())),
      },
      {
        counts,
        ratio: () => ratioInterval(periods(), DISPLAY_ALPHA),
        ...(bias === undefined ? {} : { ofCallers: () => this.ratiosOf(bias.ratio, counts()) }),
      },
    );
  }

  /** Odds are shown as what they make of production's share. */
  private ratiosOf({ lower, upper }: Limits, { productionBad, productionTotal }: Counts): Limits {
    const share = this.outcome.form === 'odds' && productionTotal > 0 ? productionBad / productionTotal : 0;
    const ratio = (odds: number): number => odds / (1 - share + share * odds);
    return { lower: ratio(lower), upper: ratio(upper) };
  }
}

/**
 * A bound for the candidate's callers, from the bound for one and the same callers; `end` is the end of the bias that the hypothesis leaves
 * room for.
 */
type Way = (bound: Bound, bias: CallerBias | undefined, end: 'lower' | 'upper') => Bound;

function waysOf({ form }: OutcomePlan, { byCallers }: CountsPlan): readonly Way[] {
  if (byCallers !== true) {
    return [asTheyAre];
  }
  // Odds know no sums.
  return form === 'odds' ? [soManyTimes] : [soManyTimes, soManyMore];
}

const asTheyAre: Way = (bound) => bound;

const soManyTimes: Way = ({ ratio, tolerance }, bias, end) => ({ ratio: ratio * (bias?.ratio[end] ?? 1), tolerance });

const soManyMore: Way = ({ ratio, tolerance }, bias, end) => ({ ratio, tolerance: tolerance + ratio * (bias?.excess?.[end] ?? 0) });

/** The comparison of both versions under one bound. */
class Comparison {
  readonly certification: Certification;
  private readonly regression: RegressionEvidence;
  private readonly certificationIncrements = new Float64Array(CERTIFICATION_MULTIPLES.length);
  private readonly allowed: Bound;
  private readonly margin: Bound;
  private readonly incrementsOf: typeof rateIncrements;

  constructor(outcome: OutcomePlan, plan: CountsPlan, settings: EvidenceSettings, private readonly way: Way) {
    this.allowed = plan.allowed ?? DEFAULTS.allowed;
    this.margin = plan.margin ?? DEFAULTS.margin;
    this.regression = new RegressionEvidence(outcome, plan, settings);
    this.certification = new Certification(CERTIFICATION_MULTIPLES.length, settings.certificationThreshold);
    this.incrementsOf = incrementsOf(outcome);
  }

  add(counts: Counts, index: number, periods: number, bias: CallerBias | undefined): void {
    const overdispersion = this.regression.add(counts, index, periods, { allowed: this.way(this.allowed, bias, 'upper') });
    if (!this.certification.certified) {
      this.certification.add(
        this.incrementsOf(counts, this.way(this.margin, bias, 'lower'), CERTIFICATION, overdispersion, this.certificationIncrements),
      );
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
}

/** As in "errors: 41 of 1,320 (3.1 %) of the candidate's requests, 120 of 12,000 (1 %) of production's, 3.1 times as often [2.2, 4.4]". */
export function phraseOf({
  label,
  counts: { candidateBad, candidateTotal, productionBad, productionTotal },
  ratio,
  ofCallers,
}: Pick<OutcomeFinding, 'label' | 'counts' | 'ratio' | 'ofCallers'>): string {
  const expected =
    ofCallers === undefined
      ? ''
      : `, where ${factorText(ofCallers.lower)} to ${factorText(ofCallers.upper)} times is expected of these callers`;
  return `${label}: ${partText(candidateBad, candidateTotal)} of the candidate's requests, `
    + `${partText(productionBad, productionTotal)} of production's, ${ratioText(ratio)}${expected}`;
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
