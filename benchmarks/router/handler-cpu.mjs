// Sends requests to one handler, one after the other as Lambda does, and reports the CPU time of each: what the process as a whole
// used, garbage collection and the SDK's own work included. Plain JavaScript, so that nothing is compiled while it is measured.
const [bundle, bytes, requests] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const { handler } = await import(bundle);

const numbers = [];
for (let length = 0, i = 0; length < bytes - 100; i++) {
  const number = ((i * 2654435761) % 1_000_003) / 1_000;
  numbers.push(number);
  length += String(number).length + 1;
}
const body = JSON.stringify({ first: 1, instances: numbers });
const event = (i) => ({
  httpMethod: 'POST',
  path: '/live/invocations',
  pathParameters: { alias: 'live' },
  headers: {
    'Content-Type': 'application/json',
    Accept: '*/*',
    Host: 'api',
    'User-Agent': 'bench',
    'X-Amzn-Trace-Id': 'Root=1-0-0',
    'X-Forwarded-For': '10.0.0.1',
  },
  multiValueQueryStringParameters: null,
  // Every request has a text of its own, as it would from Lambda; V8 remembers what it knows of a text.
  body: `${body.slice(0, -1)}${' '.repeat(i % 7)}}`,
  isBase64Encoded: false,
  requestContext: { requestId: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`, identity: {} },
});

async function run(from, count) {
  let used = 0;
  for (let i = from; i < from + count; i++) {
    const next = event(i);
    const before = process.cpuUsage();
    const { statusCode } = await handler(next);
    const { user, system } = process.cpuUsage(before);
    used += user + system;
    if (statusCode !== 200) {
      throw new Error(`status ${statusCode}`);
    }
  }
  return used / 1_000 / count;
}

await run(0, Math.ceil(requests / 2));
process.send(await run(requests, requests));
process.disconnect();
