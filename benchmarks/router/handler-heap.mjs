// Sends requests to one handler, one after the other, and reports the bytes of its heap after a collection, at even distances, from when a
// tenth of the requests have made it warm.
const [bundle, requests, samples] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const { handler } = await import(bundle);

const ask = async (i) => {
  const { statusCode } = await handler({
    resource: '/{alias}/invocations', httpMethod: 'POST', path: '/live/invocations', pathParameters: { alias: 'live' },
    // Every request is another caller's.
    headers: { 'Content-Type': 'application/json', Accept: '*/*', Host: 'api', 'X-Caller': `caller-${i}` },
    multiValueQueryStringParameters: null, body: JSON.stringify({ id: i, text: 'x'.repeat(200) }), isBase64Encoded: false,
    requestContext: { requestId: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`, identity: {} },
  });
  if (statusCode !== 200) {
    throw new Error(`status ${statusCode}`);
  }
};

let sent = 0;
for (; sent < requests / 10; sent++) {
  await ask(sent);
}
const heaps = [];
for (let sample = 0; sample < samples; sample++) {
  for (let i = 0; i < requests / samples; i++) {
    await ask(sent++);
  }
  globalThis.gc();
  heaps.push(process.memoryUsage().heapUsed);
}
process.send(heaps);
process.disconnect();
