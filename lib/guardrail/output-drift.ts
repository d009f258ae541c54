import type { Construct } from 'constructs';
import { routeKey } from '../core/names';
import { knownProblem } from '../validate/limits';
import { EvidenceGuardrail } from './evidence-guardrail';
import type { OutputDriftGuardrailOptions } from './evidence-options';
import { GuardrailAction } from './guardrail-options';
import type { BoundGuardrail, GuardrailContext } from './guardrail-kind';

/** @see Guardrail.outputDrift */
export class OutputDrift extends EvidenceGuardrail<OutputDriftGuardrailOptions> {
  constructor(options: OutputDriftGuardrailOptions) {
    // Other answers are what a new model is for: somebody should look, no more.
    super(options, 'output-drift', GuardrailAction.HOLD);
  }

  public problems(): string[] {
    return knownProblem(
      `maxRatio of ${this.what}`,
      this.options.maxRatio,
      [1, 100],
      "times production's share",
      '1.1 is the default',
    );
  }

  public bind(_scope: Construct, { endpointName, alias }: GuardrailContext): BoundGuardrail {
    const { mirror, path, maxRatio } = this.options;
    const at = `of ${this.what}`;
    const measure = mirror._outputs.findIndex((output) => output.path === path);
    const problems =
      mirror._aliasKey === routeKey(endpointName, alias)
        ? []
        : [
            `the mirror ${at} is on another alias than the rollout, so that it compares with another production; give a mirror of `
              + `alias ${JSON.stringify(alias)}`,
          ];
    if (measure < 0) {
      return { problems: [...problems, `the mirror ${at} counts nothing at ${JSON.stringify(path)}; add it to outputs of the mirror`] };
    }
    return {
      plan: {
        ...this.common,
        kind: 'drift',
        ...mirror._outputs[measure],
        shadow: mirror.shadowName,
        measure,
        ...(maxRatio === undefined ? {} : { ratio: maxRatio }),
      },
      problems,
    };
  }
}
