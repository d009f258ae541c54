import { ComparisonOperator } from 'aws-cdk-lib/aws-cloudwatch';
import { ThresholdGuardrail } from './threshold-guardrail';

/** Name of the guardrail that every rollout has. */
export const CIRCUIT_BREAKER = 'circuit-breaker';

/** What every rollout has: half of the candidate's requests fail, seen within half a minute. */
export class CircuitBreakerGuardrail extends ThresholdGuardrail {
  constructor() {
    super(
      {
        name: CIRCUIT_BREAKER,
        threshold: 50,
        operator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        description: 'half of the requests or more fail at the candidate',
        label: 'candidate failures, %',
        expression: '100 * failures / requests',
        metrics: ({ metrics }, candidate) => ({ failures: metrics.failures(candidate) }),
        periodSeconds: 10,
        problems: [],
      },
      { minRequests: 5 },
    );
  }
}
