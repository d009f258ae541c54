import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { finishReasonOf } from '../../../../lib/core/generation/finish-reason';
import { finishedMetric, Metric } from '../../../../lib/core/names';
import { GENERATED, type GeneratedAnswer } from '../../../fixtures/generated-answers';
import { apiEvent, route, serveHttp, variant } from '../../../fixtures/serving';
import { EVENT_STREAM, payloadPart, StreamingRouter } from '../../../fixtures/streaming-router';

// The clients that makers publish read answers through the router's bundle: what they tell their users of tokens and ends is what the
// router counts. So the answers of the other tests are such as these clients take.

let router: StreamingRouter;
let front: { url: string; close: () => Promise<void> };
let current: GeneratedAnswer;

beforeAll(async () => {
  router = await StreamingRouter.open({
    route: route([variant('production', { target: { kind: 'sagemaker', endpointName: 'production', maxRequestBytes: 6_291_456 } })]),
    env: { MODEL_ROLLOUT_GENERATIVE: 'true' },
    model: (response) =>
      void response.writeHead(200, { ...EVENT_STREAM, 'x-amzn-sagemaker-content-type': current.type }).end(payloadPart(current.body)),
  });
  // In the place of API Gateway.
  front = await serveHttp((_request, body, response) => {
    void router.call(apiEvent({ body: body.toString() }))
      .then(({ status, headers, body: answer }) => response.writeHead(status, headers).end(answer));
  });
});
afterAll(async () => {
  await front.close();
  await router.close();
});

/** What a client and the router make of an answer. */
async function readBy(client: Client, answer: GeneratedAnswer): Promise<{ read: Read; counted: { readonly [name: string]: unknown } }> {
  current = answer;
  const read = await client(answer, front.url);
  await router.settled();
  return { read, counted: router.takeLog().find((line) => '_aws' in line)! };
}

interface Read {
  readonly text: string;
  readonly word?: string | null;
  readonly tokensIn?: number;
  readonly tokensOut?: number;
}

type Client = (answer: GeneratedAnswer, baseURL: string) => Promise<Read>;

const named = (words: RegExp): GeneratedAnswer[] => GENERATED.filter(({ name }) => words.test(name));
const messages = [{ role: 'user' as const, content: 'Hi' }];

async function chat({ type }: GeneratedAnswer, baseURL: string): Promise<Read> {
  const client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });
  if (type === 'application/json') {
    const { choices: [{ message, finish_reason: word }], usage } = await client.chat.completions.create({ model: 'm', messages });
    return { text: message.content ?? '', word, tokensIn: usage?.prompt_tokens, tokensOut: usage?.completion_tokens };
  }
  const stream = await client.chat.completions.create({ model: 'm', messages, stream: true, stream_options: { include_usage: true } });
  let read: Read = { text: '' };
  for await (const { choices: [choice], usage } of stream) {
    read = {
      text: read.text + (choice?.delta.content ?? ''),
      word: choice?.finish_reason ?? read.word,
      tokensIn: usage?.prompt_tokens ?? read.tokensIn,
      tokensOut: usage?.completion_tokens ?? read.tokensOut,
    };
  }
  return read;
}

async function responses({ type }: GeneratedAnswer, baseURL: string): Promise<Read> {
  const client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });
  const readOf = ({ status, incomplete_details: details, output, usage }: OpenAI.Responses.Response, text?: string): Read => ({
    text: text ?? output.flatMap((item) => (item.type === 'message' ? item.content : [])).map((part) => (part.type === 'output_text' ? part.text : '')).join(''),
    word: details?.reason ?? (output.some((item) => item.type === 'function_call') ? 'function_call' : status),
    tokensIn: usage?.input_tokens,
    tokensOut: usage?.output_tokens,
  });
  if (type === 'application/json') {
    return readOf(await client.responses.create({ model: 'm', input: 'Hi' }));
  }
  let [text, read]: [string, Read] = ['', { text: '' }];
  for await (const event of await client.responses.create({ model: 'm', input: 'Hi', stream: true })) {
    text += event.type === 'response.output_text.delta' ? event.delta : '';
    read = event.type === 'response.completed' ? readOf(event.response, text) : read;
  }
  return read;
}

async function anthropic({ type }: GeneratedAnswer, baseURL: string): Promise<Read> {
  const client = new Anthropic({ baseURL, apiKey: 'none', maxRetries: 0 });
  const given = { model: 'm', max_tokens: 100, messages };
  const { content, stop_reason: word, usage } = type === 'application/json'
    ? await client.messages.create(given)
    : await client.messages.stream(given).finalMessage();
  return {
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    word,
    tokensIn: usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0),
    tokensOut: usage.output_tokens,
  };
}

test.each<[string, Client, GeneratedAnswer]>([
  ...named(/^(OpenAI chat|vLLM)/).map((answer): [string, Client, GeneratedAnswer] => [answer.name, chat, answer]),
  ...named(/^OpenAI responses/).map((answer): [string, Client, GeneratedAnswer] => [answer.name, responses, answer]),
  ...named(/^Anthropic/).map((answer): [string, Client, GeneratedAnswer] => [answer.name, anthropic, answer]),
])('%s: the maker\'s client and the router read the same', async (_, client, answer) => {
  const { read, counted } = await readBy(client, answer);
  expect(read.text).toBe(answer.known.text);
  expect(counted[finishedMetric(finishReasonOf(read.word!))]).toBe(1);
  const told = read.tokensIn !== undefined && read.tokensOut !== undefined;
  expect(counted[Metric.ESTIMATED_TOKENS]).toBe(Number(!told));
  if (told) {
    expect([counted[Metric.TOKENS_IN], counted[Metric.TOKENS_OUT]]).toEqual([read.tokensIn, read.tokensOut]);
  }
});
