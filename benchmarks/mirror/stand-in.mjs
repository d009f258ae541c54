// Stands in for Lambda, with a model that takes MODEL_MS and a queue that takes ACCEPT_MS to accept an event, for a bucket that takes
// STORE_MS after the last byte, and for a route table with a mirror. A process of its own, so that its CPU is not counted. Sends its port,
// and how many events it has accepted when asked.
import { createServer } from 'node:http';
import { EventStreamCodec } from '@smithy/core/event-streams';
import { fromUtf8, toUtf8 } from '@smithy/core/serde';
import { route, routeItem } from '../router/routes.mjs';

const [modelMs, acceptMs, storeMs, sampleRate] = process.argv.slice(2).map(Number);
const item = routeItem({
  ...route,
  ...(sampleRate > 0 && {
    mirrors: [
      {
        name: 'v3',
        version: '1'.repeat(64),
        functionArn: 'arn:aws:lambda:us-east-1:111111111111:function:mirror',
        sampleRate,
        filters: [],
        bodiesBucket: 'bodies-of-v3',
      },
    ],
  }),
});

const codec = new EventStreamCodec(toUtf8, fromUtf8);
const part = (type, body) => {
  const headers = { ':message-type': 'event', ':event-type': type, ':content-type': 'application/octet-stream' };
  const typed = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { type: 'string', value }]));
  return Buffer.from(codec.encode({ headers: typed, body }));
};

let events = 0;
const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    if (request.method === 'PUT') {
      setTimeout(() => response.writeHead(200).end(), storeMs);
    } else if (request.url.includes('/response-streaming-invocations')) {
      setTimeout(() => {
        const answer = Buffer.concat([part('PayloadChunk', Buffer.concat(chunks)), part('InvokeComplete', Buffer.from('{}'))]);
        response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' }).end(answer);
      }, modelMs);
    } else if (!request.url.includes('/invocations')) {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(item);
    } else if (request.headers['x-amz-invocation-type'] === 'Event') {
      setTimeout(() => {
        events++;
        response.writeHead(202).end();
      }, acceptMs);
    } else {
      setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end(Buffer.concat(chunks)), modelMs);
    }
  });
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('message', () => process.send(events));
process.on('disconnect', () => process.exit());
