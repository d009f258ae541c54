import { Logger } from '@aws-lambda-powertools/logger';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { EvidenceHookPlan } from '../../lib/core/hook/plan';
import { Env } from '../../lib/core/names';
import { requireEnv } from '../shared/env';
import { ecsClient } from './ecs-client';
import { answerLifecycle, type HookPorts, type LifecycleAnswer, type LifecycleEvent } from './hook';

const logger = new Logger({ serviceName: 'model-evidence-hook' });
const plan = JSON.parse(requireEnv(Env.HOOK)) as EvidenceHookPlan;

const ports: HookPorts = {
  ecs: ecsClient(process.env.AWS_REGION!, process.env),
  cloudWatch: new CloudWatchClient({
    maxAttempts: 3, requestHandler: { connectionTimeout: 1_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  }),
  now: Date.now,
  log: ({ status, sentence }, { resourceArn }) =>
    (status === 'FAILED' ? logger.error : logger.info).call(logger, sentence, { status, deployment: resourceArn }),
};

export function handler(event: LifecycleEvent): Promise<LifecycleAnswer> {
  return answerLifecycle(event, plan, ports);
}
