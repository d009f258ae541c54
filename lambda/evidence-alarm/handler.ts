import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { EvidenceAlarmPlan } from '../../lib/core/hook/judge-alarm';
import { Dimension, Env, Metric, METRIC_NAMESPACE } from '../../lib/core/names';
import { requireEnv } from '../shared/env';
import { tellEvidence } from './evidence';

const logger = new Logger({ serviceName: 'model-evidence-alarm' });
const plan = JSON.parse(requireEnv(Env.HOOK)) as EvidenceAlarmPlan;
const cloudWatch = new CloudWatchClient({
  maxAttempts: 3, requestHandler: { connectionTimeout: 1_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
});
const metrics = new Metrics({ namespace: METRIC_NAMESPACE, defaultDimensions: { [Dimension.EVIDENCE_ALARM]: plan.name } });

export function handler(): Promise<void> {
  return tellEvidence(plan, {
    cloudWatch,
    now: Date.now,
    publish: (logEvidence) => {
      metrics.addMetric(Metric.LOG_EVIDENCE, MetricUnit.NoUnit, logEvidence);
      metrics.publishStoredMetrics();
    },
    log: (sentence, details) => logger.info(sentence, details),
  });
}
