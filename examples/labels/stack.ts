import { join } from 'node:path';
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib/core';
import { CanaryRollout, FeedbackOutcome, Guardrail, InferenceFeedback, Model, ModelEndpoint, TrafficShift } from 'cdk-model-rollout';
import type { Construct } from 'constructs';

/** Callers say later what was right. A candidate that answers as fast as ever, but wrongly, is rolled back on that alone. */
export class LabelsStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const endpoint = new ModelEndpoint(this, 'Endpoint', { model: Model.pythonFunction({ entry: join(__dirname, 'model') }) });
    const feedback = new InferenceFeedback(this, 'Feedback', { endpoint, outcome: FeedbackOutcome.label('$.label') });
    new CanaryRollout(this, 'Rollout', {
      endpoint,
      shift: TrafficShift.steps([10, 50], { bakeTime: Duration.minutes(30) }),
      guardrails: [Guardrail.errorRate(), Guardrail.latency(), Guardrail.feedback({ feedback, labelDelay: Duration.minutes(10) })],
    });
    new CfnOutput(this, 'Url', { value: endpoint.url });
    new CfnOutput(this, 'FeedbackUrl', { value: feedback.url });
  }
}
