// One model behind a canary rollout that is judged by evidence alone, in seconds instead of minutes; E2E_MODEL says which, see ModelSpec.
import { CfnOutput, Duration } from 'aws-cdk-lib/core';
import { CanaryRollout, EvidenceStore, Guardrail, GuardrailAction, ModelEndpoint, TrafficShift, InconclusiveAction } from '../../lib';
import { digitsStack, spec, specified } from './digits-app';

const stack = digitsStack();
const endpoint = new ModelEndpoint(stack, 'Digits', {
  model: specified(spec),
  timeout: Duration.seconds(28),
});
new CanaryRollout(stack, 'Rollout', {
  endpoint,
  shift: TrafficShift.steps([50], { bakeTime: Duration.seconds(20) }),
  finalBakeTime: Duration.seconds(15),
  interval: Duration.seconds(5),
  // Steps of seconds have no minute to settle.
  settlingTime: Duration.seconds(0),
  lease: Duration.seconds(90),
  minRequests: 10,
  // One minute says no more than it should, so that evidence takes some.
  deadline: Duration.minutes(15),
  circuitBreaker: false,
  guardrails: [
    // A wider margin than by default: at the emulator's few requests a second the default one takes hours to exclude. The model that fails
    // rarely does so more often than this.
    Guardrail.errorRate({ certifiedTolerance: 0.02 }),
    Guardrail.latency({ quantiles: [0.5, 0.99], action: GuardrailAction.OBSERVE }),
    Guardrail.predictionDrift({ path: '$.label', labels: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'], action: GuardrailAction.OBSERVE }),
    Guardrail.sampleRatio(),
  ],
  // Without certainty it waits.
  inconclusive: InconclusiveAction.HOLD,
  inconclusiveAfter: Duration.minutes(1),
  evidence: new EvidenceStore(stack, 'Evidence'),
});
new CfnOutput(stack, 'ApiId', { value: endpoint.api.restApiId });
