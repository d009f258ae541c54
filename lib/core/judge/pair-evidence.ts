import { Certification } from './certification';
import { Clip } from './clip';
import type { EvidenceSettings, Finding, GuardrailEvidence } from './guardrail-evidence';
import { ReserveMixture } from './mixture';
import { discordanceRatios, disagreementRatios, expectedPairIncrements, pairIncrements, type PairRatios } from './pairs';
import type { DisagreementMeasurement, DiscordanceMeasurement, Measurement } from './period';
import { countText, numberText } from '../text';
import { DEFAULTS, type DisagreementPlan, type DiscordancePlan } from './plan';

/** Evidence from successes and failures of a Bernoulli sequence, which both kinds of pairs come down to. */
class BernoulliEvidence {
  readonly certification: Certification;
  private readonly regression: ReserveMixture;
  private readonly regressionIncrements: Float64Array;
  private readonly certificationIncrements: Float64Array;
  private readonly clip: Clip | undefined;
  private readonly expected: Float64Array;
  private last = -1;

  constructor(
    private readonly against: PairRatios, private readonly towards: PairRatios, private readonly overdispersion: number,
    settings: EvidenceSettings,
  ) {
    this.regressionIncrements = new Float64Array(against.perSuccess.length);
    this.certificationIncrements = new Float64Array(towards.perSuccess.length);
    this.regression = new ReserveMixture(against.perSuccess.length, settings.plannedPeriods, settings.firstInvestment, { longest: settings.longestPeriods });
    this.clip = settings.clip && new Clip(against.perSuccess.length, settings.clip);
    this.expected = new Float64Array(against.perSuccess.length);
    this.certification = new Certification(towards.perSuccess.length, settings.certificationThreshold);
  }

  add(successes: number, failures: number, index: number, periods: number): void {
    const [s, f] = [successes / this.overdispersion, failures / this.overdispersion];
    const elapsed = index - this.last;
    pairIncrements(s, f, this.against, this.regressionIncrements);
    this.clip?.apply(this.regressionIncrements, expectedPairIncrements(s + f, this.against, this.expected), elapsed, periods);
    this.regression.add(this.regressionIncrements, elapsed);
    this.last = index;
    if (!this.certification.certified) {
      this.certification.add(pairIncrements(s, f, this.towards, this.certificationIncrements));
    }
  }

  logEvidence(): number {
    return this.regression.logEvidence();
  }
}

/** Evidence that candidate and production disagree on more of the same requests than allowed (2.6). */
export class DisagreementEvidence implements GuardrailEvidence {
  private readonly evidence: BernoulliEvidence;
  private pairs = 0;
  private disagreements = 0;

  constructor(private readonly plan: DisagreementPlan, settings: EvidenceSettings) {
    this.evidence = new BernoulliEvidence(
      disagreementRatios(plan.bound, 'regression'), disagreementRatios(plan.margin ?? plan.bound, 'certification'), plan.overdispersion ?? 1, settings,
    );
  }

  get certified(): boolean {
    return this.evidence.certification.certified;
  }

  restartCertification(): void {
    this.evidence.certification.restart();
  }

  add(measurement: Measurement, index: number, periods = 1): void {
    const { pairs, disagreements } = measurement as DisagreementMeasurement;
    this.pairs += pairs;
    this.disagreements += disagreements;
    this.evidence.add(disagreements, pairs - disagreements, index, periods);
  }

  logEvidence(): number {
    return this.evidence.logEvidence();
  }

  finding(): Finding {
    return {
      counts: { candidateTotal: this.pairs, candidateBad: this.disagreements },
      logCertification: this.evidence.certification.logEvidence(),
      phrase: `${this.plan.label}: ${countText(this.disagreements)} of ${countText(this.pairs)} pairs disagree, `
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
      discordanceRatios(plan.margin ?? DEFAULTS.discordanceMargin, 'certification'),
      plan.overdispersion ?? 1, settings,
    );
  }

  get certified(): boolean {
    return this.evidence.certification.certified;
  }

  restartCertification(): void {
    this.evidence.certification.restart();
  }

  add(measurement: Measurement, index: number, periods = 1): void {
    const { pairs, onlyCandidateWrong, onlyProductionWrong } = measurement as DiscordanceMeasurement;
    this.pairs += pairs;
    this.candidateWrong += onlyCandidateWrong;
    this.productionWrong += onlyProductionWrong;
    this.evidence.add(onlyCandidateWrong, onlyProductionWrong, index, periods);
  }

  logEvidence(): number {
    return this.evidence.logEvidence();
  }

  finding(): Finding {
    return {
      counts: { candidateTotal: this.pairs, candidateBad: this.candidateWrong, productionTotal: this.pairs, productionBad: this.productionWrong },
      logCertification: this.evidence.certification.logEvidence(),
      phrase: `${this.plan.label}: of ${countText(this.pairs)} labelled pairs ${countText(this.candidateWrong)} were wrong in the candidate alone, `
        + `${countText(this.productionWrong)} in production alone`,
    };
  }
}
