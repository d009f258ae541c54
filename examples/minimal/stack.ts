import { join } from 'node:path';
import { Annotations, CfnOutput, Stack, type StackProps } from 'aws-cdk-lib/core';
import { Model, ModelEndpoint } from 'cdk-model-rollout';
import type { Construct } from 'constructs';

/** A Python function as a REST API, and nothing else. */
export class MinimalStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const endpoint = new ModelEndpoint(this, 'Endpoint', { model: Model.pythonFunction({ entry: join(__dirname, 'model') }) });
    Annotations.of(endpoint).acknowledgeWarning('cdk-model-rollout:noRollout', 'a sandbox: a changed model may meet everybody at once');
    new CfnOutput(this, 'Url', { value: endpoint.url });
  }
}
