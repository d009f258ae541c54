import { join } from 'node:path';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib/core';
import { CanaryRollout, Model, ModelEndpoint } from 'cdk-model-rollout';
import type { Construct } from 'constructs';

/** The classifier as it was trained last. */
export function irisModel(runtime?: lambda.Runtime): Model {
  return Model.pythonFunction({ entry: join(__dirname, 'model'), memorySize: 1024, runtime });
}

/** A scikit-learn classifier on Lambda. A newly trained `iris.joblib` is rolled out as a canary. */
export class IrisStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const endpoint = new ModelEndpoint(this, 'Iris', { model: irisModel() });
    new CanaryRollout(this, 'Rollout', { endpoint });
    new CfnOutput(this, 'Url', { value: endpoint.url });
    new CfnOutput(this, 'ApiId', { value: endpoint.api.restApiId });
    new CfnOutput(this, 'EndpointName', { value: endpoint.endpointName });
  }
}
