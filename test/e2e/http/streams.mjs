// What the SDK for JavaScript makes of streams: a line of JSON for each input that is given. After the first part of a stream, `go` is
// asked.
import { InvokeEndpointWithResponseStreamCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';

const [, , endpoint, go, inputs] = process.argv;
const runtime = new SageMakerRuntimeClient({ endpoint, region: 'us-east-1', signingName: 'execute-api', maxAttempts: 1 });
for (const input of JSON.parse(inputs)) {
  const seen = { parts: '' };
  try {
    const { Body, ContentType, InvokedProductionVariant, CustomAttributes } = await runtime.send(new InvokeEndpointWithResponseStreamCommand({ EndpointName: 'fraud', ...input }));
    Object.assign(seen, { ContentType, InvokedProductionVariant, CustomAttributes });
    for await (const { PayloadPart } of Body) {
      if (seen.parts === '') {
        await fetch(go);
      }
      seen.parts += Buffer.from(PayloadPart.Bytes).toString('hex');
    }
  } catch (error) {
    Object.assign(seen, { code: error.name, message: error.message, errorCode: error.ErrorCode });
  }
  console.log(JSON.stringify(seen));
}
