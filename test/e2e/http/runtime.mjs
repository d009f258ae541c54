// Runs a handler as Lambda's runtime for Node.js does: an event a line, an answer a line.
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [, , file, name] = process.argv;
const write = process.stdout.write.bind(process.stdout);
console.log = console.error;
const { [name]: handler } = await import(pathToFileURL(file).href);
const context = {
  functionName: 'web', functionVersion: '$LATEST', invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:web', memoryLimitInMB: '1024', awsRequestId: '8f5d4b1e-0000-4000-8000-000000000002',
  logGroupName: '/aws/lambda/web', logStreamName: 'stream', callbackWaitsForEmptyEventLoop: true, getRemainingTimeInMillis: () => 29_000,
};
for await (const line of createInterface({ input: process.stdin })) {
  try {
    write(`${JSON.stringify({ result: await handler(JSON.parse(line), context) })}\n`);
  } catch (error) {
    write(`${JSON.stringify({ error: { errorType: error.name, errorMessage: error.message } })}\n`);
  }
}
