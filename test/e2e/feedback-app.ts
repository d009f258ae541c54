// One model behind a canary rollout that nothing but feedback can stop, in seconds instead of minutes; E2E_MODEL says which, see ModelSpec.
// A shadow of the second model predicts the same, until labels come.
import { CfnOutput, Duration } from 'aws-cdk-lib/core';
import { CanaryRollout, Comparison, FeedbackOutcome, Guardrail, GuardrailAction, InferenceFeedback, ModelEndpoint, ShadowMirror, TrafficShift } from '../../lib';
import { digitsStack, spec, specified } from './digits-app';

const stack = digitsStack();
const endpoint = new ModelEndpoint(stack, 'Digits', {
  model: specified(spec),
  timeout: Duration.seconds(28),
});
// No callers are told of this alias; it shows that an id of one alias means nothing to another.
endpoint.addAlias('other', { model: specified({ artifact: 'v1' }) });

const feedback = new InferenceFeedback(stack, 'Feedback', { endpoint, outcome: FeedbackOutcome.label('$.label'), dashboard: false });
new InferenceFeedback(stack, 'OtherFeedback', { endpoint, alias: 'other', outcome: FeedbackOutcome.label('$.label'), dashboard: false });
if (process.env.E2E_SHADOW === 'yes') {
  new ShadowMirror(stack, 'Shadow', {
    endpoint, model: specified({ artifact: 'v2', defect: 'wrong-preprocessing' }), sampleRate: 1, comparison: Comparison.label('$.label'), maxConcurrency: 20, dashboard: false,
  });
}

new CanaryRollout(stack, 'Rollout', {
  endpoint,
  shift: TrafficShift.steps([50], { bakeTime: Duration.seconds(30) }),
  finalBakeTime: Duration.seconds(20),
  interval: Duration.seconds(5),
  // Steps of seconds have no minute to settle.
  settlingTime: Duration.seconds(0),
  lease: Duration.seconds(90),
  minRequests: 10,
  deadline: Duration.minutes(8),
  circuitBreaker: false,
  guardrails: [
    // A wider margin than by default: at the emulator's few requests a second the default one takes long to exclude.
    Guardrail.feedback({ feedback, labelDelay: Duration.seconds(10), certifiedRatio: 4, certifiedTolerance: 0.1 }),
    Guardrail.errorRate({ action: GuardrailAction.OBSERVE }),
    Guardrail.latency({ quantiles: [0.9], action: GuardrailAction.OBSERVE }),
  ],
  inconclusiveAfter: Duration.minutes(1),
});
new CfnOutput(stack, 'ApiId', { value: endpoint.api.restApiId });
