import type { ThresholdGuardrailOptions } from './guardrail-options';
import { ThresholdGuardrail, thresholdProblem } from './threshold-guardrail';

/** @see Guardrail.errorPercentAbove */
export class ErrorRateGuardrail extends ThresholdGuardrail {
  constructor(percent: number, options: ThresholdGuardrailOptions) {
    super(
      {
        name: 'error-rate',
        threshold: percent,
        description: `more than ${percent} % of the requests fail at the candidate`,
        label: 'candidate failures, %',
        expression: '100 * failures / requests',
        metrics: ({ metrics }, candidate) => ({ failures: metrics.failures(candidate) }),
        periodSeconds: 60,
        failureShare: percent / 100,
        problems: thresholdProblem('the threshold of Guardrail.errorPercentAbove', percent, 0, 100, '%'),
      },
      options,
    );
  }
}
