import { Logger } from '@aws-lambda-powertools/logger';
import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';
import { setTimeout as sleep } from 'node:timers/promises';
import { Env } from '../../lib/core/names';
import { answerCallback } from '../shared/answer';
import { LambdaBackend } from '../shared/backends/lambda';
import { requireEnv } from '../shared/env';
import { DirectRoutes } from '../shared/direct/direct-routes';
import { RolloutStore } from '../shared/records/rollout-store';
import { Reconnecting } from '../shared/reconnecting';
import { RouterClient } from '../shared/router-client';
import { startExecution } from '../shared/start-execution';
import type { BackendClients } from './backends/backend';
import { backendOf } from './backends/backends';
import { Asking } from './asking';
import { holdCapacity, raiseCapacity, releaseCapacity } from './capacity';
import { readBaseline } from './baseline';
import { DynamoDbCellCounts } from './cell-counts';
import { removeControl, startControl } from './control-arm';
import { evidenceKeeper } from './evidence/adapters';
import { foresee } from './foresee';
import { askHooks } from './hooks';
import { usualLoad } from './load';
import { observe } from './observe';
import type { ControllerPorts } from './ports';
import { readiness } from './readiness';
import { mostLately, roomFor } from './room';
import { refusedLately } from './refused';
import { tellRegistry } from './registry';
import { replayPorts } from './replay/adapters';
import { replay } from './replay/replay';
import { runTask } from './tasks';
import { notify } from './notify';
import { warmUp } from './warm-up';
import type { TaskEvent, TaskResult } from '../../lib/core/rollout/execution';

const logger = new Logger({ serviceName: 'model-rollout-controller' });
const retries = { maxAttempts: 5 };
// Hooks, guardrails and routers are asked twice, and over a connection of its own where one was lost: that is nobody's verdict.
const lambda = new Reconnecting((options) => new LambdaClient({ ...options, maxAttempts: 2 }));
const dynamoDb = new DynamoDBClient(retries);
const stepFunctions = new SFNClient(retries);
const warn = (notice: string, details: { readonly [name: string]: unknown }): void => logger.warn(notice, details);
const cloudWatch = new CloudWatchClient(retries);
const backends: BackendClients = {
  lambda,
  sageMaker: new SageMakerClient(retries),
  scaling: new ApplicationAutoScalingClient(retries),
  lately: (namespace, metricName) => mostLately(cloudWatch, { namespace, metricName }, Date.now()),
  now: Date.now,
};
const room = { ...backends, cloudWatch };
const observatory = { cloudWatch, lambda, cells: new DynamoDbCellCounts(dynamoDb), ssm: new SSMClient(retries), now: Date.now, warn };
const channels = { events: new EventBridgeClient(retries), sns: new SNSClient(retries), warn };
const router = new Asking(new RouterClient(lambda), new LambdaBackend(lambda));
const evidence = evidenceKeeper(warn);

const replaying = replayPorts({ router, refused: (state) => refusedLately(cloudWatch, state, Date.now()) });

const ports: ControllerPorts = {
  table: requireEnv(Env.TABLE),
  routes: new DirectRoutes(dynamoDb, { warn }),
  rollouts: new RolloutStore(dynamoDb, requireEnv(Env.ROLLOUTS_TABLE)),
  observe: (state) => observe(state, observatory),
  readiness: (state) => readiness(state, router, backends),
  baseline: (state) => readBaseline(observatory, state, Date.now()),
  usualLoad: (state) => usualLoad(cloudWatch, state, Date.now()),
  foresee: (state, usual) => foresee(state, usual, room),
  replay: (state, progress, goesOn) => replay(state, progress, goesOn, replaying),
  checkGates: async (state, points, nextPercent) =>
    (
      await Promise.all([
        ...(nextPercent > 0
          ? [holdCapacity(state, backends), raiseCapacity(state, nextPercent, backends), roomFor(state, nextPercent, room)]
          : []),
        askHooks(lambda, state, points, nextPercent),
      ])
    ).flat(),
  warmUp: (state, nextPercent) => warmUp(state, nextPercent, { cloudWatch, router, now: Date.now }),
  startControl: (state) => startControl(state, { lambda, router }),
  release: async (state) => {
    await removeControl(state, { lambda });
    await releaseCapacity(state, backends);
  },
  isUpdating: (target) => backendOf(target).isUpdating(target, backends),
  notify: (state, decision, previous) => notify(state, decision, previous, channels),
  keepEvidence: (state, made) => evidence.keep(state, made),
  sealEvidence: (state, outcome) => evidence.seal(state, outcome),
  tellRegistry: (state, outcome, address) => tellRegistry(state, outcome, address, { sageMaker: backends.sageMaker, warn }),
  report: (callback, outcome) => answerCallback(callback, outcome, (ms) => sleep(ms)),
  start: (name, input) => startExecution(stepFunctions, requireEnv(Env.STATE_MACHINE), name, input),
  now: Date.now,
  info: (notice, details) => logger.info(notice, details),
  warn,
};

export async function handler(event: TaskEvent): Promise<TaskResult> {
  const result = await runTask(event, ports);
  logger.info(event.task, { alias: event.alias, rollout: event.rolloutId, verdict: result.verdict });
  return result;
}
