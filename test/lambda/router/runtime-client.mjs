// As much of Lambda's runtime client for Node.js as handlers need, by its documented protocol: takes events from the Runtime API and
// returns answers to it, or streams them, until the API has no more; a handler that fails after its answer has begun is told of in
// trailers.
// AWS_LAMBDA_RIC names the real one instead (npm's aws-lambda-ric, which compiles native code and so is not installed with the rest).
import { request } from 'node:http';
import { join } from 'node:path';

const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
const PRELUDE = 'application/vnd.awslambda.http-integration-response';

const streaming = new Set();

globalThis.awslambda = {
  streamifyResponse: (handler) => {
    streaming.add(handler);
    return handler;
  },
  HttpResponseStream: {
    from: (stream, metadata) => {
      stream.setHeader('content-type', PRELUDE);
      const write = stream.write.bind(stream);
      stream.write = (...args) => {
        stream.write = write;
        write(JSON.stringify(metadata));
        write(new Uint8Array(8));
        return write(...args);
      };
      return stream;
    },
  },
};

const [file, name] = process.env._HANDLER.split('.');
const { [name]: handler } = await import(join(process.env.LAMBDA_TASK_ROOT, `${file}.mjs`));
for (;;) {
  const next = await fetch(`${api}/invocation/next`);
  if (next.status !== 200) {
    process.exit(0);
  }
  const awsRequestId = next.headers.get('lambda-runtime-aws-request-id');
  if (!streaming.has(handler)) {
    const answer = JSON.stringify(await handler(await next.json(), { awsRequestId }));
    await fetch(`${api}/invocation/${awsRequestId}/response`, { method: 'POST', body: answer });
    continue;
  }
  const stream = request(`${api}/invocation/${awsRequestId}/response`, {
    method: 'POST',
    headers: {
      'lambda-runtime-function-response-mode': 'streaming', 'content-type': 'application/octet-stream', 'transfer-encoding': 'chunked',
      trailer: ['Lambda-Runtime-Function-Error-Type', 'Lambda-Runtime-Function-Error-Body'],
    },
  });
  const accepted = new Promise((resolve) => {
    stream.on('error', resolve);
    stream.on('response', (response) => response.resume().on('end', resolve));
  });
  try {
    await handler(await next.json(), stream, {});
  } catch (error) {
    stream.addTrailers({
      'Lambda-Runtime-Function-Error-Type': error.name, 'Lambda-Runtime-Function-Error-Body': Buffer.from(JSON.stringify({ errorMessage: error.message })).toString('base64'),
    });
    stream.end();
  }
  await accepted;
}
