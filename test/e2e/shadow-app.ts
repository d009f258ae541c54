// v1 as production, with v2 as a shadow: whole, as a SageMaker endpoint, failing on a quarter of its inputs, too slow, and one that
// the test throttles. E2E_SHADOWS names those there are; with E2E_LOG inferences are logged.
import { CfnNamedQuery } from 'aws-cdk-lib/aws-athena';
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { digitsModel } from '../../examples/digits/stack';
import { Comparison, InferenceLog, Model, ModelEndpoint, ShadowMirror } from '../../lib';

const stack = new Stack(new App(), 'Digits', { env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION } });
const endpoint = new ModelEndpoint(stack, 'Digits', { endpointName: 'digits', model: digitsModel('v1'), timeout: Duration.seconds(10) });
// The second model's answers as they are, to compute the agreement from.
endpoint.addAlias('v2', { model: digitsModel('v2') });
// The same version as production, without mirrors.
endpoint.addAlias('plain', { model: digitsModel('v1') });

const shadows: { readonly [name: string]: Model } = {
  whole: digitsModel('v2'),
  sagemaker: Model.fromSageMakerEndpointName('digits-v2'),
  crashing: digitsModel('v2', 'failing'),
  hanging: digitsModel('v2', 'slow'),
  throttled: digitsModel('v2'),
};
for (const name of (process.env.E2E_SHADOWS ?? '').split(',').filter(Boolean)) {
  new ShadowMirror(stack, `Shadow-${name}`, {
    endpoint, model: shadows[name], shadowName: name, sampleRate: 1, comparison: Comparison.label('$.label'),
    timeout: name === 'hanging' ? Duration.seconds(1) : Duration.seconds(9),
    // The emulator has no queue in front of a function: what comes while it is busy is lost.
    maxConcurrency: 20,
    largeBodies: name === 'crashing',
  });
}
if (process.env.E2E_LOG !== undefined) {
  const log = new InferenceLog(stack, 'InferenceLog', {
    endpoint, sampleRate: 1, predictionPath: '$.label', logRequests: true, logResponses: true, redact: ['$.pixels'], removalPolicy: RemovalPolicy.DESTROY,
    // The emulator knows no alarms on metric math.
    deliveryAlarm: false,
  });
  // Nor saved queries.
  log.node
    .findAll()
    .filter((child) => child instanceof CfnNamedQuery)
    .forEach((query) => query.node.scope!.node.tryRemoveChild(query.node.id));
}
new CfnOutput(stack, 'ApiId', { value: endpoint.api.restApiId });
