import { FinishReason } from '../../../../lib/core/generation/finish-reason';
import {
  Dimension, finishedMetric, MEASURED_FIRST_TOKENS, MEASURED_GENERATIONS, MEASURED_REQUESTS, Metric, schemaMetric, slowMetric, sumMetric,
} from '../../../../lib/core/names';
import type { Route } from '../../../../lib/core/routing/route';
import { GENERATED } from '../../../fixtures/generated-answers';
import { apiEvent, route, variant } from '../../../fixtures/serving';
import { EVENT_STREAM, payloadPart, streamException, type Streamed, StreamingRouter, type StreamingRouterOptions } from '../../../fixtures/streaming-router';

const GENERATIVE = { MODEL_ROLLOUT_GENERATIVE: 'true' };
const sageMaker = (name: string, overrides: Partial<Route['variants'][number]> = {}): Route['variants'][number] =>
  variant(name, { target: { kind: 'sagemaker', endpointName: name, maxRequestBytes: 6_291_456 }, ...overrides });
const head = (type: string): { [name: string]: string } => ({ ...EVENT_STREAM, 'x-amzn-sagemaker-content-type': type });

interface Counted { readonly [name: string]: unknown }

/** Answers of one router, each with what was counted of it. */
async function answersOf(
  count: number,
  { bodies = [], ...options }: Pick<StreamingRouterOptions, 'model'> & Partial<StreamingRouterOptions> & { readonly bodies?: readonly string[] },
): Promise<{ answer: Streamed; lines: Counted[] }[]> {
  const router = await StreamingRouter.open({ route: route([sageMaker('production')]), env: GENERATIVE, ...options });
  try {
    const answers: { answer: Streamed; lines: Counted[] }[] = [];
    for (let sent = 0; sent < count; sent++) {
      const answer = await router.call(apiEvent({ body: bodies[sent] ?? '{"prompt":"Hi there"}' }));
      await router.settled();
      answers.push({ answer, lines: router.takeLog().filter((line) => '_aws' in line) });
    }
    return answers;
  } finally {
    await router.close();
  }
}

test('the router counts what models say of their answers, in whatever shape they say it, and passes the answers on as they are', async () => {
  let asked = 0;
  const answers = await answersOf(GENERATED.length, {
    model: (response) => {
      const { type, body } = GENERATED[asked++];
      // In parts of three bytes: events and characters are divided.
      const bytes = Buffer.from(body);
      const parts = Array.from({ length: Math.ceil(bytes.length / 3) }, (_, part) => payloadPart(bytes.subarray(3 * part, 3 * part + 3)));
      response.writeHead(200, head(type)).end(Buffer.concat(parts));
    },
  });
  answers.forEach(({ answer, lines }, index) => {
    const { name, body, type, known: { tokensIn = 6, tokensOut, estimated, finish } } = GENERATED[index];
    expect([name, answer.complete, answer.body.toString()]).toEqual([name, true, body]);
    const [counted] = lines;
    expect([name, counted]).toEqual([name, expect.objectContaining({
      [Metric.INVOCATIONS]: 1, [Metric.FAILURES]: 0, [Metric.GENERATIONS]: 1,
      [Metric.TOKENS_IN]: tokensIn, [Metric.TOKENS_OUT]: tokensOut, [Metric.ESTIMATED_TOKENS]: Number(estimated),
    })]);
    expect(Object.values(FinishReason).filter((reason) => counted[finishedMetric(reason)] === 1)).toEqual([finish]);
    // An answer that is one document has no first token that its caller could see.
    expect(Metric.FIRST_TOKEN_LATENCY in counted).toBe(type !== 'application/json');
  });
});

test('times are the model\'s: to the first token, and from one to the next', async () => {
  const event = (text: string, usage?: object): Buffer => payloadPart(`data: ${JSON.stringify({ choices: [{ delta: { content: text }, finish_reason: usage && 'stop' }], usage })}\n\n`);
  const [{ lines: [counted] }] = await answersOf(1, {
    model: (response) => {
      response.writeHead(200, head('text/event-stream'));
      response.write(payloadPart('data: {"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n'));
      let sent = 0;
      const next = (): void => {
        sent++;
        response.write(event('word', sent === 6 ? { prompt_tokens: 2, completion_tokens: 6 } : undefined));
        if (sent === 6) {
          response.end();
        } else {
          setTimeout(next, 40);
        }
      };
      setTimeout(next, 200);
    },
  });
  // Timers are never early; a busy machine makes them late.
  expect(counted[Metric.FIRST_TOKEN_LATENCY]).toBeGreaterThan(195);
  expect(counted[Metric.TIME_PER_TOKEN]).toBeGreaterThan(38);
  // The role came at once: the answer had begun long before its first token.
  expect(counted[Metric.MODEL_LATENCY]).toBeLessThan(counted[Metric.FIRST_TOKEN_LATENCY] as number);
});

test('what breaks is a failure and no generation, and what production says in another\'s place counts for neither', async () => {
  const candidate = sageMaker('candidate', { role: 'candidate', weight: 1 });
  const broken = streamException('ModelStreamError', { Message: 'CUDA out of memory', ErrorCode: 'StreamBroken' });
  const token = payloadPart('data: {"token":{"text":"a"}}\n\n');
  const [early, late] = await answersOf(2, {
    route: route([sageMaker('production', { weight: 0 }), candidate]),
    bodies: ['"early"', '"late"'],
    model: (response, { name, body }) => {
      const begun = name === 'production' || body.includes('late') ? [token] : [];
      response.writeHead(200, head('text/event-stream')).end(Buffer.concat(name === 'production' ? begun : [...begun, broken]));
    },
  });
  const counts = ({ lines }: { lines: Counted[] }): unknown[] =>
    lines.map((line) => [line[Dimension.VARIANT], line[Metric.FAILURES], line[Metric.MID_STREAM_ERRORS], line[Metric.GENERATIONS]]);
  expect(counts(early)).toEqual([['candidate', 1, undefined, 0], ['production', undefined, undefined, undefined]]);
  expect(counts(late)).toEqual([['candidate', 1, 1, 0]]);
});

test('an endpoint whose models do not generate counts no tokens', async () => {
  const [{ lines: [counted] }] = await answersOf(1, { env: {}, model: (response) => void response.writeHead(200, head('text/event-stream')).end(payloadPart(GENERATED[0].body)) });
  expect(Object.keys(counted).filter((name) => /Token|Generation|Finished/.test(name))).toEqual([]);
});

describe('what a rollout compares', () => {
  const NAME = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'], additionalProperties: false };
  const measures = {
    slowerThanMs: [0, 60_000, 0], candidateSlowerThanMs: [0, 60_000, 60_000], slowerIn: ['first-token', 'first-token', 'token'] as const, bins: [],
    sums: [
      { production: { in: 0, out: 1 }, candidate: { in: 0, out: 1 }, atMost: 100 },
      { production: { in: 1, out: 2 }, candidate: { in: 10, out: 20 }, atMost: 50 },
    ],
    schemas: [NAME],
  };
  const candidate = sageMaker('candidate', { role: 'candidate', weight: 1 });
  const chunk = (content: string, more: object = {}): string => `data: ${JSON.stringify({ choices: [{ delta: { content }, finish_reason: null }], ...more })}\n\n`;
  const usage = { usage: { prompt_tokens: 3, completion_tokens: 2 } };
  const whole = (content: string | null): string => JSON.stringify({ choices: [{ message: { content, tool_calls: content === null ? [{ function: { name: 'f', arguments: '{}' } }] : undefined }, finish_reason: 'stop' }], ...usage });

  /** What is measured of one answer of the candidate's. */
  async function measured(type: string, parts: readonly string[]): Promise<Counted> {
    const [{ lines }] = await answersOf(1, {
      route: route([sageMaker('production', { weight: 0 }), candidate], { measures }),
      model: (response) => void response.writeHead(200, head(type)).end(Buffer.concat(parts.map((part) => payloadPart(part)))),
    });
    return lines.find((line) => MEASURED_REQUESTS in line)!;
  }

  test('is counted of a stream: first tokens, tokens, costs by the candidate\'s prices up to the most, and whether its words follow the schema', async () => {
    const counted = await measured('text/event-stream', [chunk('{"name":'), chunk('"Ada"}', usage)]);
    expect(counted).toMatchObject({
      [MEASURED_REQUESTS]: 1, [MEASURED_FIRST_TOKENS]: 1, [slowMetric(0)]: 1, [slowMetric(1)]: 0,
      [MEASURED_GENERATIONS]: 1, [sumMetric(0)]: 2, [sumMetric(1)]: 50, [schemaMetric(0, 'Answers')]: 1, [schemaMetric(0, 'Broken')]: 0,
    });
  });

  test.each<[string, string, readonly string[], answers: number, broken: number]>([
    ['an answer that lacks a member', 'text/event-stream', [chunk('{"nom":"Ada"}')], 1, 1],
    ['an answer that is cut off', 'text/event-stream', [chunk('{"name":"A')], 1, 1],
    ['an answer in a fence', 'text/event-stream', [chunk('```json\n{"name":"Ada"}\n```')], 1, 1],
    ['an answer that is longer than is looked into', 'text/event-stream', Array.from({ length: 30 }, () => chunk(' '.repeat(10_000))), 1, 1],
    ['a whole answer', 'application/json', [whole('{"name":"Ada"}')], 1, 0],
    ['a whole answer that is broken', 'application/json', [whole('Ada')], 1, 1],
    ['a call of a tool', 'application/json', [whole(null)], 0, 0],
    ['a document of a shape that nobody knows', 'application/json', ['{"name":', '"Ada"}'], 1, 0],
    ['another document of a shape that nobody knows', 'application/json', ['{"nom":"Ada"}'], 1, 1],
  ])('%s (%s)', async (_, type, parts, answers, broken) => {
    expect(await measured(type, parts)).toMatchObject({ [schemaMetric(0, 'Answers')]: answers, [schemaMetric(0, 'Broken')]: broken });
  });

  test('an answer that fails has zeros, so that it looks different from one that nobody counted', async () => {
    const [{ lines }] = await answersOf(1, {
      route: route([sageMaker('production', { weight: 0 }), candidate], { measures }),
      model: (response, { name }) => {
        const frames = name === 'candidate' ? [streamException('ModelStreamError', { Message: 'm', ErrorCode: 'e' })] : [payloadPart(chunk('hi'))];
        response.writeHead(200, head('text/event-stream')).end(Buffer.concat(frames));
      },
    });
    expect(lines.find((line) => MEASURED_REQUESTS in line)).toMatchObject({
      [MEASURED_REQUESTS]: 1, [MEASURED_FIRST_TOKENS]: 0, [slowMetric(0)]: 0, [MEASURED_GENERATIONS]: 0, [sumMetric(0)]: 0, [schemaMetric(0, 'Answers')]: 0,
    });
  });
});
