// One model behind a rollout whose first stage is a shadow, in seconds instead of minutes; E2E_MODEL says which, see ModelSpec.
import { CfnOutput, Duration } from 'aws-cdk-lib/core';
import { CanaryRollout, Comparison, Guardrail, ModelEndpoint, TrafficShift } from '../../lib';
import { digitsStack, spec, specified } from './digits-app';

const stack = digitsStack();
const endpoint = new ModelEndpoint(stack, 'Digits', {
  endpointName: 'digits',
  model: specified(spec),
  timeout: Duration.seconds(28),
});
new CanaryRollout(stack, 'Rollout', {
  endpoint,
  // v1 and v2 agree on 84 % of the rows.
  shadow: {
    bakeTime: Duration.seconds(20), minAgreementRate: 0.7, certifiedAgreementRate: 0.6, comparison: Comparison.label('$.label'), sampleRate: 0.4,
    // The emulator has no queue in front of a function: what comes while it is busy is lost.
    maxConcurrency: 20,
  },
  shift: TrafficShift.steps([50], { bakeTime: Duration.seconds(20) }),
  finalBakeTime: Duration.seconds(15),
  interval: Duration.seconds(5),
  // Steps of seconds have no minute to settle.
  settlingTime: Duration.seconds(0),
  lease: Duration.seconds(90),
  minRequests: 10,
  deadline: Duration.minutes(8),
  circuitBreaker: false,
  // Failures alone: what is wrong with the answers, only the shadow can see.
  guardrails: [Guardrail.errorRate({ certifiedTolerance: 0.05 }), Guardrail.sampleRatio()],
  inconclusiveAfter: Duration.minutes(1),
});
new CfnOutput(stack, 'ApiId', { value: endpoint.api.restApiId });
