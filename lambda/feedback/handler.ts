import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { FeedbackCode } from '../../lib/core/feedback/read-feedback';
import { Env } from '../../lib/core/names';
import { readCors, withCors } from '../shared/http/cors';
import { proxyResult, type Reply } from '../shared/http/reply';
import { readRequest } from '../shared/http/request';
import { RouteCache } from '../shared/routes/route-cache';
import { DynamoDbRouteStore } from '../shared/routes/route-store';
import { requireEnv } from '../shared/env';
import { InferenceRecords } from '../shared/records/inference-records';
import { writeRecord } from '../shared/records/write-record';
import { type FeedbackPorts, settleFeedback } from './feedback';
import { EmfFeedbackRecorder } from './feedback-metrics';
import { feedbackReply, problemReply } from './reply';

const logger = new Logger({ serviceName: 'model-feedback' });
const endpoint = requireEnv(Env.ENDPOINT);
const cors = readCors(process.env[Env.CORS]);
const dynamoDb = new DynamoDBClient({
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 500, requestTimeout: 1_000, throwOnRequestTimeout: true },
});
const routes = new RouteCache(new DynamoDbRouteStore(dynamoDb, requireEnv(Env.TABLE), endpoint), (alias, error) =>
  logger.warn('route not refreshed, the last known one is used', { alias, error: (error as Error).name }),
);

const ports: FeedbackPorts = {
  endpoint,
  route: (alias) => routes.get(alias),
  records: new InferenceRecords(dynamoDb),
  recorder: new EmfFeedbackRecorder(endpoint),
  // The line is the record: nothing is put around it.
  log: (record) =>
    writeRecord(record, {
      write: (line) => void process.stdout.write(line),
      onFailure: (details) => logger.warn('feedback not logged', details),
    }),
  onFailure: ({ notice, ...details }) => logger.warn(String(notice), details),
  now: Date.now,
};

export async function handler(event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> {
  const request = readRequest(event);
  return proxyResult(withCors(await answer(), cors, request.headers.get('origin')));

  async function answer(): Promise<Reply> {
    try {
      return feedbackReply(await settleFeedback(request, event.requestContext.requestId, ports));
    } catch (error) {
      logger.error('feedback failed', { requestId: event.requestContext.requestId, error: error as Error });
      return problemReply({ code: FeedbackCode.UNAVAILABLE, message: 'the feedback was not settled; try again' });
    }
  }
}
