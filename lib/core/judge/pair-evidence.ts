import { Certification } from './certification';
import { ClippedMixture } from './clipped-mixture';
import type { EvidenceSettings, Finding, GuardrailEvidence } from './guardrail-evidence';
import { discordanceRatios, disagreementRatios, expectedPairIncrements, pairIncrements, type PairRatios } from './pairs';
import type { DisagreementMeasurement, DiscordanceMeasurement, Measurement } from './period';
import { countText, numberText } from '../text';
import { DEFAULTS, type DisagreementPlan, type DiscordancePlan } from './plan';
import { CERTIFICATION_MULTIPLES, multiplesOf, rateIncrements } from './rate';

const CERTIFICATION = multiplesOf(CERTIFICATION_MULTIPLES);

/** What health is looked for by: the increments of pairs, one per multiple. */
type Health = (successes: number, failures: number, pairs: number, overdispersion: number, increments: Float64Array) => Float64Array;

/** By the same Bernoulli sequence as harm. */
function bernoulliHealth(towards: PairRatios): Health {
  return (successes, failures, _pairs, overdispersion, increments) =>
    pairIncrements(successes / overdispersion, failures / overdispersion, towards, increments);
}

/**
 * By how much more often than production the candidate is wrong, of all pairs. That both answer the same requests does no harm: with A < 1
 * < B and outcomes c
 * and p of one pair A^c B^p is at most 1 - c(1 - A) + p(B - 1), however they depend on each other.
 */
function differenceHealth(tolerance: number): Health {
  return (successes, failures, pairs, overdispersion, increments) =>
    rateIncrements(
      { candidateTotal: pairs, candidateBad: successes, productionTotal: pairs, productionBad: failures },
      { ratio: 1, tolerance },
      CERTIFICATION,
      overdispersion,
      increments,
    );
}

/** Evidence from successes and failures of a Bernoulli sequence, which both kinds of pairs come down to. */
class BernoulliEvidence {
  readonly certification: Certification;
  readonly regression: ClippedMixture;
  private readonly certificationIncrements = new Float64Array(CERTIFICATION_MULTIPLES.length);
  private last = -1;

  constructor(
    private readonly against: PairRatios, private readonly health: Health, private readonly overdispersion: number,
    settings: EvidenceSettings,
  ) {
    this.regression = new ClippedMixture(against.perSuccess.length, settings);
    this.certification = new Certification(CERTIFICATION_MULTIPLES.length, settings.certificationThreshold);
  }

  add(successes: number, failures: number, pairs: number, index: number, periods: number): void {
    const [s, f] = [successes / this.overdispersion, failures / this.overdispersion];
    pairIncrements(s, f, this.against, this.regression.increments);
    expectedPairIncrements(s + f, this.against, this.regression.expected);
    this.regression.add(index - this.last, periods);
    this.last = index;
    if (!this.certification.certified) {
      this.certification.add(this.health(successes, failures, pairs, this.overdispersion, this.certificationIncrements));
    }
  }

  beginStep(): void {
    this.certification.restart();
    this.regression.beginStep();
  }
}

/** Evidence that candidate and production disagree on more of the same requests than allowed (2.6). */
export class DisagreementEvidence implements GuardrailEvidence {
  private readonly evidence: BernoulliEvidence;
  private pairs = 0;
  private disagreements = 0;

  constructor(private readonly plan: DisagreementPlan, settings: EvidenceSettings) {
    this.evidence = new BernoulliEvidence(
      disagreementRatios(plan.bound, 'regression'),
      bernoulliHealth(disagreementRatios(plan.margin ?? plan.bound, 'certification')),
      plan.overdispersion ?? 1,
      settings,
    );
  }

  get certified(): boolean {
    return this.evidence.certification.certified;
  }

  beginStep(): void {
    this.evidence.beginStep();
  }

  add(measurement: Measurement, index: number, periods = 1): void {
    const { pairs, disagreements } = measurement as DisagreementMeasurement;
    this.pairs += pairs;
    this.disagreements += disagreements;
    this.evidence.add(disagreements, pairs - disagreements, pairs, index, periods);
  }

  logEvidence(): number {
    return this.evidence.regression.logEvidence();
  }

  logEvidenceInStep(): number {
    return this.evidence.regression.logEvidenceInStep();
  }

  finding(): Finding {
    return {
      counts: { candidateTotal: this.pairs, candidateBad: this.disagreements },
      logCertification: this.evidence.certification.logEvidence(),
      phrase: `${this.plan.label}: ${countText(this.disagreements)} of ${countText(this.pairs)} pairs ${this.plan.verb ?? 'disagree'}, `
        + `${numberText(100 * this.plan.bound)}% allowed`,
    };
  }
}

/** Evidence that the candidate alone is wrong more often than production alone (2.6, McNemar). */
export class DiscordanceEvidence implements GuardrailEvidence {
  private readonly evidence: BernoulliEvidence;
  private pairs = 0;
  private candidateWrong = 0;
  private productionWrong = 0;

  constructor(private readonly plan: DiscordancePlan, settings: EvidenceSettings) {
    this.evidence = new BernoulliEvidence(
      discordanceRatios(plan.ratio ?? DEFAULTS.discordanceRatio, 'regression'),
      plan.tolerance === undefined
        ? bernoulliHealth(discordanceRatios(plan.margin ?? DEFAULTS.discordanceMargin, 'certification'))
        : differenceHealth(plan.tolerance),
      plan.overdispersion ?? 1,
      settings,
    );
  }

  get certified(): boolean {
    return this.evidence.certification.certified;
  }

  beginStep(): void {
    this.evidence.beginStep();
  }

  add(measurement: Measurement, index: number, periods = 1): void {
    const { pairs, onlyCandidateWrong, onlyProductionWrong } = measurement as DiscordanceMeasurement;
    this.pairs += pairs;
    this.candidateWrong += onlyCandidateWrong;
    this.productionWrong += onlyProductionWrong;
    this.evidence.add(onlyCandidateWrong, onlyProductionWrong, pairs, index, periods);
  }

  logEvidence(): number {
    return this.evidence.regression.logEvidence();
  }

  logEvidenceInStep(): number {
    return this.evidence.regression.logEvidenceInStep();
  }

  finding(): Finding {
    const { pairs, verb } = this.plan.words ?? { pairs: 'labelled pairs', verb: 'were wrong' };
    return {
      counts: {
        candidateTotal: this.pairs,
        candidateBad: this.candidateWrong,
        productionTotal: this.pairs,
        productionBad: this.productionWrong,
      },
      logCertification: this.evidence.certification.logEvidence(),
      phrase:
        `${this.plan.label}: of ${countText(this.pairs)} ${pairs} ${countText(this.candidateWrong)} ${verb} in the candidate alone, ` +
        `${countText(this.productionWrong)} in production alone`,
    };
  }
}
