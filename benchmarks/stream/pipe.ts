import { InvokeEndpointWithResponseStreamCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import type { APIGatewayProxyEvent } from 'aws-lambda';

const client = new SageMakerRuntimeClient({ maxAttempts: 1 });

/** What the router is compared with: the least that can stand between API Gateway and a model that streams. */
export const streamingHandler = awslambda.streamifyResponse(async ({ body }: APIGatewayProxyEvent, stream) => {
  const { Body: parts, ContentType: type } = await client.send(
    new InvokeEndpointWithResponseStreamCommand({ EndpointName: 'model', ContentType: 'application/json', Body: Buffer.from(body ?? '') }),
  );
  awslambda.HttpResponseStream.from(stream, { statusCode: 200, headers: { 'content-type': type! } });
  for await (const { PayloadPart: part } of parts!) {
    if (part !== undefined && !stream.write(part.Bytes)) {
      await new Promise((resolve) => stream.once('drain', resolve));
    }
  }
  stream.end();
});
