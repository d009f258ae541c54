import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import fc from 'fast-check';
import { readCors, withCors } from '../../../lambda/shared/http/cors';
import { ErrorCode } from '../../../lambda/shared/http/errors';
import { httpAnswer, httpEvent } from '../../../lambda/shared/backends/http-contract';
import { LambdaBackend } from '../../../lambda/shared/backends/lambda';
import { decodesAnswers } from '../../../lambda/shared/http/media';
import type { Answer } from '../../../lambda/shared/http/outcome';
import { errorReply, isCarried, proxyResult } from '../../../lambda/shared/http/reply';
import { assignmentKey, checkRequest, type InferenceRequest, readRequest } from '../../../lambda/shared/http/request';
import { markSessions, sessionVariant } from '../../../lambda/shared/http/session';
import { apiEvent, variant } from '../../fixtures/serving';

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const LATIN_1 = Buffer.from('name;city\nJosé;Köln\n', 'latin1');

/** What API Gateway does with a body on its way in: bytes of its binary types are base64, all else becomes UTF-8, whatever it was. */
function sent(body: Buffer, headers: { [name: string]: string }, binaryMediaTypes: readonly string[] = ['*/*']): APIGatewayProxyEvent {
  const type = headers['content-type']?.split(';')[0];
  const binary = type !== undefined && binaryMediaTypes.some((known) => known === '*/*' || known === type || (known.endsWith('/*') && type.startsWith(known.slice(0, -1))));
  const event = apiEvent({ body: binary ? body : body.toString('utf8'), headers });
  if (headers['content-type'] === undefined) {
    delete event.headers['content-type'];
  }
  return event;
}

/**
 * What a caller reads, by AWS's documentation: base64 is decoded if the first Accept is a binary type of the API, and is text otherwise.
 */
function received(answer: Pick<Answer, 'headers' | 'body'>, accept: string | undefined, binaryMediaTypes: readonly string[] = ['*/*']): Buffer | 'refused' {
  const takesBytes = decodesAnswers(accept, binaryMediaTypes);
  if (!isCarried(answer, takesBytes)) {
    return 'refused';
  }
  const { body, isBase64Encoded } = proxyResult({ status: 200, ...answer }, takesBytes);
  const first = accept?.split(',')[0].split(';')[0].trim();
  const decodes = first !== undefined && binaryMediaTypes.some((known) => known === '*/*' || known === first || (known.endsWith('/*') && first.startsWith(known.slice(0, -1))));
  return Buffer.from(body, isBase64Encoded && decodes ? 'base64' : 'utf8');
}

const problemOf = (request: InferenceRequest): string | undefined => {
  try {
    checkRequest(request);
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('bytes on their way in', () => {
  test.each([
    'application/octet-stream', 'application/x-npy', 'image/jpeg', 'multipart/form-data; boundary=x', 'application/pdf', 'application/x-protobuf', 'application/vnd.apache.parquet',
    'application/vnd.apache.arrow.stream', 'application/msgpack', 'binary/octet-stream', 'application/x-www-form-urlencoded', 'text/csv; charset=iso-8859-1',
  ])('arrive as they were sent, as %s', (type) => {
    const request = readRequest(sent(EVERY_BYTE, { 'content-type': type }));
    expect([problemOf(request), EVERY_BYTE.equals(request.body)]).toEqual([undefined, true]);
  });

  test.each<[string, { [name: string]: string }, readonly string[]]>([
    ['of a type that is none of the API\'s binary types', { 'content-type': 'application/pdf' }, ['image/*']],
    ['of text that is not UTF-8', { 'content-type': 'text/csv' }, ['image/*']],
    ['without a content type', {}, ['*/*']],
  ])('%s are refused, because API Gateway has made something else of them', (_, headers, types) => {
    const request = readRequest(sent(LATIN_1, headers, types), types);
    expect(problemOf(request)).toBe(ErrorCode.UNSUPPORTED_MEDIA_TYPE);
    expect(request.problem?.message).toContain('binary media types');
  });

  test('text without a content type arrives', () => {
    const request = readRequest(sent(Buffer.from('{"city":"Köln"}'), {}));
    expect([problemOf(request), Buffer.from(request.body).toString()]).toEqual([undefined, '{"city":"Köln"}']);
  });

  test('whatever arrives is what was sent, or is refused', () => {
    fc.assert(fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 64 }), fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text))), fc.constantFrom('image/png', 'text/csv', 'application/json', undefined),
      fc.constantFrom(['*/*'], ['image/*'], []),
      (bytes, type, types) => {
        const request = readRequest(sent(Buffer.from(bytes), type === undefined ? {} : { 'content-type': type }, types), types);
        return problemOf(request) !== undefined || Buffer.from(bytes).equals(request.body);
      },
    ));
  });
});

describe('bytes on their way out', () => {
  const png = { headers: { 'content-type': 'image/png' }, body: EVERY_BYTE };

  test.each([
    ['curl and requests', '*/*'], ['axios', 'application/json, text/plain, */*'], ['a browser that shows a page', 'text/html,application/xhtml+xml,*/*;q=0.8'], ['an image in a page', 'image/avif,image/webp,*/*'],
  ])('arrive as the model gave them, for %s', (_, accept) => {
    expect(EVERY_BYTE.equals(received(png, accept) as Buffer)).toBe(true);
  });

  test('are an error that says what to send where there is no Accept: nobody knows what API Gateway does then', () => {
    expect(received(png, undefined)).toBe('refused');
  });

  test.each<[string, string | undefined, boolean]>([
    ['image/png', 'image/png', true], ['image/png,*/*', 'image/png', true], ['*/*', '*/*', false], ['image/*', 'image/*', false], ['text/html,image/png', 'text/html first', false], ['image', 'no media type', false],
  ])('with binary types of one\'s own: Accept %s', (accept, _, carried) => {
    expect(received(png, accept, ['image/png']) !== 'refused').toBe(carried);
  });

  test.each([['text/csv; charset=iso-8859-1', LATIN_1], ['text/csv', LATIN_1], ['text/csv; charset=utf-8', Buffer.from('Köln')], ['image/svg+xml', Buffer.from('<svg/>')]])(
    'are bytes also where the type says text: %s', (type, body) => {
      expect(body.equals(received({ headers: { 'content-type': type }, body }, '*/*') as Buffer)).toBe(true);
    },
  );

  test.each([undefined, 'application/json'])('text is text whatever its type is and whatever the caller accepts: %s', (accept) => {
    expect(String(received({ headers: { 'content-type': 'application/x-own' }, body: Buffer.from('plain') }, accept))).toBe('plain');
  });

  test('whatever arrives is what the model gave, or is refused', () => {
    fc.assert(fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 64 }), fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text))),
      fc.constantFrom('image/png', 'text/csv; charset=latin1', 'application/json'), fc.constantFrom('*/*', 'text/html,*/*', 'image/png', undefined), fc.constantFrom(['*/*'], ['image/*'], []),
      (bytes, type, accept, types) => {
        const arrived = received({ headers: { 'content-type': type }, body: bytes }, accept, types);
        return arrived === 'refused' || Buffer.from(bytes).equals(arrived);
      },
    ));
  });
});

describe('a compressed body', () => {
  const plain = Buffer.from(JSON.stringify({ x: 'y'.repeat(1_000) }));
  const compressed = (bytes: Buffer, encoding: string): InferenceRequest => readRequest(apiEvent({ body: bytes, headers: { 'Content-Encoding': encoding } }));

  test.each<[string, Buffer]>([
    ['gzip', gzipSync(plain)], ['x-gzip', gzipSync(plain)], ['deflate', deflateSync(plain)], ['deflate', deflateRawSync(plain)], ['br', brotliCompressSync(plain)], ['zstd', zstdCompressSync(plain)],
    ['gzip, br', brotliCompressSync(gzipSync(plain))], ['identity', plain], ['GZIP', gzipSync(plain)],
  ])('is decompressed: %s', (encoding, bytes) => {
    const request = compressed(bytes, encoding);
    expect([problemOf(request), plain.equals(request.body), request.headers.get('content-encoding')]).toEqual([undefined, true, undefined]);
  });

  test('that API Gateway has decompressed already is taken as it is', () => {
    const request = readRequest(apiEvent({ body: plain.toString(), headers: { 'content-encoding': 'gzip' } }));
    expect([problemOf(request), plain.equals(request.body)]).toEqual([undefined, true]);
  });

  test.each<[string, Buffer, string]>([
    ['gzip', gzipSync(Buffer.alloc(200_000_000)), ErrorCode.PAYLOAD_TOO_LARGE], ['br', brotliCompressSync(Buffer.alloc(50_000_000)), ErrorCode.PAYLOAD_TOO_LARGE],
    ['zstd', zstdCompressSync(Buffer.alloc(50_000_000)), ErrorCode.PAYLOAD_TOO_LARGE], ['deflate', deflateRawSync(Buffer.alloc(50_000_000)), ErrorCode.PAYLOAD_TOO_LARGE],
    ['gzip', Buffer.from('no gzip'), ErrorCode.MALFORMED_REQUEST], ['gzip', gzipSync(plain).subarray(0, 20), ErrorCode.MALFORMED_REQUEST],
    ['compress', plain, ErrorCode.UNSUPPORTED_MEDIA_TYPE], ['gzip,gzip,gzip,gzip', plain, ErrorCode.UNSUPPORTED_MEDIA_TYPE],
  ])('that cannot be read is refused: %s', (encoding, bytes, code) => {
    expect(problemOf(compressed(bytes, encoding))).toBe(code);
  });

  test('in an encoding that is not known is refused by its name, with those that are', () => {
    const { problem } = compressed(plain, 'lzma');
    expect(problem?.message).toContain('"lzma"');
    expect(errorReply(problem!, 'id').headers['accept-encoding']).toBe('gzip, deflate, br, zstd');
  });
});

describe('JSON for a model that takes JSON', () => {
  const ask = (type: string | undefined, body: string): Promise<unknown> => {
    const backend = new LambdaBackend({ send: () => Promise.resolve({ Payload: Buffer.from('{"y":1}') }) } as never);
    const event = apiEvent({ body: Buffer.from(body), headers: { 'content-type': type ?? '' } });
    if (type === undefined) {
      delete event.headers['content-type'];
    }
    return backend.invoke({ kind: 'lambda', functionArn: 'f', contract: 'json', maxRequestBytes: 1_000 }, readRequest(event), AbortSignal.timeout(1_000));
  };

  test.each<[string | undefined, string]>([
    [undefined, 'boto3 and requests'], ['application/octet-stream', 'the SDK for JavaScript'], ['application/x-www-form-urlencoded', 'curl and axios'], ['text/plain;charset=UTF-8', 'fetch'],
    ['application/json; charset=utf-8', 'all who say what it is'], ['application/vnd.own+json', 'those who say it otherwise'],
  ])('is taken with the content type %s, of %s', async (type, _) => {
    expect(await ask(type, '{"x":1}')).toMatchObject({ kind: 'answer' });
  });

  test.each<[string | undefined, string, ErrorCode]>([
    ['text/csv', '{"x":1}', ErrorCode.UNSUPPORTED_MEDIA_TYPE], ['application/x-www-form-urlencoded', 'x=1', ErrorCode.UNSUPPORTED_MEDIA_TYPE],
    ['application/json', 'x=1', ErrorCode.MALFORMED_REQUEST], [undefined, 'x=1', ErrorCode.MALFORMED_REQUEST],
  ])('is what a body has to be: %s, %s', async (type, body, code) => {
    expect(await ask(type, body)).toMatchObject({ kind: 'failure', code });
  });
});

describe('the event of the http contract', () => {
  const event = apiEvent({
    body: Buffer.from('{"x":1}'), headers: { Cookie: 'a=1; b=2', 'User-Agent': 'curl/8', Accept: '*/*' },
    requestContext: {
      accountId: '123456789012', apiId: 'abc', domainName: 'abc.execute-api.us-east-1.amazonaws.com', protocol: 'HTTP/1.1', requestTime: '27/Nov/2026:01:02:03 +0000', requestTimeEpoch: 1_795_741_323_000,
      identity: { sourceIp: '203.0.113.7', userAgent: 'curl/8', userArn: 'arn:aws:iam::123456789012:user/ann', accountId: '123456789012', caller: 'AIDA', user: 'AIDA', accessKey: 'AKIA' },
    },
  });
  event.multiValueQueryStringParameters = { q: ['1', '2 3'], r: ['&'] };
  event.multiValueHeaders = { 'X-Own': ['a', 'b'], Accept: ['*/*'] };
  const read = (from: APIGatewayProxyEvent): { [name: string]: unknown } =>
    JSON.parse(Buffer.from(httpEvent(readRequest(from))).toString()) as { [name: string]: unknown };

  test('is that of a function URL, whole', () => {
    expect(read(event)).toEqual({
      version: '2.0', routeKey: '$default', rawPath: '/invocations', rawQueryString: 'q=1&q=2+3&r=%26', cookies: ['a=1', 'b=2'],
      headers: { 'content-type': 'application/json', 'user-agent': 'curl/8', accept: '*/*', 'x-own': 'a,b', 'content-length': '7' },
      queryStringParameters: { q: '1,2 3', r: '&' },
      requestContext: {
        accountId: '123456789012', apiId: 'abc', domainName: 'abc.execute-api.us-east-1.amazonaws.com', domainPrefix: 'abc', requestId: '6a2f0c9e-0000-4000-8000-000000000001', routeKey: '$default', stage: '$default',
        http: { method: 'POST', path: '/invocations', protocol: 'HTTP/1.1', sourceIp: '203.0.113.7', userAgent: 'curl/8' },
        authorizer: { iam: { accessKey: 'AKIA', accountId: '123456789012', callerId: 'AIDA', cognitoIdentity: null, userArn: 'arn:aws:iam::123456789012:user/ann', userId: 'AIDA' } },
        time: '27/Nov/2026:01:02:03 +0000', timeEpoch: 1_795_741_323_000,
      },
      body: '{"x":1}', isBase64Encoded: false,
    });
  });

  test.each([['application/octet-stream', EVERY_BYTE], ['text/csv', LATIN_1], ['text/csv; charset=iso-8859-1', Buffer.from('Köln')]])('has bytes in base64: %s', (type, body) => {
    expect(read(apiEvent({ body, headers: { 'content-type': type } }))).toMatchObject({ body: body.toString('base64'), isBase64Encoded: true });
  });

  test('is whole for requests that came by no API: of mirrors, and of the control plane', () => {
    const inside = JSON.parse(Buffer.from(httpEvent({ alias: 'live', inferenceId: 'i', headers: new Map(), query: '', body: Buffer.from('x'), caller: { claims: {} } })).toString()) as never;
    expect(inside).toMatchObject({ requestContext: { http: { sourceIp: '127.0.0.1', userAgent: '' }, time: expect.stringMatching(/^\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000$/), accountId: 'anonymous', domainName: 'localhost' } });
  });
});

describe('what a function of the http contract returns', () => {
  const answer = (value: unknown): ReturnType<typeof httpAnswer> => httpAnswer(Buffer.from(JSON.stringify(value)));

  test.each<[string, unknown, string, string]>([
    ['JSON without a type', { statusCode: 200, body: '{"score":0.5}' }, 'application/json', '{"score":0.5}'],
    ['text without a type', { statusCode: 200, body: 'plain' }, 'text/plain; charset=utf-8', 'plain'],
    ['a value without a status', { score: 0.5 }, 'application/json', '{"score":0.5}'],
    ['a status in a text', { statusCode: '200', headers: { 'Content-Type': 'text/csv' }, body: '1,2' }, 'text/csv', '1,2'],
    ['lists of headers', { statusCode: 200, multiValueHeaders: { 'Content-Type': ['text/csv'] }, body: '1,2' }, 'text/csv', '1,2'],
    ['base64 of JSON', { statusCode: 200, body: 'eyJ4IjoxfQ==', isBase64Encoded: true }, 'application/json', '{"x":1}'],
  ])('is read as a function URL reads it: %s', (_, value, type, body) => {
    const outcome = answer(value) as Answer;
    expect([outcome.headers['content-type'], Buffer.from(outcome.body).toString()]).toEqual([type, body]);
  });

  test('has cookies in any of the three ways', () => {
    const outcome = answer({ statusCode: 200, cookies: ['a=1'], headers: { 'Set-Cookie': 'b=2' }, multiValueHeaders: { 'set-cookie': ['c=3', 'd=4'] }, body: '' }) as Answer;
    expect(outcome.cookies).toEqual(['a=1', 'b=2', 'c=3', 'd=4']);
    expect(proxyResult({ ...outcome, status: 200 }).multiValueHeaders).toEqual({ 'set-cookie': ['a=1', 'b=2', 'c=3', 'd=4'] });
  });

  test.each<[string, unknown]>([
    ['nothing', null], ['no status beside a body', { body: 'x' }], ['a status that is none', { statusCode: 99 }], ['a body that is not text', { statusCode: 200, body: { x: 1 } }],
    ['base64 that is none', { statusCode: 200, body: '###', isBase64Encoded: true }], ['a header with a new line', { statusCode: 200, headers: { 'x-own': 'a\r\nb' }, body: '' }],
    ['a header without a name', { statusCode: 200, headers: { '': 'a' }, body: '' }], ['a cookie with a new line', { statusCode: 200, cookies: ['a\nb'], body: '' }], ['a redirection', { statusCode: 307, body: '' }],
  ])('is the model\'s failure where it is no answer: %s', (_, value) => {
    expect(answer(value)).toMatchObject({ kind: 'failure', class: 'model', code: ErrorCode.MODEL_ERROR });
  });

  test('keeps what it says of a failure', () => {
    expect(answer({ statusCode: 503, body: '{"detail":"weights are loading"}' })).toMatchObject({
      code: ErrorCode.MODEL_ERROR, message: expect.stringContaining('weights are loading'), original: { status: 503, message: '{"detail":"weights are loading"}' },
    });
  });
});

describe('a stateful session', () => {
  const [first, second] = [variant('production'), variant('candidate', { role: 'candidate', version: 'abcd1234' })];
  const request = (id: string): InferenceRequest => readRequest(apiEvent({ headers: { 'X-Amzn-SageMaker-Session-Id': id } }));

  test('goes back to the version that opened it, which gets the id that it gave', () => {
    const headers = { 'x-amzn-sagemaker-new-session-id': 's-1; Expires=2026-11-27T02:00:00Z' };
    markSessions(headers, second.version);
    const [id] = headers['x-amzn-sagemaker-new-session-id'].split(';');
    // SageMaker's clients refuse other ids.
    expect(id).toMatch(/^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/);
    const again = request(id);
    expect([again.headers.get('x-amzn-sagemaker-session-id'), sessionVariant(again.session, [first, second])?.name]).toEqual(['s-1', 'candidate']);
  });

  test('leaves a version that takes no requests any more', () => {
    expect(sessionVariant(request('s-1-mr-abcd1234').session, [first, { ...second, weight: 0 }])).toBeUndefined();
    expect(sessionVariant(request('s-1-mr-abcd1234').session, [first])).toBeUndefined();
  });

  test('decides the version by its id where nothing else does', () => {
    expect(assignmentKey(request('s-1'), { source: 'inference-id' })).toBe('s-1');
    expect(assignmentKey(request('NEW_SESSION'), { source: 'inference-id' })).toBe('6a2f0c9e-0000-4000-8000-000000000001');
  });
});

describe('pages of other origins', () => {
  const reply = { status: 200, headers: { vary: 'Accept' }, body: Buffer.from('{}') };
  const plan = { origins: ['https://a.example', 'https://b.example'], credentials: true, exposed: ['X-Own'] };

  test('may read the reply with their credentials, and the headers that are exposed', () => {
    expect(withCors(reply, plan, 'https://b.example').headers).toEqual({
      vary: 'Accept, Origin', 'access-control-allow-origin': 'https://b.example', 'access-control-allow-credentials': 'true', 'access-control-expose-headers': expect.stringMatching(/x-amzn-errortype.*x-own/),
    });
  });

  test('may not if they are not named, and a cache keeps that for nobody else', () => {
    expect(withCors(reply, plan, 'https://c.example').headers).toEqual({ vary: 'Accept, Origin' });
  });

  test('are all allowed by a star', () => {
    expect(withCors(reply, { origins: ['*'], credentials: false, exposed: [] }, 'https://c.example').headers).toMatchObject({ vary: 'Accept', 'access-control-allow-origin': '*' });
    expect(withCors(reply, readCors(undefined), 'https://c.example')).toBe(reply);
  });
});
