// The models of the Python examples behind an endpoint each, for the Python that the emulator has.
import { Runtime, RuntimeFamily } from 'aws-cdk-lib/aws-lambda';
import { App, CfnOutput, Stack } from 'aws-cdk-lib/core';
import { irisModel } from '../../examples/iris/stack';
import { webAppModel } from '../../examples/web-app/stack';
import { ModelEndpoint } from '../../lib';

const runtime = new Runtime(process.env.E2E_RUNTIME!, RuntimeFamily.PYTHON);
const stack = new Stack(new App(), 'Examples', { env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION } });

for (const [name, model] of Object.entries({ Iris: irisModel(runtime), WebApp: webAppModel(runtime) })) {
  new CfnOutput(stack, `${name}Api`, { value: new ModelEndpoint(stack, name, { model, path: 'endpoints' }).api.restApiId });
}
