import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import OpenAI, { APIError, AuthenticationError, BadRequestError, InternalServerError, NotFoundError, RateLimitError } from 'openai';
import type { Target } from '../../../../lib/core/backends/backends';
import { Dimension, Metric } from '../../../../lib/core/names';
import { type ChatFront, KEY, openChatFront } from '../../../fixtures/chat-front';
import { route, serveHttp, variant } from '../../../fixtures/serving';
import { type Asked, converseEvent, EVENT_STREAM, streamException } from '../../../fixtures/streaming-router';

// The client that OpenAI publishes, as it is, against the router's bundle: it needs another base URL and key, and nothing else.

type Model = (response: ServerResponse, body: { readonly stream?: boolean }, request: IncomingMessage) => void;

const http = (url: string): Target => ({ kind: 'http', url: `${url}/v1/chat/completions`, maxRequestBytes: 6_291_456 });
const bedrock: Target = { kind: 'bedrock', modelId: 'nova', version: 'digest', settings: {}, maxRequestBytes: 6_291_456 };
const EVENTS = { 'content-type': 'text/event-stream' };
const JSON_TYPE = { 'content-type': 'application/json' };
const chunk = (delta: object, finish: string | null = null, more: object = {}): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }], ...more })}\n\n`;
const completion = (content: string): string => JSON.stringify({
  id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
});
const says = (...texts: string[]): Model => (response, { stream }) => void (stream === true
  ? response.writeHead(200, EVENTS).end(`${texts.map((content) => chunk({ content })).join('')}${chunk({}, 'stop')}data: [DONE]\n\n`)
  : response.writeHead(200, JSON_TYPE).end(completion(texts.join(''))));

let production: Model;
let candidate: Model;
let converse: (response: ServerResponse, asked: Asked) => void;
let front: ChatFront;
let client: OpenAI;
const servers: { close: () => Promise<void> }[] = [];

beforeAll(async () => {
  const serve = async (model: () => Model): Promise<string> => {
    const server = await serveHttp((request, body, response) => model()(response, JSON.parse(body.toString()), request));
    servers.push(server);
    return server.url;
  };
  front = await openChatFront({
    route: route([
      variant('production', { weight: 0, target: http(await serve(() => production)) }),
      variant('candidate', { role: 'candidate', target: http(await serve(() => candidate)) }),
    ]),
    model: () => {},
  });
  client = new OpenAI({ baseURL: `${front.api.url}/v1`, apiKey: KEY, maxRetries: 0 });
});
afterAll(async () => {
  await front.close();
  await Promise.all(servers.map(({ close }) => close()));
});
beforeEach(() => {
  production = says('pro', 'duction');
  candidate = says('can', 'didate');
  front.api.throttled = false;
});

const messages = [{ role: 'user' as const, content: 'Hi' }];
const whole = (model = 'live'): Promise<OpenAI.ChatCompletion> => client.chat.completions.create({ model, messages });
const errorOf = async (asked: PromiseLike<unknown>): Promise<APIError> => Promise.resolve(asked).then(() => { throw new Error('no error'); }, (error: APIError) => error);
async function streamed(asker = client): Promise<string> {
  let said = '';
  for await (const { choices: [choice] } of await asker.chat.completions.create({ model: 'live', messages, stream: true })) {
    said += choice?.delta.content ?? '';
  }
  return said;
}
async function counted(): Promise<{ readonly [name: string]: unknown }> {
  await front.router.settled();
  return front.router.takeLog().findLast((line) => '_aws' in line && line[Dimension.VARIANT] === 'candidate')!;
}

describe('a model that speaks the shape', () => {
  test('answers as a whole, and the client knows the inference id', async () => {
    const answer = await whole();
    expect(answer.choices[0].message.content).toBe('candidate');
    expect(answer).toHaveProperty('_request_id', expect.stringMatching(/^request-\d+$/));
    expect(await counted()).toMatchObject({ [Metric.TOKENS_IN]: 3, [Metric.TOKENS_OUT]: 2 });
  });

  test('answers in parts, as they come', async () => {
    let goOn = (): void => {};
    candidate = (response) => {
      response.writeHead(200, EVENTS).write(chunk({ content: 'first' }));
      goOn = () => void response.end(`${chunk({ content: ' last' })}${chunk({}, 'stop')}data: [DONE]\n\n`);
    };
    const parts: (string | null | undefined)[] = [];
    for await (const { choices: [{ delta }] } of await client.chat.completions.create({ model: 'live', messages, stream: true })) {
      parts.push(delta.content);
      // Nothing more comes from the model before the first part has arrived here.
      goOn();
    }
    expect(parts).toEqual(['first', ' last', undefined]);
  });

  test('gets the request as it was sent, and no credentials', async () => {
    const asked: { body?: unknown; headers?: unknown } = {};
    candidate = (response, body, request) => {
      Object.assign(asked, { body, headers: request.headers });
      response.writeHead(200, JSON_TYPE).end(completion('ok'));
    };
    const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: { type: 'object' } } }];
    await client.chat.completions.create({ model: 'live', messages, tools, seed: 7 });
    expect(asked.body).toEqual({ model: 'live', messages, tools, seed: 7 });
    expect(JSON.stringify(asked.headers)).not.toContain(KEY);
  });

  test('tells of a mistake in its own words, or in ours where it has others', async () => {
    const refuse = (body: object): Model => (response) => void response.writeHead(400, JSON_TYPE).end(JSON.stringify(body));
    production = candidate = refuse({ error: { message: 'too long', type: 'invalid_request_error', param: 'messages', code: 'context_length_exceeded' } });
    expect(await errorOf(whole())).toMatchObject({ constructor: BadRequestError, code: 'context_length_exceeded', param: 'messages' });
    production = candidate = refuse({ detail: 'nonsense' });
    expect(await errorOf(whole())).toMatchObject({
      constructor: BadRequestError, code: 'REFUSED_BY_MODEL', type: 'invalid_request_error', message: expect.stringContaining('nonsense') as string,
    });
  });

  test('embeds', async () => {
    candidate = (response) => void response.writeHead(200, JSON_TYPE).end(JSON.stringify({
      object: 'list', model: 'm', data: [{ object: 'embedding', index: 0, embedding: [0.25, 0.5] }], usage: { prompt_tokens: 1, total_tokens: 1 },
    }));
    const { data: [{ embedding }] } = await client.embeddings.create({ model: 'live', input: 'Hi', encoding_format: 'float' });
    expect(embedding).toEqual([0.25, 0.5]);
  });
});

test('aliases are the models', async () => {
  expect((await client.models.list()).data).toEqual([{ id: 'live', object: 'model', created: 0, owned_by: 'fraud' }]);
  expect(await client.models.retrieve('live')).toMatchObject({ id: 'live' });
  expect(await errorOf(client.models.retrieve('other'))).toMatchObject({ constructor: NotFoundError, code: 'ALIAS_NOT_FOUND', param: 'model' });
});

describe('what is refused', () => {
  test('a wrong key, and none', async () => {
    for (const apiKey of ['sk-of-nobody-0123456789', 'short']) {
      const error = await errorOf(new OpenAI({ baseURL: `${front.api.url}/v1`, apiKey, maxRetries: 0 }).models.list());
      expect(error).toMatchObject({ constructor: AuthenticationError, status: 401, code: 'UNAUTHORIZED', type: 'authentication_error' });
    }
  });

  test('a model that is no alias', async () => {
    const unknown = { constructor: NotFoundError, status: 404, code: 'ALIAS_NOT_FOUND', param: 'model', type: 'invalid_request_error' };
    expect(await errorOf(whole('gpt-4'))).toMatchObject(unknown);
    expect(await errorOf(client.chat.completions.create({ model: 'gpt-4', messages, stream: true }))).toMatchObject(unknown);
    expect(await errorOf(client.embeddings.create({ model: 'gpt-4', input: 'Hi' }))).toMatchObject(unknown);
    expect(await errorOf(client.models.retrieve('gpt-4'))).toMatchObject({ constructor: NotFoundError, code: 'ALIAS_NOT_FOUND' });
  });

  test('a body without a model', async () => {
    expect(await errorOf(client.post('/chat/completions', { body: { messages } }))).toMatchObject({
      constructor: BadRequestError, code: 'MALFORMED_REQUEST', param: 'model', type: 'invalid_request_error',
    });
  });

  test('more requests than the API takes', async () => {
    front.api.throttled = true;
    const error = await errorOf(whole());
    expect(error).toMatchObject({ constructor: RateLimitError, code: 'THROTTLED', type: 'rate_limit_error' });
    expect(error.headers!.get('retry-after')).toBe('1');
  });

  test('more requests than the model takes', async () => {
    production = candidate = (response) => void response.writeHead(429, JSON_TYPE).end('{}');
    expect(await errorOf(whole())).toMatchObject({ constructor: RateLimitError, code: 'THROTTLED', type: 'rate_limit_error' });
  });
});

describe('a model that fails', () => {
  const broken: Model = (response) => void response.writeHead(500, JSON_TYPE).end('{}');

  test('is replaced by production until its first token', async () => {
    candidate = broken;
    expect((await whole()).choices[0].message.content).toBe('production');
    await counted();
    candidate = (response) => {
      response.writeHead(200, EVENTS).write(': wait\n\n', () => response.destroy());
    };
    expect(await streamed()).toBe('production');
    expect(await counted()).toMatchObject({ [Metric.FALLBACKS]: 1 });
  });

  test('is a failure of the server where production fails as well', async () => {
    production = candidate = broken;
    expect(await errorOf(whole())).toMatchObject({ constructor: InternalServerError, status: 502, code: 'MODEL_ERROR', type: 'server_error' });
  });

  test('after its first token ends the stream with an error', async () => {
    candidate = (response) => {
      response.writeHead(200, EVENTS).write(chunk({ content: 'half' }), () => setImmediate(() => response.destroy()));
    };
    const error = await errorOf(streamed());
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE', type: 'server_error', param: null });
    expect(await counted()).toMatchObject({ [Metric.MID_STREAM_ERRORS]: 1 });
  });
});

test('a caller who leaves ends the model\'s work', async () => {
  let left: Promise<unknown> = Promise.resolve();
  candidate = (response) => {
    left = once(response, 'close');
    response.writeHead(200, EVENTS);
    const timer = setInterval(() => response.write(chunk({ content: 'more ' })), 5);
    response.once('close', () => clearInterval(timer));
  };
  const stream = await client.chat.completions.create({ model: 'live', messages, stream: true });
  for await (const _ of stream) {
    break;
  }
  await left;
  await front.router.settled();
});

describe('a model of Bedrock', () => {
  let own: ChatFront;
  let asker: OpenAI;
  beforeAll(async () => {
    own = await openChatFront({
      route: route([variant('production', { target: bedrock })]),
      model: (response, asked) => converse(response, asked),
    });
    asker = new OpenAI({ baseURL: `${own.api.url}/v1`, apiKey: KEY, maxRetries: 0 });
  });
  afterAll(() => own.close());

  const events = (...list: object[]): Buffer =>
    Buffer.concat(list.map((event) => converseEvent(...(Object.entries(event)[0] as [string, object]))));
  const USAGE = { inputTokens: 11, outputTokens: 5, totalTokens: 16 };
  const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } }];

  test('answers as a whole, with tools', async () => {
    let asked: unknown;
    converse = (response, { body }) => {
      asked = JSON.parse(body.toString());
      response.writeHead(200, JSON_TYPE).end(JSON.stringify({
        output: { message: { role: 'assistant', content: [{ text: 'Let me see.' }, { toolUse: { toolUseId: 't1', name: 'weather', input: { city: 'Ulm' } } }] } },
        stopReason: 'tool_use', usage: USAGE, metrics: { latencyMs: 1 },
      }));
    };
    const answer = await asker.chat.completions.create({
      model: 'live', messages: [{ role: 'system', content: 'Be brief.' }, ...messages], tools, tool_choice: 'auto', max_tokens: 50, temperature: 0.5,
    });
    expect(answer.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { content: 'Let me see.', tool_calls: [{ id: 't1', type: 'function', function: { name: 'weather', arguments: '{"city":"Ulm"}' } }] },
    });
    expect(answer.usage).toMatchObject({ prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 });
    expect(asked).toMatchObject({
      system: [{ text: 'Be brief.' }], messages: [{ role: 'user', content: [{ text: 'Hi' }] }],
      inferenceConfig: { maxTokens: 50, temperature: 0.5 }, toolConfig: { tools: [{ toolSpec: { name: 'weather' } }], toolChoice: { auto: {} } },
    });
  });

  test('answers in parts, with calls of tools and usage', async () => {
    converse = (response) => void response.writeHead(200, EVENT_STREAM).end(events(
      { messageStart: { role: 'assistant' } }, { contentBlockDelta: { delta: { text: 'Let me see.' }, contentBlockIndex: 0 } },
      { contentBlockStart: { start: { toolUse: { toolUseId: 't1', name: 'weather' } }, contentBlockIndex: 1 } },
      { contentBlockDelta: { delta: { toolUse: { input: '{"city":' } }, contentBlockIndex: 1 } },
      { contentBlockDelta: { delta: { toolUse: { input: '"Ulm"}' } }, contentBlockIndex: 1 } },
      { messageStop: { stopReason: 'tool_use' } }, { metadata: { usage: USAGE, metrics: { latencyMs: 1 } } },
    ));
    const { choices: [{ message, finish_reason: reason }], usage } = await asker.chat.completions
      .stream({ model: 'live', messages, tools, stream_options: { include_usage: true } }).finalChatCompletion();
    expect([message.content, reason, usage]).toEqual(['Let me see.', 'tool_calls', expect.objectContaining({ prompt_tokens: 11, completion_tokens: 5 })]);
    expect(message.tool_calls).toMatchObject([{ id: 't1', function: { name: 'weather', arguments: '{"city":"Ulm"}' } }]);
    // Its tokens are counted also where the caller does not ask for usage.
    await own.router.settled();
    own.router.takeLog();
    expect(await streamed(asker)).toBe('Let me see.');
    await own.router.settled();
    expect(own.router.takeLog().find((line) => '_aws' in line)).toMatchObject({ [Metric.TOKENS_IN]: 11, [Metric.TOKENS_OUT]: 5, [Metric.ESTIMATED_TOKENS]: 0 });
  });

  test('that breaks after its first token ends the stream with an error', async () => {
    converse = (response) => void response.writeHead(200, EVENT_STREAM).end(Buffer.concat([
      events({ messageStart: { role: 'assistant' } }, { contentBlockDelta: { delta: { text: 'half' }, contentBlockIndex: 0 } }),
      streamException('modelStreamErrorException', { message: 'broke' }),
    ]));
    expect(await errorOf(streamed(asker))).toMatchObject({ type: 'server_error', param: null, code: expect.stringMatching(/^[A-Z_]+$/) as string });
  });

  test('is not asked what Converse cannot express', async () => {
    expect(await errorOf(asker.chat.completions.create({ model: 'live', messages, n: 2 }))).toMatchObject({
      constructor: BadRequestError, code: 'MALFORMED_REQUEST', param: 'n', message: expect.stringContaining('leave it out') as string,
    });
  });
});
