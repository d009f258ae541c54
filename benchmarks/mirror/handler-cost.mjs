// Sends requests to the router's bundle, one after the other as Lambda does, and reports CPU and the time until the answer. With
// `streaming` the answer is complete when its stream has ended, and the next request comes when the handler has.
import { Writable } from 'node:stream';

const [bundle, bytes, requests, streaming] = [
  process.argv[2],
  Number(process.argv[3]),
  Number(process.argv[4]),
  process.argv[5] === 'true',
];
if (streaming) {
  globalThis.awslambda = {
    streamifyResponse: (handler) => handler,
    HttpResponseStream: { from: (stream, metadata) => Object.assign(stream, { metadata }) },
  };
}
const { handler, streamingHandler } = await import(bundle);

const body = JSON.stringify({ text: 'x'.repeat(bytes - 11) });
const event = (i) => ({
  resource: '/{alias}/invocations', httpMethod: 'POST', path: '/live/invocations', pathParameters: { alias: 'live' },
  headers: { 'Content-Type': 'application/json', Accept: '*/*', Host: 'api', 'User-Agent': 'bench' },
  multiValueQueryStringParameters: null, body, isBase64Encoded: false,
  requestContext: { requestId: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`, identity: {} },
});

/** Resolves to status and milliseconds until the answer. */
async function ask(i) {
  const started = performance.now();
  if (!streaming) {
    return { status: (await handler(event(i))).statusCode, ms: performance.now() - started };
  }
  let ms = 0;
  const stream = new Writable({ write: (chunk, encoding, done) => done(), final: (done) => { ms = performance.now() - started; done(); } });
  await streamingHandler(event(i), stream);
  return { status: stream.metadata.statusCode, ms };
}

async function run(from, count) {
  let totalMs = 0;
  const before = process.cpuUsage();
  for (let i = from; i < from + count; i++) {
    const { status, ms } = await ask(i);
    totalMs += ms;
    if (status !== 200) {
      throw new Error(`status ${status}`);
    }
  }
  const { user, system } = process.cpuUsage(before);
  return { cpuMs: (user + system) / 1_000 / count, meanMs: totalMs / count };
}

await run(0, Math.ceil(requests / 2));
process.send('warm');
const cost = await run(requests, requests);
// What is late goes on while the function runs.
await new Promise((resolve) => setTimeout(resolve, 1_500));
process.send(cost);
process.disconnect();
