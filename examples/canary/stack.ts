import { join } from 'node:path';
import * as sns from 'aws-cdk-lib/aws-sns';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib/core';
import { CanaryRollout, Model, ModelEndpoint, RehearsalScenario } from 'cdk-model-rollout';
import type { Construct } from 'constructs';

/** A changed model gets 5, 25, 50 and 80 % of the requests, compared with production by evidence, before it is production. */
export class CanaryStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const endpoint = new ModelEndpoint(this, 'Endpoint', { model: Model.pythonFunction({ entry: join(__dirname, 'model') }) });
    const rollout = new CanaryRollout(this, 'Rollout', {
      endpoint,
      smokeTests: [{ body: '{"amount": 20}', expect: [{ path: '$.label', value: 'accept' }] }],
      notifications: new sns.Topic(this, 'News', { enforceSSL: true }),
    });
    // `npx model-rollout rehearse` fails CI where the plan does not keep this.
    rollout.rehearse({
      expect: { falseRollbackRate: 0.01, missRate: 0.05 },
      scenarios: [RehearsalScenario.healthy(), RehearsalScenario.broken()],
      runs: 50,
    });
    new CfnOutput(this, 'Url', { value: endpoint.url });
  }
}
