// Endpoints that pages of some origins may call with their credentials: one for everybody, one with an API key and a throttle, one with
// IAM.
import { Code, Runtime } from 'aws-cdk-lib/aws-lambda';
import { App, CfnOutput, Stack } from 'aws-cdk-lib/core';
import { EndpointAuth, Model, ModelContract, ModelEndpoint } from '../../../lib';

const HANDLER = `exports.handler = async (event) => {
  switch (event.queryStringParameters?.kind) {
    case 'bytes': return { statusCode: 200, headers: { 'content-type': 'image/png' }, body: event.body, isBase64Encoded: true };
    case 'fail': return { statusCode: 500, body: 'out of memory' };
    default: return { statusCode: 200, headers: { 'x-own': event.cookies?.join() ?? 'no cookie' }, cookies: ['seen=1'], body: '{"y":2}' };
  }
};`;

const stack = new Stack(new App(), 'Pages', { env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION } });
const model = Model.lambdaFunction({ code: Code.fromInline(HANDLER), handler: 'index.handler', runtime: Runtime.NODEJS_22_X, contract: ModelContract.HTTP });
const cors = { allowOrigins: process.env.E2E_ORIGINS!.split(','), allowCredentials: true, exposeHeaders: ['x-own'] };
for (const [id, auth] of [['Open', EndpointAuth.none()], ['Keyed', EndpointAuth.apiKey()], ['Signed', EndpointAuth.iam()]] as const) {
  const endpoint = new ModelEndpoint(stack, id, { model, auth, cors, accessLogs: false });
  new CfnOutput(stack, `${id}Api`, { value: endpoint.api.restApiId });
}
