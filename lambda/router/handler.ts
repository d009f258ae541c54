import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { Env } from '../../lib/core/names';
import { requireEnv } from '../shared/env';
import { InferenceRecords } from '../shared/inference-records';
import { ask, type AskEvent, type AskResult, isAsk } from './ask';
import { ErrorCode, RouterError } from './errors';
import { EmfLostRecorder, FeedbackRecording } from './feedback';
import { LambdaBackend } from './lambda-backend';
import { InferenceLogger } from './inference-log';
import { EmfRecorder } from './metrics';
import { Mirroring } from './mirroring';
import { EmfHandOverRecorder } from './mirroring-metrics';
import { isProbe, probe, type ProbeEvent, type ProbeResult } from './probe';
import { answerReply, errorReply, withCors } from './reply';
import { readRequest } from './request';
import { RouteCache } from './route-cache';
import { DynamoDbRouteStore } from './route-store';
import { SageMakerBackend } from './sagemaker-backend';
import { serve, type RouterPorts } from './serve';

const logger = new Logger({ serviceName: 'model-router' });
const endpoint = requireEnv(Env.ENDPOINT);
const corsOrigins = JSON.parse(process.env[Env.CORS_ORIGINS] ?? '[]') as string[];

// Retries are the router's own decision: a model is not asked twice behind its back.
const lambda = new LambdaClient({ maxAttempts: 1 });
const sageMaker = new SageMakerRuntimeClient({ maxAttempts: 1 });
// The table is read while callers wait at most once in a while; then a stuck connection must not cost more. Without the last
// setting the SDK only warns.
const dynamoDb = new DynamoDBClient({ maxAttempts: 2, requestHandler: { connectionTimeout: 500, requestTimeout: 1_000, throwOnRequestTimeout: true } });

const ports: RouterPorts = {
  endpoint,
  timeoutMs: Number(requireEnv(Env.TIMEOUT_MS)),
  routes: new RouteCache(new DynamoDbRouteStore(dynamoDb, requireEnv(Env.TABLE), endpoint), (alias, error) =>
    logger.warn('route not refreshed, the last known one serves', { alias, error: (error as Error).name }),
  ),
  backends: { lambda: new LambdaBackend(lambda), sagemaker: new SageMakerBackend(sageMaker) },
  recorder: new EmfRecorder(endpoint),
  onFailure: ({ notice, ...details }) => logger.warn(String(notice), details),
  clock: () => performance.now(),
};

const mirroring = new Mirroring({
  endpoint,
  send: async (functionArn, event, signal) => {
    await lambda.send(new InvokeCommand({ FunctionName: functionArn, InvocationType: 'Event', Payload: event }), { abortSignal: signal });
  },
  recorder: new EmfHandOverRecorder(endpoint),
  onFailure: (details) => logger.warn('request not mirrored', details),
  clock: () => performance.now(),
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

const inferenceLog = new InferenceLogger({
  endpoint,
  write: (line) => void process.stdout.write(line),
  onFailure: (details) => logger.warn('inference not logged', details),
  now: Date.now,
});

export async function handler(event: APIGatewayProxyEvent | ProbeEvent | AskEvent): Promise<APIGatewayProxyResult | ProbeResult | AskResult> {
  if (isProbe(event)) {
    return probe(event, lambda);
  }
  if (isAsk(event)) {
    return ask(event, ports.backends);
  }
  const request = readRequest(event);
  return withCors(await answer(), corsOrigins, request.headers.get('origin'));

  async function answer(): Promise<APIGatewayProxyResult> {
    try {
      const served = await serve(request, ports);
      const { variant, outcome } = served;
      inferenceLog.record(request, served);
      await Promise.all([mirroring.handOver(request, served), recording.record(request, served)]);
      return outcome.kind === 'answer'
        ? answerReply(outcome, request.inferenceId, variant.name)
        : errorReply(outcome.code, outcome.message, request.inferenceId, variant.name);
    } catch (error) {
      if (error instanceof RouterError) {
        return errorReply(error.code, error.message, request.inferenceId);
      }
      logger.error('router failed', { inferenceId: request.inferenceId, error: error as Error });
      return errorReply(ErrorCode.ROUTER_ERROR, 'the router failed; the inference id finds the reason in its log', request.inferenceId);
    }
  }
}
