import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Duration } from 'aws-cdk-lib/core';
import type { LatencyThresholdOptions } from './guardrail-options';
import { ThresholdGuardrail, thresholdProblem } from './threshold-guardrail';

/** @see Guardrail.latencyAbove */
export class LatencyGuardrail extends ThresholdGuardrail {
  constructor(threshold: Duration, options: LatencyThresholdOptions) {
    const quantile = options.quantile ?? 0.99;
    const percentile = Number((quantile * 100).toFixed(6));
    const milliseconds = threshold.isUnresolved() ? NaN : threshold.toMilliseconds();
    super(
      {
        name: `latency-p${percentile}`,
        threshold: milliseconds,
        description: `p${percentile} of the candidate's latency is above ${milliseconds} ms`,
        label: `candidate latency p${percentile}, ms`,
        expression: 'latency',
        metrics: ({ metrics }, candidate) => ({
          latency: metrics.modelLatency({ ...candidate, options: { ...candidate.options, statistic: Stats.percentile(percentile) } }),
        }),
        periodSeconds: 60,
        problems: [
          ...(threshold.isUnresolved()
            ? ['the threshold of Guardrail.latencyAbove is known only at deployment; give a duration']
            : thresholdProblem('the threshold of Guardrail.latencyAbove', milliseconds, 0, 900_000, 'ms')),
          ...thresholdProblem('quantile of Guardrail.latencyAbove', quantile, 0, 1, ''),
        ],
      },
      options,
    );
  }
}
