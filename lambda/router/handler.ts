import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { Env, Header } from '../../lib/core/names';
import { requireEnv } from '../shared/env';
import { InferenceRecords } from '../shared/records/inference-records';
import { Reconnecting } from '../shared/reconnecting';
import { BodiesStore } from './bodies-store';
import { readCors, withCors } from '../shared/http/cors';
import { DynamoDbCounterTable } from './counter-table';
import { ErrorCode, RouterError } from '../shared/http/errors';
import { EmfLostRecorder, FeedbackRecording } from './feedback';
import { KeyedCounts } from './keyed-counts';
import { callingBackends } from '../shared/backends/backends';
import { eventStreams } from '../shared/backends/event-stream';
import { InferenceLogger } from './inference-log';
import { EmfRecorder } from './metrics';
import { Mirroring } from './mirroring';
import { EmfHandOverRecorder } from './mirroring-metrics';
import {
  answerReply, isCarried, NOT_CARRIED, proxyResult, refusalError, type Reply, withConversation,
} from '../shared/http/reply';
import { type InferenceRequest, readRequest } from '../shared/http/request';
import { RetryBudget } from './retry-budget';
import { RouteCache } from '../shared/routes/route-cache';
import { DynamoDbRouteStore } from '../shared/routes/route-store';
import { account, askedOf, begin, ended, type RouterPorts, serve } from './serve';
import { INVOCATIONS, type Shape } from './shapes/shape';
import type { Served } from './served';
import { LAMBDA_PAYLOAD_BYTES } from '../../lib/core/aws-limits';
import { READ_BYTES } from '../shared/http/read-json';
import { type AskEvent, type AskResult, isAsk, isProbe, type ProbeEvent, type ProbeResult } from '../shared/router-protocol';

/** Whether this is Lambda's runtime; other code may have put something of that name there too. */
const canStream = typeof (globalThis as { awslambda?: Partial<typeof awslambda> }).awslambda?.streamifyResponse === 'function';

const logger = new Logger({ serviceName: 'model-router' });
const endpoint = requireEnv(Env.ENDPOINT);
const cors = readCors(process.env[Env.CORS]);
const binaryMediaTypes = JSON.parse(process.env[Env.BINARY_MEDIA_TYPES] ?? '["*/*"]') as string[];

// Retries are the router's own decision: a model is not asked twice behind its back, but for what was lost with a connection.
const lambda = new Reconnecting((options) => new LambdaClient({ ...options, eventStreamSerdeProvider: eventStreams }));
// The table is read while callers wait at most once in a while; then a stuck connection must not cost more. Without the last
// setting the SDK only warns. A sandbox that knows no route yet has nothing else to serve: two throttles in a row are ridden out.
const dynamoDb = new DynamoDBClient({
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 500, requestTimeout: 1_000, throwOnRequestTimeout: true },
});

// A file of its own, which only routers of generative models read.
const generating = process.env[Env.GENERATIVE] === undefined ? undefined : import('./generation.js');

// The same, for those that are asked in OpenAI's shape too.
const openAi = process.env[Env.OPEN_AI] === undefined ? undefined : import('./shapes/open-ai.js');

// And for those that stream.
const streaming = process.env[Env.STREAM_TIMEOUT_MS] === undefined ? undefined : import('./streaming/streaming.js');

const keyed = new KeyedCounts({
  endpoint,
  table: new DynamoDbCounterTable(),
  onFailure: (details) => logger.warn('counts not written', details),
  now: Date.now,
});

const ports: RouterPorts = {
  endpoint,
  timeoutMs: Number(requireEnv(Env.TIMEOUT_MS)),
  routes: new RouteCache(new DynamoDbRouteStore(dynamoDb, requireEnv(Env.TABLE), endpoint), (alias, error) =>
    logger.warn('route not refreshed, the last known one serves', { alias, error: (error as Error).name }),
  ),
  backends: callingBackends(lambda),
  recorder: new EmfRecorder(endpoint, generating !== undefined),
  keyed,
  retries: new RetryBudget(),
  onFailure: ({ notice, ...details }) => logger.warn(String(notice), details),
  clock: () => performance.now(),
};

/** How long a streamed answer may take, and be silent. */
const streamTimeoutMs = Number(process.env[Env.STREAM_TIMEOUT_MS] ?? ports.timeoutMs);
const idleMs = Number(process.env[Env.IDLE_TIMEOUT_MS] ?? streamTimeoutMs);

const bodies = new BodiesStore();
if (process.env[Env.LARGE_BODIES] !== undefined) {
  // While the function starts, no caller waits for it. Whoever needs it and cannot have it says so.
  bodies.load().catch(() => undefined);
}

// Only where something is left to do when the caller has the answer. Lambda takes registrations until the import has ended.
const afterwards = process.env[Env.AFTERWARDS] === undefined
  ? undefined
  : await (await import('./afterwards.js')).afterwardsOf(process.env);

const mirroring = new Mirroring({
  endpoint,
  send: async (functionArn, event, signal) => {
    await lambda.send(new InvokeCommand({ FunctionName: functionArn, InvocationType: 'Event', Payload: event }), { abortSignal: signal });
  },
  store: (bucket, key, bytes, signal) => bodies.put(bucket, key, bytes, signal),
  recorder: new EmfHandOverRecorder(endpoint),
  onFailure: (details) => logger.warn('request not mirrored', details),
  clock: () => performance.now(),
  now: Date.now,
});

const inferenceLog = new InferenceLogger({
  endpoint,
  write: (line) => void process.stdout.write(line),
  onFailure: (details) => logger.warn('inference not logged', details),
  now: Date.now,
});

const lostRecorder = new EmfLostRecorder(endpoint);
const recording = new FeedbackRecording({
  endpoint,
  records: new InferenceRecords(dynamoDb),
  lost: (alias) => lostRecorder.lost(alias),
  onFailure: (details) => logger.warn('inference not recorded', details),
  clock: () => performance.now(),
  now: Date.now,
});

type RouterEvent = APIGatewayProxyEvent | ProbeEvent | AskEvent;

/**
 * Returns the answer. Lambda freezes the function when its time after that is over, where it has any; where it has none, hand-over to
 * mirrors and record for feedback come first, or the time that a caller waits for them.
 */
export async function handler(event: RouterEvent, context?: Context): Promise<APIGatewayProxyResult | ProbeResult | AskResult> {
  let left: (() => Promise<unknown>) | undefined;
  try {
    if (isProbe(event) || isAsk(event)) {
      return await internal(event);
    }
    const generated = (await generating)?.wholeGeneration;
    const { reply, request, served } = await respond(event, (request) => serve(request, { ...ports, generated }));
    if (served !== undefined) {
      left = () => keep(request, served, afterwards !== undefined);
      if (afterwards === undefined) {
        await left();
      }
    }
    return proxyResult(reply, request.takesBytes);
  } finally {
    afterwards?.answered(context!.awsRequestId, left);
  }
}

/** What is remembered of a request; `answered` where no caller waits for it. */
async function keep(request: InferenceRequest, served: Served, answered: boolean): Promise<void> {
  inferenceLog.record(request, served);
  await Promise.all([
    mirroring.handOver(request, served, answered), recording.record(request, served, answered), answered ? keyed.flush() : undefined,
  ]);
}

/** Streams the answer as it comes, then hands over to mirrors and records for feedback. Only Lambda's runtime knows how. */
export const streamingHandler = !canStream ? undefined : awslambda.streamifyResponse(async (event: RouterEvent, stream) => {
  const { Caller, deliver, framingOf, streamedShape } = await streaming!;
  const caller = new Caller(stream);
  if (isProbe(event) || isAsk(event)) {
    await caller.take(Buffer.from(JSON.stringify(await internal(event))), () => ports.timeoutMs);
    await caller.end();
    return;
  }
  const reading = await generating;
  const streamingPorts: RouterPorts = { ...ports, generated: reading?.wholeGeneration, streaming: { left: caller.left } };
  const { reply, request, served, shape } = await respond(event, (request) => begin(request, streamingPorts), await streamedShape(event));
  if (caller.left.aborted) {
    return;
  }
  awslambda.HttpResponseStream.from(stream, {
    statusCode: reply.status,
    headers: reply.headers,
    ...(reply.cookies && { cookies: [...reply.cookies] }),
  });
  const startedAt = served?.startedAt ?? ports.clock();
  const answer = served?.outcome.kind === 'answer' ? served.outcome : undefined;
  const onTheWay = reading !== undefined && answer?.rest !== undefined
    ? new reading.GenerationOnTheWay(answer, askedOf(request, served!.route), served!.latencyMs)
    : undefined;
  const delivery = await deliver(
    {
      body: reply.body,
      rest: answer?.rest,
      events: reply.status < 400 ? shape.events : undefined,
      error: (failure) => framingOf(reply.headers)?.error(shape.errorInStream(failure, request.inferenceId)),
    },
    caller,
    // With what an event has no room for, mirrors are given as much as Lambda could have returned.
    {
      idleMs,
      deadline: startedAt + streamTimeoutMs,
      keepBytes: served?.route.mirrors?.length ? LAMBDA_PAYLOAD_BYTES : READ_BYTES + 1,
      passed: onTheWay && ((part, modelMs) => onTheWay.pass(part, modelMs)),
      clock: ports.clock,
    },
  );
  if (served !== undefined) {
    const all = ended(served, delivery, onTheWay);
    account(request, all, streamingPorts);
    if (!delivery.left) {
      await keep(request, all, true);
    }
  }
  if (delivery.torn) {
    // Lambda ends the answer where it is, without what marks the end of a complete one.
    throw new Error('the model\'s answer broke; an end would have made it look complete');
  }
});

/** Requests of the control plane and of mirrors: a file of its own, for most environments never get one. */
async function internal(event: ProbeEvent | AskEvent): Promise<ProbeResult | AskResult> {
  const { internalAnswer } = await import('./internal.js');
  return internalAnswer(event, ports.backends, logger);
}

/** What the caller gets, in the shape in which it is streamed where it is; `served` is there if a variant was asked. */
async function respond(
  event: APIGatewayProxyEvent,
  through: (request: InferenceRequest) => Promise<Served>,
  streamed?: Shape,
): Promise<{ reply: Reply; request: InferenceRequest; served?: Served; shape: Shape }> {
  const shape = (await openAi)?.openAiShape(event, endpoint) ?? streamed ?? INVOCATIONS;
  const asked = readRequest(event, binaryMediaTypes);
  const request = shape.read?.(asked) ?? asked;
  void keyed.flush();
  const { reply, served } = await answer();
  const { inferenceId, headers } = request;
  return { reply: withCors(shape.finished?.(reply, inferenceId) ?? reply, cors, headers.get('origin')), request, served, shape };

  async function answer(): Promise<{ reply: Reply; served?: Served }> {
    try {
      const own = shape.answer?.(event);
      if (own !== undefined) {
        return { reply: own };
      }
      const served = await through(request);
      return { reply: withConversation(replyTo(request, served, shape, streamed !== undefined), served.conversation), served };
    } catch (error) {
      if (error instanceof RouterError) {
        return { reply: shape.error(error, request.inferenceId) };
      }
      logger.error('router failed', { inferenceId: request.inferenceId, error: error as Error });
      return {
        reply: shape.error(
          { code: ErrorCode.ROUTER_ERROR, message: 'the router failed; the inference id finds the reason in its log' },
          request.inferenceId,
        ),
      };
    }
  }
}

/** What the caller gets for what a variant made of the request. */
function replyTo(
  { inferenceId, headers, takesBytes }: InferenceRequest, { variant, outcome }: Served, shape: Shape, streams: boolean,
): Reply {
  if (outcome.kind === 'failure') {
    return shape.error(outcome, inferenceId, variant.name);
  }
  if (outcome.status >= 400 && headers.has(Header.SDK_INVOCATION)) {
    return shape.error(refusalError(outcome), inferenceId, variant.name);
  }
  const reply = answerReply(outcome, inferenceId, variant);
  return streams || isCarried(reply, takesBytes) ? reply : shape.error(NOT_CARRIED, inferenceId, variant.name);
}
