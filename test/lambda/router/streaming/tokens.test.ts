import { FinishReason } from '../../../../lib/core/generation/finish-reason';
import { Dimension, finishedMetric, Metric } from '../../../../lib/core/names';
import type { Route } from '../../../../lib/core/routing/route';
import { GENERATED } from '../../../fixtures/generated-answers';
import { apiEvent, route, variant } from '../../../fixtures/serving';
import { EVENT_STREAM, payloadPart, streamException, type Streamed, StreamingRouter, type StreamingRouterOptions } from '../../../fixtures/streaming-router';

jest.setTimeout(120_000);

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
  expect(counts(early)).toEqual([['candidate', 1, undefined, undefined], ['production', undefined, undefined, undefined]]);
  expect(counts(late)).toEqual([['candidate', 1, 1, undefined]]);
});

test('an endpoint whose models do not generate counts no tokens', async () => {
  const [{ lines: [counted] }] = await answersOf(1, { env: {}, model: (response) => void response.writeHead(200, head('text/event-stream')).end(payloadPart(GENERATED[0].body)) });
  expect(Object.keys(counted).filter((name) => /Token|Generation|Finished/.test(name))).toEqual([]);
});
