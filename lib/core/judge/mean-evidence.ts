import { ClippedMixture } from './clipped-mixture';
import { DISPLAY_ALPHA, type EvidenceSettings, type Finding, type GuardrailEvidence } from './guardrail-evidence';
import { logAddExp } from './log-domain';
import { PlainMixture } from './mixture';
import { normalMixtureScale } from './normal-mixture';
import type { Measurement, MeanMeasurement } from './period';
import { countText, numberText } from '../text';
import { DEFAULTS, meanBounds, type MeanPlan } from './plan';
import { CERTIFICATION_MULTIPLES, expectedIncrements, type Multiples, multiplesOf, rateIncrements, REGRESSION_MULTIPLES } from './rate';
import { StratifiedMeans } from './stratified-means';

/** Health lies within a few percent of the margin, where the wide multiples of regressions see nothing. */
const FINE_MULTIPLES: readonly number[] = [1.02, 1.05, 1.1, 1.25, 1.5, 2, 3];

/**
 * Evidence about a mean: half from the exact test of capped outcomes, always on, half from the asymptotic one, which counts as 1
 * until its guards let it speak. Without capped outcomes the asymptotic one is all there is.
 *
 * @see docs/how-it-decides.md 2.3
 */
export class MeanEvidence implements GuardrailEvidence {
  private readonly exact: ClippedMixture | undefined;
  private readonly regression: OneSidedMean;
  private readonly certificationOf: () => OneSidedMean;
  private certification: OneSidedMean;
  private reached = false;
  private last = -1;
  private readonly totals = { candidate: 0, candidateSum: 0, production: 0, productionSum: 0 };

  constructor(private readonly plan: MeanPlan, private readonly settings: EvidenceSettings) {
    const [allowed, margin] = meanBounds(plan);
    const capped = plan.capped ?? false;
    const scale = normalMixtureScale(
      plan.standardDeviation ** 2 * (plan.samplesOfInterest ?? DEFAULTS.samplesOfInterest), 2 * DEFAULTS.alpha,
    );
    const phi = plan.overdispersion ?? 1;
    const worse = plan.worse === 'higher' ? 1 : -1;
    const coarse = worse > 0 ? REGRESSION_MULTIPLES : CERTIFICATION_MULTIPLES;
    const fine = worse > 0 ? FINE_MULTIPLES.map((multiple) => 1 / multiple) : FINE_MULTIPLES;
    this.exact = capped ? new ClippedMixture(coarse.length, settings) : undefined;
    this.regression = new OneSidedMean(worse, allowed, scale, phi, this.exact && { multiples: multiplesOf(coarse), evidence: this.exact });
    this.certificationOf = () => new OneSidedMean(worse > 0 ? -1 : 1, margin, scale, phi, capped
      ? { multiples: multiplesOf(fine), evidence: new PlainMixture(fine.length) }
      : undefined);
    this.certification = this.certificationOf();
  }

  get certified(): boolean {
    return this.reached;
  }

  beginStep(): void {
    this.certification = this.certificationOf();
    this.exact?.beginStep();
    this.reached = false;
  }

  add(measurement: Measurement, index: number, periods = 1): void {
    const { candidate, production } = measurement as MeanMeasurement;
    this.totals.candidate += candidate.count;
    this.totals.candidateSum += candidate.sum;
    this.totals.production += production.count;
    this.totals.productionSum += production.sum;
    this.regression.add(measurement as MeanMeasurement, index - this.last, periods);
    this.last = index;
    if (!this.reached) {
      this.certification.add(measurement as MeanMeasurement, 1, periods);
      this.reached = this.certification.logEvidence() >= this.settings.certificationThreshold;
    }
  }

  logEvidence(): number {
    return this.regression.logEvidence();
  }

  logEvidenceInStep(): number {
    return this.exact?.logEvidenceInStep() ?? 0;
  }

  finding(): Finding {
    const { candidate, candidateSum, production, productionSum } = this.totals;
    const mean = (sum: number, count: number): string =>
      count > 0 ? numberText((this.plan.bounds?.lowest ?? 0) + sum / count) : 'unknown';
    const difference = this.regression.means.interval(this.regression.scale, DISPLAY_ALPHA);
    return {
      ...(difference === undefined ? {} : { difference }),
      logCertification: this.certification.logEvidence(),
      phrase: `${this.plan.label} ${mean(candidateSum, candidate)} against ${mean(productionSum, production)} in production, `
        + `${countText(candidate)} outcomes`,
    };
  }
}

/** Log e-value that the candidate's mean lies beyond `ratio` times production's, on the side of `sign`. */
class OneSidedMean {
  readonly means: StratifiedMeans;
  private readonly increments: Float64Array;

  constructor(
    private readonly sign: 1 | -1, private readonly ratio: number, readonly scale: number, private readonly overdispersion: number,
    private readonly exact: { readonly multiples: Multiples; readonly evidence: ClippedMixture | PlainMixture } | undefined,
  ) {
    this.means = new StratifiedMeans(ratio);
    this.increments =
      exact?.evidence instanceof ClippedMixture ? exact.evidence.increments : new Float64Array(exact?.multiples.values.length ?? 0);
  }

  add({ candidate, production }: MeanMeasurement, elapsed: number, periods: number): void {
    this.means.add(candidate, production);
    if (this.exact !== undefined && candidate.cappedSum !== undefined && production.cappedSum !== undefined) {
      const counts = {
        candidateTotal: candidate.count, candidateBad: candidate.cappedSum,
        productionTotal: production.count, productionBad: production.cappedSum,
      };
      const bound = { ratio: this.ratio, tolerance: 0 };
      const { multiples, evidence } = this.exact;
      rateIncrements(counts, bound, multiples, this.overdispersion, this.increments);
      if (evidence instanceof ClippedMixture) {
        expectedIncrements(counts, bound, multiples, this.overdispersion, evidence.expected);
        evidence.add(elapsed, periods);
      } else {
        evidence.add(this.increments);
      }
    }
  }

  logEvidence(): number {
    const asymptotic = this.means.logEvidence(this.sign, this.scale) / this.overdispersion;
    return this.exact === undefined ? asymptotic : logAddExp(asymptotic, this.exact.evidence.logEvidence()) - Math.LN2;
  }
}
