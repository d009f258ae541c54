import type { IncomingMessage, ServerResponse } from 'node:http';
import { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import fc from 'fast-check';
import { BedrockBackend } from '../../../../lambda/shared/backends/bedrock';
import type { Answer, Outcome } from '../../../../lambda/shared/http/outcome';
import type { InferenceRequest } from '../../../../lambda/shared/http/request';
import type { BedrockTarget } from '../../../../lib/core/backends/bedrock';
import { serveHttp } from '../../../fixtures/serving';

// Bedrock's own client, in front of a server that answers as Bedrock's API is described.

type Server = (request: IncomingMessage, body: { readonly [member: string]: unknown }, response: ServerResponse) => void;

const servers: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const target = (overrides: Partial<BedrockTarget> = {}): BedrockTarget => ({
  kind: 'bedrock', modelId: 'eu.amazon.nova-lite-v1:0', version: 'd'.repeat(64), settings: {}, maxRequestBytes: 6_291_456, ...overrides,
});

async function reached(handle: Server): Promise<BedrockBackend> {
  const server = await serveHttp((request, body, response) =>
    handle(request, body.byteLength === 0 ? {} : JSON.parse(body.toString()) as never, response));
  servers.push(server);
  return new BedrockBackend(new BedrockRuntimeClient({
    endpoint: server.url, region: 'eu-west-1', maxAttempts: 1, credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, requestHandler: new NodeHttpHandler(),
  }));
}

const request = (body: object | string, headers: { [name: string]: string } = {}): InferenceRequest => ({
  alias: 'live', inferenceId: 'id-1', headers: new Map(Object.entries({ 'content-type': 'application/json', ...headers })), query: '',
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), caller: { claims: {} },
});

const HELLO = { messages: [{ role: 'user', content: [{ text: 'Hello' }] }] };
const ANSWER = {
  output: { message: { role: 'assistant', content: [{ text: 'Hi' }, { reasoningContent: { redactedContent: 'AAEC' } }] } }, stopReason: 'end_turn',
  usage: { inputTokens: 3, outputTokens: 1, totalTokens: 4 }, metrics: { latencyMs: 7 },
};
const refusal = (status: number, type: string, message: string): Server => (_, __, response) =>
  void response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': type }).end(JSON.stringify({ message }));
const invoke = (backend: BedrockBackend, given = request(HELLO), signal = new AbortController().signal): Promise<Outcome> =>
  backend.invoke(target(), given, signal);

test('a question is sent as it is on Bedrock\'s wire, bytes and free JSON included, and the answer comes back so', async () => {
  let [path, sent]: [string, unknown] = ['', undefined];
  const backend = await reached((asked, body, response) => {
    [path, sent] = [asked.url!, body];
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(ANSWER));
  });
  const content = [
    { image: { format: 'png', source: { bytes: 'AAECAw==' } } },
    { toolUse: { toolUseId: 't', name: 'n', input: { bytes: 'AAEC', id: 1, share: 0.1, none: null, list: [{ a: 'b' }] } } },
    { aKindOfTomorrow: { of: 'block' } },
  ];
  const outcome = await invoke(backend, request({ messages: [{ role: 'user', content }] }));
  expect(decodeURIComponent(path)).toBe('/model/eu.amazon.nova-lite-v1:0/converse');
  expect(sent).toEqual({ messages: [{ role: 'user', content }], requestMetadata: { 'model-rollout-version': 'd'.repeat(64), 'model-rollout-inference-id': 'id-1' } });
  expect(outcome).toMatchObject({ kind: 'answer', status: 200, headers: { 'content-type': 'application/json' } });
  expect(JSON.parse(Buffer.from((outcome as Answer).body).toString())).toEqual(ANSWER);
});

test('settings of the version stay as they are in the route', async () => {
  const settings = Object.freeze({ toolConfig: Object.freeze({ tools: Object.freeze([Object.freeze({ toolSpec: { name: 'n', inputSchema: { json: {} } } })]) }) });
  let sent: unknown;
  const backend = await reached((_, body, response) => {
    sent = body.toolConfig;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(ANSWER));
  });
  await backend.invoke(target({ settings }), request(HELLO), new AbortController().signal);
  expect(sent).toEqual(settings.toolConfig);
});

test.each<[string, number, string, string, string, string]>([
  ['throttling', 429, 'ThrottlingException', 'Too many tokens', 'throttle', 'THROTTLED'],
  ['a quota that is used up', 400, 'ServiceQuotaExceededException', 'quota', 'throttle', 'THROTTLED'],
  ['a model that is not ready', 429, 'ModelNotReadyException', 'm', 'throttle', 'MODEL_NOT_READY'],
  ['a question that it cannot take', 400, 'ValidationException', 'messages.1: roles must alternate', 'caller', 'MALFORMED_REQUEST'],
  ['a model that is none', 400, 'ValidationException', 'The provided model identifier is invalid.', 'gone', 'BACKEND_UNAVAILABLE'],
  ['a model that only a profile has', 400, 'ValidationException', 'Invocation of model ID m with on-demand throughput isn’t supported.', 'gone', 'BACKEND_UNAVAILABLE'],
  ['a guardrail that is none', 400, 'ValidationException', 'The guardrail identifier or version provided in the request does not exist.', 'gone', 'BACKEND_UNAVAILABLE'],
  ['no permission', 403, 'AccessDeniedException', 'not authorized to perform: bedrock:InvokeModel', 'gone', 'BACKEND_UNAVAILABLE'],
  ['a model that is gone', 404, 'ResourceNotFoundException', 'end of its life', 'gone', 'BACKEND_UNAVAILABLE'],
  ['a model that takes too long', 408, 'ModelTimeoutException', 'm', 'timeout', 'TIMEOUT'],
  ['a model that fails', 424, 'ModelErrorException', 'the model broke', 'model', 'MODEL_ERROR'],
  ['a service that fails', 500, 'InternalServerException', 'm', 'backend', 'BACKEND_UNAVAILABLE'],
  ['a service that is not there', 503, 'ServiceUnavailableException', 'm', 'backend', 'BACKEND_UNAVAILABLE'],
])('%s is told apart, asked for the whole and for events', async (_, status, type, message, failed, code) => {
  const backend = await reached(refusal(status, type, message));
  for (const accept of ['application/json', 'text/event-stream']) {
    expect(await invoke(backend, request(HELLO, { accept }))).toMatchObject({ kind: 'failure', class: failed, code });
  }
});

test('a model of another kind of body, or of a body that is not JSON, is not asked', async () => {
  const backend = await reached(() => { throw new Error('asked'); });
  expect(await invoke(backend, request('a,b', { 'content-type': 'text/csv' }))).toMatchObject({ class: 'caller', code: 'UNSUPPORTED_MEDIA_TYPE' });
  expect(await invoke(backend, request('{'))).toMatchObject({ class: 'caller', code: 'MALFORMED_REQUEST' });
});

test('no body whatever makes a failure of the version of what is the caller\'s', async () => {
  const backend = await reached((_, __, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(ANSWER)));
  const block = fc.dictionary(fc.constantFrom('text', 'image', 'toolUse', 'document', 'toolResult', 'cachePoint'), fc.jsonValue());
  const message = fc.record({ role: fc.jsonValue(), content: fc.array(block, { maxLength: 3 }) });
  await fc.assert(fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 3 }), async (messages) => {
    const outcome = await invoke(backend, request({ messages }));
    expect(outcome.kind === 'answer' ? 'caller' : outcome.class).toBe('caller');
  }), { numRuns: 300 });
});

test('a call that has no time left is one that timed out', async () => {
  const backend = await reached(() => undefined);
  expect(await invoke(backend, request(HELLO), AbortSignal.timeout(50))).toMatchObject({ class: 'timeout' });
});

describe('whether a version can be asked', () => {
  test.each<[string, Server, RegExp | undefined]>([
    ['where only the empty question is refused', refusal(400, 'ValidationException', 'The content field in the Message object at messages.0 is empty.'), undefined],
    ['where nobody answers just now', refusal(503, 'ServiceUnavailableException', 'm'), undefined],
    ['without permission', refusal(403, 'AccessDeniedException', 'not authorized'), /^eu\.amazon\.nova-lite-v1:0: AccessDeniedException: not authorized$/],
    ['without access to the model', refusal(404, 'ResourceNotFoundException', 'Model use case details have not been submitted'), /use case details/],
    ['with a model that is none', refusal(400, 'ValidationException', 'The provided model identifier is invalid.'), /identifier is invalid/],
  ])('%s', async (_, server, problem) => {
    expect(await (await reached(server)).probe(target())).toEqual(problem === undefined ? undefined : expect.stringMatching(problem));
  });

  test('is asked with what costs nothing', async () => {
    let sent: unknown;
    await (await reached((_, body, response) => {
      sent = body.messages;
      refusal(400, 'ValidationException', 'empty')(_, body, response);
    })).probe(target());
    expect(sent).toEqual([{ role: 'user', content: [] }]);
  });
});
