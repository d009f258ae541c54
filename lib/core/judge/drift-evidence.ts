import { DriftEvidence, driftSize } from './drift';
import type { EvidenceSettings, Finding, GuardrailEvidence } from './guardrail-evidence';
import type { DriftMeasurement, Measurement } from './period';
import { numberText } from '../text';
import { DEFAULTS, type DriftPlan } from './plan';

/** Evidence of prediction drift (2.5). Different predictions are what a new model is for, so nothing certifies their absence. */
export class DriftGuardrailEvidence implements GuardrailEvidence {
  readonly certified = false;
  private readonly evidence: DriftEvidence;
  private last = -1;
  private readonly candidate: number[];
  private readonly production: number[];

  constructor(private readonly plan: DriftPlan, settings: EvidenceSettings) {
    this.evidence = new DriftEvidence(plan.bins, plan.ratio ?? DEFAULTS.driftRatio, plan.overdispersion ?? 1, settings.clip);
    this.candidate = new Array<number>(plan.bins).fill(0);
    this.production = new Array<number>(plan.bins).fill(0);
  }

  add(measurement: Measurement, index: number, periods = 1): void {
    const { candidate, production } = measurement as DriftMeasurement;
    this.evidence.add(candidate, production, index - this.last, periods);
    this.last = index;
    candidate.forEach((count, bin) => (this.candidate[bin] += count));
    production.forEach((count, bin) => (this.production[bin] += count));
  }

  beginStep(): void {}

  logEvidence(): number {
    return this.evidence.logEvidence();
  }

  /** Drift is held for by what there is of it, whenever it came. */
  logEvidenceInStep(): number {
    return 0;
  }

  finding(): Finding {
    const drift = driftSize(this.candidate, this.production);
    return drift === undefined
      ? { phrase: `${this.plan.label} without predictions to compare` }
      : { drift, phrase: `${this.plan.label} index ${numberText(drift.stabilityIndex)}, noise alone ${numberText(drift.noiseFloor)}` };
  }
}
