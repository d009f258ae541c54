import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib/core';
import {
  Assignment,
  CanaryRollout,
  Comparison,
  FeedbackOutcome,
  Guardrail,
  InferenceFeedback,
  Model,
  ModelEndpoint,
  ShadowMirror,
  TrafficShift,
} from 'cdk-model-rollout';

const app = new App();
const stack = new Stack(app, 'Fraud');

const endpoint = new ModelEndpoint(stack, 'Endpoint', {
  model: Model.pythonFunction({ entry: '../model', memorySize: 512, environment: { CURRENCY: 'EUR' } }),
  assignment: Assignment.header('x-user-id'),
  timeout: Duration.seconds(10),
});

const feedback = new InferenceFeedback(stack, 'Feedback', {
  endpoint,
  outcome: FeedbackOutcome.label('$.label'),
});

new ShadowMirror(stack, 'Shadow', {
  endpoint,
  model: Model.pythonFunction({ entry: '../model', memorySize: 1024 }),
  sampleRate: 0.1,
  comparison: Comparison.label('$.label'),
});

new CanaryRollout(stack, 'Rollout', {
  endpoint,
  shift: TrafficShift.steps([5, 25, 50], { bakeTime: Duration.minutes(10) }),
  guardrails: [
    Guardrail.errorRate(),
    Guardrail.latency({ maxRatio: 1.2 }),
    Guardrail.feedback({ feedback, labelDelay: Duration.minutes(5) }),
  ],
  smokeTests: [{ body: '{"amount": 20}', expect: [{ path: '$.label', value: 'accept' }] }],
});

new CfnOutput(stack, 'Url', { value: endpoint.url });

app.synth();
