import { join } from 'node:path';
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib/core';
import { CanaryRollout, Comparison, Model, ModelEndpoint, TrafficShift } from 'cdk-model-rollout';
import type { Construct } from 'constructs';

/**
 * A changed model is a shadow first: it gets copies of requests, and its labels must agree with production's before any caller meets it.
 */
export class ShadowThenCanaryStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const endpoint = new ModelEndpoint(this, 'Endpoint', { model: Model.pythonFunction({ entry: join(__dirname, 'model') }) });
    new CanaryRollout(this, 'Rollout', {
      endpoint,
      shadow: { bakeTime: Duration.minutes(20), sampleRate: 0.25, comparison: Comparison.label('$.label'), minAgreementRate: 0.95 },
      shift: TrafficShift.steps([5, 25, 50], { bakeTime: Duration.minutes(10) }),
    });
    new CfnOutput(this, 'Url', { value: endpoint.url });
  }
}
