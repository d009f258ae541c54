// Stands in for Lambda's Invoke, with a model that returns what it gets, and for the route table. A process of its own, so that
// its CPU is not counted. Prints its port.
import { createServer } from 'node:http';
import { routeItems } from './routes.mjs';

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    if (request.headers['x-amz-invocation-type'] === 'Event') {
      response.writeHead(202).end();
    } else if (request.url.includes('/invocations')) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(Buffer.concat(chunks));
    } else {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(routeItems[JSON.parse(Buffer.concat(chunks)).TableName] ?? '{}');
    }
  });
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('disconnect', () => process.exit());
