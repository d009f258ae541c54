// Asks one handler for streamed answers, one after the other as Lambda does, and reports the time and the CPU until the first content and
// the CPU of each answer: what the process as a whole used, garbage collection and the SDK's own work included. Plain JavaScript, so that
// nothing is compiled while it is measured.
import { Writable } from 'node:stream';

const [bundle, requests] = [process.argv[2], Number(process.argv[3])];
globalThis.awslambda = {
  streamifyResponse: (handler) => handler,
  HttpResponseStream: { from: (stream, metadata) => Object.assign(stream, { metadata }) },
};
const { streamingHandler } = await import(bundle);

const event = (index) => ({
  httpMethod: 'POST', path: '/live/invocations', resource: '/{alias}/invocations', pathParameters: { alias: 'live' },
  headers: { 'Content-Type': 'application/json', Accept: '*/*', Host: 'api' },
  multiValueQueryStringParameters: null, isBase64Encoded: false,
  body: JSON.stringify({ messages: [{ role: 'user', content: `question ${index}` }], stream: true }),
  requestContext: { requestId: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`, identity: {} },
});

function since(before) {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

async function ask(index) {
  let [cpu, first] = [process.cpuUsage()];
  const stream = new Writable({
    write(_part, _encoding, done) {
      first ??= { at: performance.now(), cpuMs: since(cpu) };
      done();
    },
  });
  const asked = event(index);
  cpu = process.cpuUsage();
  const startedAt = performance.now();
  await streamingHandler(asked, stream, {});
  const cpuMs = since(cpu);
  if (stream.metadata?.statusCode !== 200) {
    throw new Error(`status ${stream.metadata?.statusCode}`);
  }
  return { cpuMs, firstCpuMs: first.cpuMs, firstMs: first.at - startedAt };
}

for (let index = 0; index < Math.ceil(requests / 2); index++) {
  await ask(index);
}
const runs = [];
for (let index = 0; index < requests; index++) {
  runs.push(await ask(requests + index));
}
const medianOf = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
process.send({
  cpuMs: runs.reduce((sum, run) => sum + run.cpuMs, 0) / requests,
  firstMs: medianOf(runs.map(({ firstMs }) => firstMs)),
  firstCpuMs: medianOf(runs.map(({ firstCpuMs }) => firstCpuMs)),
});
process.disconnect();
