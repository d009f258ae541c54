import type { IncomingMessage, ServerResponse } from 'node:http';
import { Dimension, FeedbackMetric, Metric, ShadowMetric, slowMetric } from '../../../../lib/core/names';
import type { Measures } from '../../../../lib/core/routing/measures';
import type { Route } from '../../../../lib/core/routing/route';
import { apiEvent, route, variant } from '../../../fixtures/serving';
import { type Asked, EVENT_STREAM, invokeComplete, payloadChunk, payloadPart, streamException, type Streamed, StreamingRouter, type StreamingRouterOptions } from '../../../fixtures/streaming-router';

const sageMaker = variant('endpoint', { target: { kind: 'sagemaker', endpointName: 'endpoint', maxRequestBytes: 6_291_456 } });
const functionOf = (contract: 'json' | 'http'): Route['variants'][number] => variant('function', { target: { kind: 'lambda', functionArn: 'arn:aws:lambda:us-east-1:1:function:function', contract, maxRequestBytes: 6_291_456 } });
const headOf = (head: object): Buffer => payloadChunk(Buffer.concat([Buffer.from(JSON.stringify(head)), Buffer.alloc(8)]));

/** One answer of a model that is production, and what was counted and logged. */
async function answerOf(
  model: Route['variants'][number], frames: readonly Buffer[], options: Partial<StreamingRouterOptions> & { type?: string; event?: Parameters<typeof apiEvent>[0]; declared?: Partial<Route> } = {},
): Promise<{ answer: Streamed; log: { readonly [name: string]: unknown }[]; counts: { readonly [name: string]: unknown } }> {
  const router = await StreamingRouter.open({
    route: route([model], options.declared),
    model: (response) => void response.writeHead(200, { ...EVENT_STREAM, 'x-amzn-sagemaker-content-type': options.type ?? 'text/event-stream' }).end(Buffer.concat(frames)),
    ...options,
  });
  try {
    const answer = await router.call(apiEvent(options.event));
    await router.settled();
    const log = router.takeLog();
    return { answer, log, counts: log.find((line) => '_aws' in line && line[Dimension.VARIANT] === model.name) ?? {} };
  } finally {
    await router.close();
  }
}

describe('the error of a stream that has begun', () => {
  const broken = streamException('ModelStreamError', { Message: 'CUDA out of memory', ErrorCode: 'StreamBroken' });

  test.each([
    ['text/event-stream', 'data: 1\n\n', /^data: 1\n\nevent: error\ndata: (\{.*\})\n\n$/],
    ['text/event-stream; charset=utf-8', 'data: 1\r\n\r\n', /^data: 1\r\n\r\nevent: error\ndata: (\{.*\})\n\n$/],
    ['application/x-ndjson', '{"token":1}\n', /^\{"token":1\}\n(\{.*\})\n$/],
    ['application/jsonlines', '{"token":1}\n', /^\{"token":1\}\n(\{.*\})\n$/],
  ])('is one of its own kind: %s', async (type, part, shape) => {
    const { answer, counts } = await answerOf(sageMaker, [payloadPart(part), payloadPart(part.slice(0, 4)), broken], { type });
    expect([answer.status, answer.complete]).toEqual([200, true]);
    expect(JSON.parse(shape.exec(answer.body.toString())![1])).toEqual({
      error: { code: 'MODEL_ERROR', message: 'the model\'s stream broke: CUDA out of memory', inferenceId: '6a2f0c9e-0000-4000-8000-000000000001' },
    });
    expect(counts).toMatchObject({ [Metric.FAILURES]: 1, [Metric.MODEL_ERRORS]: 1, [Metric.MID_STREAM_ERRORS]: 1 });
  });

  test.each(['application/json', 'text/csv', 'image/png', 'application/octet-stream'])('is a connection that breaks: %s', async (type) => {
    const { answer, counts } = await answerOf(sageMaker, [payloadPart('{"y":'), broken], { type });
    expect([answer.status, answer.complete, answer.body.toString()]).toEqual([200, false, '{"y":']);
    expect(counts).toMatchObject({ [Metric.FAILURES]: 1, [Metric.MID_STREAM_ERRORS]: 1 });
  });

  test('is a connection that breaks where the units are compressed', async () => {
    const { answer } = await answerOf(functionOf('http'), [headOf({ statusCode: 200, headers: { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' } }), payloadChunk('data: 1\n\n'), invokeComplete({ ErrorCode: 'Unhandled' })]);
    expect([answer.complete, answer.body.toString()]).toEqual([false, 'data: 1\n\n']);
  });

  test.each([
    ['text/event-stream', 'data: 1\n\n', 'event: error\ndata: {"message":"context is full"}\n\n'], ['text/event-stream', 'data: 1\n\n', 'data: {"error": {"message":"context is full"}}\n\n'],
    ['application/x-ndjson', '{"token":1}\n', '{"error":"context is full"}\n'],
  ])('stays in the model\'s own words, and counts: %s', async (type, part, error) => {
    const { answer, counts } = await answerOf(sageMaker, [payloadPart(part), payloadPart(error)], { type });
    expect([answer.complete, answer.body.toString()]).toEqual([true, part + error]);
    expect(counts).toMatchObject({ [Metric.FAILURES]: 1, [Metric.MODEL_ERRORS]: 1, [Metric.MID_STREAM_ERRORS]: 1 });
  });

  test('does not stand where an answer speaks of errors', async () => {
    const { counts } = await answerOf(sageMaker, [payloadPart('data: {"text":"event: error"}\n\n'), payloadPart('data: {"error":null,"text":"fine"}\n\n'), payloadPart('event: errors\ndata: 1\n\n')]);
    expect(counts).toMatchObject({ [Metric.FAILURES]: 0, [Metric.MID_STREAM_ERRORS]: 0 });
  });
});

describe('before the first content', () => {
  test.each([
    ['comments and pings', [payloadPart(': ping\n\n'), payloadPart('event: ping\n\n')]], ['an error in the model\'s words', [payloadPart('event: error\ndata: {"message":"no GPU"}\n\n')]],
    ['half an event', [payloadPart('data: {"tok')]], ['nothing', []],
  ])('a model that then breaks has failed: %s', async (_, frames) => {
    const { answer, counts } = await answerOf(sageMaker, [...frames, streamException('InternalStreamFailure', { Message: 'm' })]);
    expect([answer.status >= 400, answer.headers['content-type']]).toEqual([true, 'application/json']);
    expect(counts).toMatchObject({ [Metric.FAILURES]: 1 });
    expect(counts).not.toHaveProperty(Metric.MID_STREAM_ERRORS);
  });

  test('a stream of no events is a failure, an answer of no bytes is none', async () => {
    expect((await answerOf(sageMaker, [payloadPart(': bye\n\n')])).answer.status).toBe(424);
    expect((await answerOf(sageMaker, [], { type: 'application/octet-stream' })).answer).toMatchObject({ status: 200, complete: true, body: Buffer.alloc(0) });
  });
});

describe('a function', () => {
  test.each<[string, 'json' | 'http', Buffer[], number, string | RegExp]>([
    ['that returns JSON', 'json', [payloadChunk('{"y":1}'), invokeComplete()], 200, '{"y":1}'],
    ['that streams JSON', 'json', [payloadChunk('{"er'), payloadChunk('as":1}'), invokeComplete()], 200, '{"eras":1}'],
    ['that returns what looks like an error', 'json', [payloadChunk('{"errorType":"none"}'), invokeComplete()], 200, '{"errorType":"none"}'],
    ['that fails with a report', 'json', [payloadChunk('{"errorType":"ValueError","errorMessage":"bad"}'), invokeComplete({ ErrorCode: 'Unhandled', ErrorDetails: '{"errorType":"ValueError","errorMessage":"bad"}' })], 424, /ValueError: bad/],
    ['that fails with its report in parts', 'json', [payloadChunk('{ "errorM'), payloadChunk('essage":"bad","stackTrace":["secret"]}'), invokeComplete({ ErrorCode: 'Unhandled' })], 424, /^(?!.*secret)/],
    ['that fails without a report', 'json', [invokeComplete({ ErrorCode: 'Runtime.ExitError', ErrorDetails: 'exit status 1' })], 424, /Runtime.ExitError: exit status 1/],
    ['whose time is over', 'json', [invokeComplete({ ErrorCode: 'Sandbox.Timedout', ErrorDetails: 'Task timed out after 3.00 seconds' })], 504, /TIMEOUT/],
    ['that answers nothing', 'json', [invokeComplete()], 424, /no answer/],
    ['that returns HTTP', 'http', [payloadChunk('{"statusCode":201,"headers":{"x-own":"1"},"body":"AAEC","isBase64Encoded":true}'), invokeComplete()], 201, '\u0000\u0001\u0002'],
    ['that streams HTTP', 'http', [headOf({ statusCode: 202, headers: { 'Content-Type': 'text/plain' }, cookies: ['a=b'] }), payloadChunk('one '), payloadChunk('two'), invokeComplete()], 202, 'one two'],
    ['that streams a body of no bytes', 'http', [headOf({ statusCode: 204 }), invokeComplete()], 204, ''],
    ['whose head comes byte by byte', 'http', [...[...'{"statusCode":200}\0\0\0\0\0\0\0\0ab'].map((byte) => payloadChunk(byte)), invokeComplete()], 200, 'ab'],
    ['that refuses', 'http', [headOf({ statusCode: 422, headers: { 'content-type': 'text/plain' } }), payloadChunk('too '), payloadChunk('long'), invokeComplete()], 422, 'too long'],
    ['that fails', 'http', [headOf({ statusCode: 500 }), payloadChunk('out of '), payloadChunk('memory'), invokeComplete()], 424, /out of memory/],
    ['that has no room', 'http', [headOf({ statusCode: 429 }), invokeComplete()], 429, /THROTTLED/],
    ['with a header of two lines', 'http', [headOf({ statusCode: 200, headers: { a: 'b\r\nc: d' } }), invokeComplete()], 424, /header that HTTP does not allow/],
    ['with a head that is not JSON', 'http', [payloadChunk('nonsense\0\0\0\0\0\0\0\0'), invokeComplete()], 424, /not a JSON object/],
  ])('%s (%#)', async (_, contract, frames, status, body) => {
    const { answer } = await answerOf(functionOf(contract), frames);
    expect([answer.status, answer.complete, answer.body.toString()]).toEqual([status, true, typeof body === 'string' ? body : expect.stringMatching(body)]);
  });

  test.each([['more', '12345'], ['fewer', '123']])('that sends %s bytes than it announced breaks', async (_, body) => {
    const { answer, counts } = await answerOf(functionOf('http'), [headOf({ statusCode: 200, headers: { 'content-length': '4' } }), payloadChunk(body.slice(0, 2)), payloadChunk(body.slice(2)), invokeComplete()]);
    expect([answer.status, answer.complete, 'content-length' in answer.headers]).toEqual([200, false, false]);
    expect(counts).toMatchObject({ [Metric.MID_STREAM_ERRORS]: 1 });
  });

  test('that fails after its first part is not taken for one that has ended', async () => {
    const { answer, counts } = await answerOf(functionOf('json'), [payloadChunk('{"y":[1,'), invokeComplete({ ErrorCode: 'Unhandled', ErrorDetails: 'boom' })]);
    expect([answer.complete, answer.body.toString()]).toEqual([false, '{"y":[1,']);
    expect(counts).toMatchObject({ [Metric.MODEL_ERRORS]: 1, [Metric.MID_STREAM_ERRORS]: 1 });
  });
});

describe('an endpoint of SageMaker', () => {
  const whole = (response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'application/json', 'x-amzn-sagemaker-new-session-id': 's; Expires=2026-11-27T01:00:00Z' }).end('{"whole":true}');
  };

  test.each([
    ['one of several models', { 'x-amzn-sagemaker-target-model': 'a.tar.gz' }], ['explanations', { 'x-amzn-sagemaker-enable-explanations': 'true' }], ['a session', { 'x-amzn-sagemaker-session-id': 'NEW_SESSION' }],
  ])('that is asked for %s answers as a whole: its stream has no such thing', async (_, headers) => {
    const { answer, counts } = await answerOf(sageMaker, [], { event: { headers }, services: whole });
    expect(answer).toMatchObject({ status: 200, complete: true, body: Buffer.from('{"whole":true}') });
    expect(counts).not.toHaveProperty(Metric.MID_STREAM_ERRORS);
  });

  test('that refuses to stream is asked for the whole, and not for a stream again', async () => {
    const asked: string[] = [];
    const router = await StreamingRouter.open({
      route: route([sageMaker]),
      model: (response) => {
        asked.push('stream');
        response.writeHead(400, { 'x-amzn-errortype': 'ValidationError' }).end('{"Message":"Endpoint endpoint does not support response streaming"}');
      },
      services: (response) => {
        asked.push('whole');
        whole(response);
      },
    });
    const answers = [await router.call(apiEvent()), await router.call(apiEvent())];
    await router.close();
    expect(answers.map(({ status, body }) => [status, body.toString()])).toEqual([[200, '{"whole":true}'], [200, '{"whole":true}']]);
    expect(asked).toEqual(['stream', 'whole', 'whole']);
  });

  test.each<[string, number, string, string, number, string]>([
    ['an error of the container', 424, 'ModelError', '{"OriginalStatusCode":500,"OriginalMessage":"boom"}', 424, 'MODEL_ERROR'], ['a container that blames the caller', 424, 'ModelError', '{"OriginalStatusCode":400,"OriginalMessage":"pixels"}', 400, 'REFUSED_BY_MODEL'],
    ['throttling', 400, 'ThrottlingException', '{"Message":"m"}', 429, 'THROTTLED'], ['an endpoint that is gone', 400, 'ValidationError', '{"Message":"Endpoint endpoint of account 1 not found."}', 503, 'BACKEND_UNAVAILABLE'],
  ])('with %s before its stream', async (_, status, type, body, expected, code) => {
    const { answer } = await answerOf(sageMaker, [], { model: (response) => void response.writeHead(status, { 'x-amzn-errortype': type }).end(body) });
    expect([answer.status, (JSON.parse(answer.body.toString()) as { error: { code: string } }).error.code]).toEqual([expected, code]);
  });

  test('gets the headers of the request, and its own come back', async () => {
    let seen: IncomingMessage['headers'] = {};
    const { answer } = await answerOf(sageMaker, [], {
      event: { headers: { 'X-Amzn-SageMaker-Custom-Attributes': 'from=caller', 'X-Amzn-SageMaker-Session-Id': 'session-1', Accept: 'text/event-stream' } },
      model: (response, { request }) => {
        seen = request.headers;
        response.writeHead(200, { ...EVENT_STREAM, 'x-amzn-sagemaker-content-type': 'text/event-stream', 'x-amzn-sagemaker-custom-attributes': 'from=model' }).end(payloadPart('data: 1\n\n'));
      },
    });
    expect(seen).toMatchObject({ 'x-amzn-sagemaker-custom-attributes': 'from=caller', 'x-amzn-sagemaker-session-id': 'session-1', 'x-amzn-sagemaker-accept': 'text/event-stream', 'x-amzn-sagemaker-inference-id': expect.any(String) });
    expect(answer.headers).toMatchObject({ 'content-type': 'text/event-stream', 'x-amzn-sagemaker-custom-attributes': 'from=model' });
  });
});

describe('what looks into answers afterwards', () => {
  const mirror = { name: 'v3', version: 'v3', functionArn: 'arn:aws:lambda:us-east-1:1:function:mirror', sampleRate: 1, filters: [] };
  const log = { sampleRate: 1, payload: { request: false, answer: true, maximumBytes: 100_000 }, redact: [], predictionPath: '$.label' };
  const feedback = { table: 'inferences', sampleRate: 1, windowSeconds: 3_600, outcome: { kind: 'label' as const, prediction: '$.label' } };
  const handedOver: { production: { body: string; latencyMs: number } }[] = [];
  const items: string[] = [];
  const services = (response: ServerResponse, { request, body }: Asked): void => {
    if (request.url!.includes('mirror')) {
      handedOver.push(JSON.parse(body.toString()) as typeof handedOver[number]);
      response.writeHead(202).end();
    } else {
      items.push(body.toString());
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}');
    }
  };

  test('has the whole of what went through: log, prediction, mirror', async () => {
    const { log: lines } = await answerOf(sageMaker, [payloadPart('{"label":'), payloadPart('"cat"}')], { type: 'application/json', services, declared: { mirrors: [mirror], log, feedback } });
    expect(lines.find((line) => line.modelRollout === 'inference')).toMatchObject({ status: 200, outcome: 'answer', answerBytes: 15, prediction: 'cat', latencyMs: expect.any(Number) });
    expect(Buffer.from(handedOver.at(-1)!.production.body, 'base64').toString()).toBe('{"label":"cat"}');
    expect(items.some((item) => item.includes('cat'))).toBe(true);
  });

  test('is told of an answer that is longer than is kept, and gets no half of it', async () => {
    const part = payloadPart('[' + '1,'.repeat(500_000));
    const { answer, log: lines } = await answerOf(sageMaker, Array.from({ length: 8 }, () => part), { type: 'application/json', services, declared: { mirrors: [{ ...mirror, bodiesBucket: 'bodies' }], log } });
    expect(answer.body.byteLength).toBe(8 * 1_000_001);
    expect(lines.find((line) => line.modelRollout === 'inference')).toMatchObject({ answerBytes: 8 * 1_000_001, answerOmitted: 'too large' });
    expect(lines.find((line) => ShadowMetric.MIRRORED in line || ShadowMetric.DROPPED in line)).toMatchObject({
      [ShadowMetric.DROPPED]: 1,
    });
  });

  test('knows nothing of an answer that broke but that it did', async () => {
    const handed = handedOver.length;
    const { log: lines } = await answerOf(sageMaker, [payloadPart('{"label":"cat"}'), streamException('ModelStreamError', { Message: 'm' })], { type: 'application/json', services, declared: { mirrors: [mirror], log, feedback } });
    const record = lines.find((line) => line.modelRollout === 'inference')!;
    expect(record).toMatchObject({ outcome: 'model', code: 'MODEL_ERROR' });
    expect([record.prediction, handedOver.length, lines.some((line) => FeedbackMetric.LOST in line)]).toEqual([undefined, handed, false]);
  });
});

test('latency is judged by when an answer begins, however long it is', async () => {
  const measures: Measures = { slowerThanMs: [400], bins: [] };
  const { log } = await answerOf(sageMaker, [], {
    declared: { measures },
    model: (response) => {
      response.writeHead(200, { ...EVENT_STREAM, 'x-amzn-sagemaker-content-type': 'text/event-stream' });
      response.write(payloadPart('data: 1\n\n'));
      setTimeout(() => response.end(payloadPart('data: 2\n\n')), 600);
    },
  });
  expect(log.find((line) => Metric.MODEL_LATENCY in line)![Metric.STREAM_DURATION]).toBeGreaterThan(500);
  expect(log).toContainEqual(expect.objectContaining({ [slowMetric(0)]: 0 }));
});
