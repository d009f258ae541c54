import { join } from 'node:path';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib/core';
import { CanaryRollout, Model, ModelContract, ModelEndpoint } from 'cdk-model-rollout';
import type { Construct } from 'constructs';

/** The application with its libraries. */
export function webAppModel(runtime?: lambda.Runtime): Model {
  return Model.pythonFunction({ entry: join(__dirname, 'app'), handler: 'app.handler', contract: ModelContract.HTTP, runtime });
}

/** A FastAPI application with its adapter, unchanged; a new version is rolled out as a canary. */
export class WebAppStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const endpoint = new ModelEndpoint(this, 'WebApp', { model: webAppModel() });
    new CanaryRollout(this, 'Rollout', { endpoint });
    new CfnOutput(this, 'Url', { value: endpoint.url });
    new CfnOutput(this, 'ApiId', { value: endpoint.api.restApiId });
    new CfnOutput(this, 'EndpointName', { value: endpoint.endpointName });
  }
}
