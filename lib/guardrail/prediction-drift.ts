import { knownProblem } from '../validate/limits';
import { binProblems } from '../validate/bin-problems';
import { actionPlan } from './evidence-bounds';
import type { PredictionDriftGuardrailOptions } from './evidence-options';
import { GuardrailAction } from './guardrail-options';
import type { BoundGuardrail, GuardrailKind } from './guardrail-kind';

/** @see Guardrail.predictionDrift */
export class PredictionDrift implements GuardrailKind {
  public readonly name: string;
  public readonly compares = true;

  constructor(private readonly props: PredictionDriftGuardrailOptions) {
    this.name = props.name ?? 'prediction-drift';
  }

  public problems(): string[] {
    const what = `guardrail ${JSON.stringify(this.name)}`;
    return [
      ...knownProblem(`maxRatio of ${what}`, this.props.maxRatio, [1, 100], "times production's share", '1.1 is the default'),
      ...binProblems(this.props, what),
    ];
  }

  public bind(): BoundGuardrail {
    const { action, path, bins, labels, maxRatio } = this.props;
    return {
      plan: {
        name: this.name,
        // Other predictions are what a new model is for: somebody should look, no more.
        action: actionPlan(action ?? GuardrailAction.HOLD),
        kind: 'drift',
        path,
        ...(bins === undefined ? { labels } : { edges: bins }),
        ...(maxRatio === undefined ? {} : { ratio: maxRatio }),
      },
    };
  }
}
