// Stands in for a SageMaker endpoint that streams a chat completion, one token an event, as fast as they are taken, and for the route
// table. A process of its own, so that its CPU is not counted. Sends its port.
import { createServer } from 'node:http';
import { EventStreamCodec } from '@smithy/core/event-streams';
import { fromUtf8, toUtf8 } from '@smithy/core/serde';

const tokens = Number(process.argv[2]);
const codec = new EventStreamCodec(toUtf8, fromUtf8);
const text = (value) => ({ type: 'string', value });
const headers = { ':message-type': text('event'), ':event-type': text('PayloadPart'), ':content-type': text('application/octet-stream') };
const part = (line) => Buffer.from(codec.encode({ headers, body: Buffer.from(`data: ${line}\n\n`) }));
const chunk = (choices, more = {}) =>
  part(JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'chat', choices, ...more }));
const parts = [
  ...Array.from({ length: tokens }, (_, index) => chunk([{ index: 0, delta: { content: ` word${index}` }, finish_reason: null }])),
  chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]),
  chunk([], { usage: { prompt_tokens: 12, completion_tokens: tokens, total_tokens: tokens + 12 } }),
  part('[DONE]'),
];
const route = {
  schema: 1,
  variants: [
    {
      name: 'production', role: 'production', version: '0'.repeat(64), weight: 1, timeBudgetMs: 20_000,
      target: { kind: 'sagemaker', endpointName: 'model', maxRequestBytes: 6_291_456 },
    },
  ],
  assignment: { source: 'inference-id' },
  targetVariantAccess: { kind: 'nobody' },
};
const item = JSON.stringify({ Item: { alias: { S: 'bench/live' }, revision: { N: '1' }, route: { S: JSON.stringify(route) } } });

const server = createServer((request, response) => {
  request.resume().on('end', async () => {
    if (!request.url.includes('/invocations-response-stream')) {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(item);
      return;
    }
    response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream', 'x-amzn-sagemaker-content-type': 'text/event-stream' });
    for (const each of parts) {
      // A token by itself, as models send them.
      response.write(each);
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  });
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('disconnect', () => process.exit());
