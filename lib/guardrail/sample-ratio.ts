import { DEFAULTS } from '../core/judge/plan';
import { knownProblem } from '../validate/limits';
import type { SampleRatioGuardrailOptions } from './evidence-options';
import type { BoundGuardrail, GuardrailKind } from './guardrail-kind';

/** @see Guardrail.sampleRatio */
export class SampleRatio implements GuardrailKind {
  public readonly name = 'sample-ratio';

  constructor(private readonly options: SampleRatioGuardrailOptions) {}

  public problems(): string[] {
    return [
      ...knownProblem(
        'tolerance of Guardrail.sampleRatio',
        this.options.tolerance,
        [0, 0.999],
        '',
        'it is a share, not percent; 0.05 is the default',
      ),
      ...knownProblem('alpha of Guardrail.sampleRatio', this.options.alpha, [1e-9, 0.5], '', 'it is a chance; 0.001 is the default'),
    ];
  }

  public bind(): BoundGuardrail {
    const { tolerance = DEFAULTS.sampleRatio.tolerance, alpha = DEFAULTS.sampleRatio.alpha } = this.options;
    return { judgement: { sampleRatio: { tolerance, alpha } } };
  }
}
