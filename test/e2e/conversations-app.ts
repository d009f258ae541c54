// An endpoint whose conversations stay with their version; its variants are named by E2E_NAMES, and say their name.
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { App, CfnOutput, Stack } from 'aws-cdk-lib/core';
import { Assignment, Model, ModelEndpoint } from '../../lib';

const stack = new Stack(new App(), 'Talk', {
  env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION },
});
const saying = (name: string): Model =>
  Model.lambdaFunction({
    code: lambda.Code.fromInline(`exports.handler = async () => ({ name: '${name}' });`),
    handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X,
  });
const endpoint = new ModelEndpoint(stack, 'Chat', {
  assignment: Assignment.session(),
  variants: (process.env.E2E_NAMES ?? 'a').split(',').map((name) => ({ name, model: saying(name) })),
});
new CfnOutput(stack, 'ApiId', { value: endpoint.api.restApiId });
