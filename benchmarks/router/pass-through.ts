import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';

const client = new LambdaClient({ maxAttempts: 1 });

/** What the router is compared with: the least that can stand between API Gateway and a model on Lambda. */
export async function handler(event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> {
  const { Payload: answer } = await client.send(
    new InvokeCommand({ FunctionName: 'model', Payload: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8') }),
  );
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(answer ?? []).toString('utf8') };
}
