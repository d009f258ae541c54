import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Duration } from 'aws-cdk-lib/core';
import { resourcesOf } from '../validate/resources';

/** A method that is served by a function. */
export function integrationOf(handler: lambda.IFunction, timeout: Duration, streaming: boolean): apigateway.Integration {
  return new apigateway.AwsIntegration({
    proxy: true,
    service: 'lambda',
    path: streaming
      ? `2021-11-15/functions/${handler.functionArn}/response-streaming-invocations`
      : `2015-03-31/functions/${handler.functionArn}/invocations`,
    options: { timeout, ...(streaming && { responseTransferMode: apigateway.ResponseTransferMode.STREAM }) },
  });
}

/**
 * Let API Gateway call the function for the method, in whatever stage, before any deployment sends requests to it. CDK's own permission
 * names the stage, which is there only after the deployment: where a method moves to another function, callers would meet errors in
 * between.
 */
export function admitMethod(handler: lambda.IFunction, method: apigateway.Method): void {
  const path = method.resource.path.replace(/\{[^}]*\}/g, '*');
  handler.addPermission('ApiPermission', {
    principal: new iam.ServicePrincipal('apigateway.amazonaws.com'),
    scope: method,
    sourceArn: method.api.arnForExecuteApi(method.httpMethod, path, '*'),
  });
  method.api.latestDeployment?.node.addDependency(...resourcesOf(method, 'AWS::Lambda::Permission'));
}
