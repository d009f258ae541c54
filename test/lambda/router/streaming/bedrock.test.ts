import type { ServerResponse } from 'node:http';
import { FinishReason } from '../../../../lib/core/generation/finish-reason';
import type { Target } from '../../../../lib/core/backends/backends';
import { Dimension, Env, finishedMetric, Metric } from '../../../../lib/core/names';
import { apiEvent, route, variant } from '../../../fixtures/serving';
import { type Asked, converseEvent, EVENT_STREAM, type Streamed, streamException, StreamingRouter } from '../../../fixtures/streaming-router';

// Two models of Bedrock behind the router: production answers, what the candidate does is up to each test.

type Model = (response: ServerResponse, asked: Asked) => void;

const target = (modelId: string): Target => ({ kind: 'bedrock', modelId, version: modelId.repeat(8), settings: { inferenceConfig: { maxTokens: 9 } }, maxRequestBytes: 6_291_456 });
const EVENTS = 'text/event-stream';
const QUESTION = JSON.stringify({ messages: [{ role: 'user', content: [{ text: 'Hello' }] }] });
const asksFor = (accept: string): ReturnType<typeof apiEvent> => apiEvent({ body: QUESTION, headers: { accept } });

const START = { messageStart: { role: 'assistant' } };
const said = (text: string): { contentBlockDelta: object } => ({ contentBlockDelta: { delta: { text }, contentBlockIndex: 0 } });
const END = [
  { contentBlockStop: { contentBlockIndex: 0 } }, { messageStop: { stopReason: 'end_turn' } },
  { metadata: { usage: { inputTokens: 11, outputTokens: 2, totalTokens: 13 }, metrics: { latencyMs: 5 } } },
];
const ANSWER = [START, said('Hel'), said('lo'), ...END];
const framesOf = (events: readonly object[]): Buffer[] =>
  events.map((event) => converseEvent(...(Object.entries(event)[0] as [string, object])));
const text = (events: readonly object[]): string => events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
const WHOLE = {
  output: { message: { role: 'assistant', content: [{ text: 'Hello' }] } }, stopReason: 'end_turn', usage: { inputTokens: 11, outputTokens: 2, totalTokens: 13 },
  metrics: { latencyMs: 5 },
};
const PRODUCTION = [START, said('production'), ...END];

const isStream = ({ request }: Asked): boolean => request.url!.endsWith('-stream');
const answers = (events: readonly object[], whole: object = WHOLE): Model => (response, asked) => {
  if (isStream(asked)) {
    response.writeHead(200, EVENT_STREAM).end(Buffer.concat(framesOf(events)));
  } else {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(whole));
  }
};

let router: StreamingRouter;
let candidate: Model;
beforeAll(async () => {
  router = await StreamingRouter.open({
    route: route([variant('production', { weight: 0, target: target('production') }), variant('candidate', { role: 'candidate', timeBudgetMs: 3_000, target: target('candidate') })]),
    model: (response, asked) => (asked.name === 'candidate' ? candidate : answers(PRODUCTION, { ...WHOLE, stopReason: 'stop_sequence' }))(response, asked),
    env: { [Env.GENERATIVE]: 'true' },
  });
});
afterAll(() => router.close());

const variantOf = (answer: Streamed): string => answer.headers['x-amzn-invoked-production-variant'];
async function counts(): Promise<{ readonly [metric: string]: number }> {
  await router.settled();
  return router.takeLog().find((line) => '_aws' in line && line[Dimension.VARIANT] === 'candidate') as never;
}

test('events come as Bedrock\'s clients have them, and their tokens are counted', async () => {
  candidate = answers(ANSWER);
  const answer = await router.call(asksFor(EVENTS));
  expect(answer).toMatchObject({ status: 200, complete: true, headers: { 'content-type': EVENTS } });
  expect([variantOf(answer), answer.body.toString()]).toEqual(['candidate', text(ANSWER)]);
  expect(await counts()).toMatchObject({
    [Metric.INVOCATIONS]: 1, [Metric.FAILURES]: 0, [Metric.MID_STREAM_ERRORS]: 0, [Metric.GENERATIONS]: 1,
    [Metric.TOKENS_IN]: 11, [Metric.TOKENS_OUT]: 2, [Metric.ESTIMATED_TOKENS]: 0,
    [Metric.FIRST_TOKEN_LATENCY]: expect.any(Number), [finishedMetric(FinishReason.STOP)]: 1,
  });
});

test('who does not ask for events gets the document', async () => {
  candidate = answers(ANSWER);
  const answer = await router.call(asksFor('application/json'));
  expect([variantOf(answer), answer.status, answer.headers['content-type'], JSON.parse(answer.body.toString())]).toEqual(['candidate', 200, 'application/json', WHOLE]);
  expect(await counts()).toMatchObject({
    [Metric.GENERATIONS]: 1, [Metric.TOKENS_IN]: 11, [Metric.TOKENS_OUT]: 2, [finishedMetric(FinishReason.STOP)]: 1,
  });
});

test('an answer that a guardrail has stopped is complete, and ends by the filter', async () => {
  candidate = answers([START, said('I cannot say that.'), { messageStop: { stopReason: 'guardrail_intervened' } }, END[2]]);
  const answer = await router.call(asksFor(EVENTS));
  expect([variantOf(answer), answer.complete]).toEqual(['candidate', true]);
  expect(await counts()).toMatchObject({
    [Metric.FAILURES]: 0, [finishedMetric(FinishReason.FILTER)]: 1, [finishedMetric(FinishReason.STOP)]: 0,
  });
});

const faults: { readonly [name: string]: (response: ServerResponse) => void } = {
  breaks: (response) => response.destroy(), ends: (response) => response.end(), 'sends garbage': (response) => response.end(Buffer.alloc(64, 0xff)),
};

test.each(Object.keys(faults))('a stream that %s anywhere is replaced before it has said anything, and ends clean after that', async (fault) => {
  const frames = framesOf(ANSWER);
  const ends = frames.map((_, index) => Buffer.concat(frames.slice(0, index + 1)).byteLength);
  const stream = Buffer.concat(frames);
  const seen = new Set<string>();
  for (let cut = 0; cut <= stream.byteLength; cut += fault === 'breaks' ? 1 : 4) {
    candidate = (response) => {
      response.writeHead(200, EVENT_STREAM).write(stream.subarray(0, cut), () => faults[fault](response));
      response.flushHeaders();
    };
    const answer = await router.call(asksFor(EVENTS));
    const body = answer.body.toString();
    const counted = await counts();
    expect([answer.status, answer.complete, answer.headers['content-type']]).toEqual([200, true, EVENTS]);
    if (variantOf(answer) === 'production') {
      expect([cut < ends[1] || fault !== 'ends', body]).toEqual([true, text(PRODUCTION)]);
      expect(counted).toMatchObject({ [Metric.FAILURES]: 1, [Metric.FALLBACKS]: 1 });
      seen.add('replaced');
    } else if (counted[Metric.FAILURES] === 0) {
      // The reason of the end is there; without the last event only the tokens are not.
      expect([fault !== 'breaks', cut >= ends[4], text(ANSWER).startsWith(body)]).toEqual([true, true, true]);
      seen.add('whole');
    } else {
      const [whole, error] = body.split('event: error\n');
      expect([cut >= ends[1], ANSWER.some((_, index) => text(ANSWER.slice(0, index + 1)) === whole)]).toEqual([true, true]);
      expect(error).toMatch(/^data: \{"error":\{"code":"[A-Z_]+","message":"[^\n]+","inferenceId":"[^"]+"\}\}\n\n$/);
      expect(counted).toMatchObject({ [Metric.MID_STREAM_ERRORS]: 1, [Metric.FALLBACKS]: 0 });
      seen.add('broken');
    }
  }
  expect([...seen].sort()).toEqual(expect.arrayContaining(['broken', 'replaced']));
});

test.each<[string, string]>([
  ['modelStreamErrorException', 'MODEL_ERROR'], ['internalServerException', 'BACKEND_UNAVAILABLE'], ['throttlingException', 'THROTTLED'], ['serviceUnavailableException', 'BACKEND_UNAVAILABLE'],
  ['validationException', 'MODEL_ERROR'],
])('%s replaces the candidate before its first words, and ends its answer after them', async (type, code) => {
  const broken = streamException(type, { message: 'no more' });
  candidate = (response) => void response.writeHead(200, EVENT_STREAM).end(Buffer.concat([...framesOf([START]), broken]));
  const before = await router.call(asksFor(EVENTS));
  expect([variantOf(before), before.body.toString()]).toEqual(['production', text(PRODUCTION)]);
  expect(await counts()).toMatchObject({ [Metric.FAILURES]: 1, [Metric.FALLBACKS]: 1 });
  candidate = (response) => void response.writeHead(200, EVENT_STREAM).end(Buffer.concat([...framesOf([START, said('Hel')]), broken]));
  const after = await router.call(asksFor(EVENTS));
  expect([variantOf(after), after.body.toString()]).toEqual(['candidate', expect.stringContaining(`event: error\ndata: {"error":{"code":"${code}"`)]);
  expect(await counts()).toMatchObject({ [Metric.FAILURES]: 1, [Metric.MID_STREAM_ERRORS]: 1 });
});

test('a document that breaks at any byte is replaced', async () => {
  const bytes = Buffer.from(JSON.stringify(WHOLE));
  for (let cut = 0; cut < bytes.byteLength; cut++) {
    candidate = (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.byteLength }).write(bytes.subarray(0, cut), () => response.destroy());
      response.flushHeaders();
    };
    const answer = await router.call(asksFor('application/json'));
    expect([variantOf(answer), answer.status, (JSON.parse(answer.body.toString()) as { stopReason: string }).stopReason]).toEqual(['production', 200, 'stop_sequence']);
    expect(await counts()).toMatchObject({ [Metric.FAILURES]: 1, [Metric.FALLBACKS]: 1 });
  }
});

test('what production refuses too is the caller\'s mistake, what only the candidate refuses is its failure', async () => {
  candidate = (response) => void response.writeHead(400, { 'content-type': 'application/json', 'x-amzn-errortype': 'ValidationException' }).end('{"message":"This model doesn\'t support tool use."}');
  expect(variantOf(await router.call(asksFor(EVENTS)))).toBe('production');
  expect(await counts()).toMatchObject({ [Metric.FAILURES]: 1, [Metric.FALLBACKS]: 1 });
  const answer = await router.call(apiEvent({ body: '{"prompt":"Hello"}' }));
  expect([answer.status, answer.body.toString()]).toEqual([400, expect.stringContaining('it may have messages, system')]);
  expect(await counts()).toMatchObject({ [Metric.FAILURES]: 0 });
});

test('a caller who leaves stops the model\'s work, and counts for nobody', async () => {
  const closed = new Promise<void>((resolve) => {
    candidate = (response) => {
      response.on('close', resolve);
      response.writeHead(200, EVENT_STREAM).write(Buffer.concat(framesOf([START, said('Hel')])));
    };
  });
  await router.call(asksFor(EVENTS), (bytes) => !bytes.includes('Hel'));
  await closed;
  expect(await counts()).toBeUndefined();
});
