import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import type { JudgePlan } from '../../lib/core/comparison/plan';
import type { MirrorPlan } from '../../lib/core/mirroring/mirror-plan';
import type { MirroredRequest } from '../../lib/core/mirroring/mirrored-request';
import { Env } from '../../lib/core/names';
import { callingBackends } from '../shared/backends/backends';
import { bufferOf } from '../shared/http/media';
import { requireEnv } from '../shared/env';
import { InferenceRecords } from '../shared/records/inference-records';
import { PairMetrics } from '../shared/pair-metrics';
import { Reconnecting } from '../shared/reconnecting';
import { RouterClient } from '../shared/router-client';
import { writeRecord } from '../shared/records/write-record';
import { comparePair } from '../shared/compare-pair';
import { modelAsking } from './ask-model';
import { takeFrom } from './bodies';
import { Budget } from './budget';
import { judgePair } from './judge';
import { JudgeBudget } from './judge-budget';
import { judgeOf } from './judges';
import { mirror, type MirrorPorts } from './mirror';
import { EmfMirrorRecorder } from './mirror-metrics';
import { recordShadow } from './shadow-prediction';

const logger = new Logger({ serviceName: 'model-mirror' });
const plan = JSON.parse(requireEnv(Env.MIRROR)) as MirrorPlan;

// A shadow is asked once: what it fails is a result, not something to try again. A lost connection is none of its doing.
const lambda = new Reconnecting((options) => new LambdaClient(options));
// A comparison is the same however often it is asked for.
const comparing = new LambdaClient({ maxAttempts: 2 });
const { comparison } = plan;
const router = new RouterClient(lambda);
const table = process.env[Env.MIRROR_TABLE];
const dynamoDb = new DynamoDBClient({
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 500, requestTimeout: 1_000, throwOnRequestTimeout: true },
});
const budget = table === undefined || plan.maximumPerMinute === undefined
  ? undefined
  : new Budget(dynamoDb, { table, most: plan.maximumPerMinute });
const predictions = {
  plan, records: new InferenceRecords(dynamoDb), pairs: new PairMetrics(plan.endpoint),
  onFailure: (details: object) => logger.warn('prediction not remembered', { ...details }),
};

/** Well within what the function has beside the shadow's own time. Without the last setting the SDK only warns. */
const TIMEOUTS = { connectionTimeout: 1_000, requestTimeout: 5_000, throwOnRequestTimeout: true };
const bucket = process.env[Env.MIRROR_BUCKET];

const backends = callingBackends(lambda);

function judging(judgePlan: JudgePlan): MirrorPorts['compare'] {
  const { by, maximumPerDay } = judgePlan;
  const limits = { pairs: maximumPerDay, ...(by.kind !== 'function' && { tokens: by.maximumTokensPerDay }) };
  const judges = {
    judge: judgeOf(judgePlan, comparing, modelAsking(backends, process.env)),
    budget: new JudgeBudget(dynamoDb, requireEnv(Env.MIRROR_TABLE), limits),
  };
  return (production, shadow, request) => judgePair(judgePlan, { production, shadow, request }, judges);
}

const ports: MirrorPorts = {
  plan,
  compare: comparison.kind === 'judge'
    ? judging(comparison)
    : async (production, shadow, request) => ({ outcome: await comparePair(comparing, comparison, { production, shadow, request }) }),
  backends,
  // The router may call production; so the mirror need not.
  askAgain: async (target, request, timeoutMs) => {
    try {
      const { outcome } = await router.ask(plan.noise!.routerFunction, {
        modelRollout: 'ask',
        target,
        body: bufferOf(request.body).toString('utf8'),
        contentType: request.headers.get('content-type') ?? 'application/json',
        inferenceId: `${request.inferenceId.slice(0, 58)}-again`,
        timeoutMs,
        times: 1,
      });
      return outcome.kind === 'answer' && outcome.status < 400 ? Buffer.from(outcome.body, 'utf8') : undefined;
    } catch (error) {
      logger.warn('production was not asked again', { inferenceId: request.inferenceId, error: (error as Error).name });
      return undefined;
    }
  },
  admit: async () => budget === undefined || budget.admit(),
  take:
    bucket === undefined
      ? () => Promise.reject(new Error('the mirror has no bucket'))
      : takeFrom(new S3Client({ maxAttempts: 2, requestHandler: TIMEOUTS }), bucket, (key, error) =>
          logger.warn('a stored body is left to expire', { key, error: error.name }),
        ),
  recorder: new EmfMirrorRecorder(plan),
  remember: (event, outcome) => recordShadow(event, outcome, predictions),
  log: (record) =>
    writeRecord(record, {
      write: (line) => void process.stdout.write(line),
      onFailure: (details) => logger.warn('comparison not logged', details),
    }),
  now: Date.now,
  onFailure: (details) => logger.warn('request dropped', details),
  clock: () => performance.now(),
};

export async function handler(event: MirroredRequest): Promise<void> {
  await mirror(event, ports);
}
