// Sends requests to the router's bundle, one after the other as Lambda does, and reports CPU and the time until the answer.
const [bundle, bytes, requests] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const { handler } = await import(bundle);

const body = JSON.stringify({ text: 'x'.repeat(bytes - 11) });
const event = (i) => ({
  httpMethod: 'POST', path: '/live/invocations', pathParameters: { alias: 'live' },
  headers: { 'Content-Type': 'application/json', Accept: '*/*', Host: 'api', 'User-Agent': 'bench' },
  multiValueQueryStringParameters: null, body, isBase64Encoded: false,
  requestContext: { requestId: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`, identity: {} },
});

async function run(from, count) {
  const times = [];
  const before = process.cpuUsage();
  for (let i = from; i < from + count; i++) {
    const started = performance.now();
    const { statusCode } = await handler(event(i));
    times.push(performance.now() - started);
    if (statusCode !== 200) {
      throw new Error(`status ${statusCode}`);
    }
  }
  const { user, system } = process.cpuUsage(before);
  return { cpuMs: (user + system) / 1_000 / count, meanMs: times.reduce((total, ms) => total + ms, 0) / count };
}

await run(0, Math.ceil(requests / 2));
process.send(await run(requests, requests));
process.disconnect();
