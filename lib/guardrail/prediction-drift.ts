import { knownProblem } from '../validate/limits';
import { binProblems } from '../validate/bin-problems';
import { EvidenceGuardrail } from './evidence-guardrail';
import type { PredictionDriftGuardrailOptions } from './evidence-options';
import { GuardrailAction } from './guardrail-options';
import type { BoundGuardrail } from './guardrail-kind';

/** @see Guardrail.predictionDrift */
export class PredictionDrift extends EvidenceGuardrail<PredictionDriftGuardrailOptions> {
  constructor(options: PredictionDriftGuardrailOptions) {
    // Other predictions are what a new model is for: somebody should look, no more.
    super(options, 'prediction-drift', GuardrailAction.HOLD);
  }

  public problems(): string[] {
    const what = this.what;
    return [
      ...knownProblem(`maxRatio of ${what}`, this.options.maxRatio, [1, 100], "times production's share", '1.1 is the default'),
      ...binProblems(this.options, what),
    ];
  }

  public bind(): BoundGuardrail {
    const { path, bins, labels, maxRatio } = this.options;
    return {
      plan: {
        ...this.common,
        kind: 'drift',
        path,
        ...(bins === undefined ? { labels } : { edges: bins }),
        ...(maxRatio === undefined ? {} : { ratio: maxRatio }),
      },
    };
  }
}
