// The exceptions of the SDK for JavaScript for what the router answers: a line of JSON for each input that is given.
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';

const [, , endpoint, inputs] = process.argv;
const runtime = new SageMakerRuntimeClient({ endpoint, region: 'us-east-1', signingName: 'execute-api', maxAttempts: 1 });
for (const input of JSON.parse(inputs)) {
  try {
    const { Body, InvokedProductionVariant = null, NewSessionId = null, CustomAttributes = null } = await runtime.send(new InvokeEndpointCommand({ EndpointName: 'fraud', ...input }));
    console.log(JSON.stringify({ body: Body.transformToString(), InvokedProductionVariant, NewSessionId, CustomAttributes }));
  } catch (error) {
    console.log(
      JSON.stringify({
        class: error.constructor.name,
        code: error.name,
        message: error.message,
        status: error.$metadata?.httpStatusCode ?? null,
        original: [error.OriginalStatusCode ?? null, error.OriginalMessage ?? null],
      }),
    );
  }
}
