import { join } from 'node:path';
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib/core';
import { BlueGreenRollout, Guardrail, Model, ModelEndpoint } from 'cdk-model-rollout';
import type { Construct } from 'constructs';

/**
 * A changed model stands complete beside the old one, answers its tests, and then gets everybody at once. The old one stays for half an
 * hour.
 */
export class BlueGreenStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const endpoint = new ModelEndpoint(this, 'Endpoint', { model: Model.pythonFunction({ entry: join(__dirname, 'model') }) });
    new BlueGreenRollout(this, 'Rollout', {
      endpoint,
      terminationWait: Duration.minutes(30),
      guardrails: [Guardrail.errorPercentAbove(5), Guardrail.latencyAbove(Duration.seconds(2))],
      smokeTests: [{ body: '{"amount": 20}', expect: [{ path: '$.label', value: 'accept' }] }],
    });
    new CfnOutput(this, 'Url', { value: endpoint.url });
  }
}
