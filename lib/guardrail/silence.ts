import { CfnAlarm, type IAlarmRef } from 'aws-cdk-lib/aws-cloudwatch';
import { Dimension, Metric, METRIC_NAMESPACE, VariantName } from '../core/names';
import type { GuardrailContext, Silence } from './guardrail-kind';
import { type AlarmGuardrailOptions, InsufficientData } from './guardrail-options';
import { watchedMetrics } from './watched-metrics';

/** What routers write for each request of a variant, whatever comes of it. */
const WITH_EVERY_REQUEST: ReadonlySet<string> = new Set([
  Metric.INVOCATIONS, Metric.FAILURES, Metric.MODEL_ERRORS, Metric.TIMEOUTS, Metric.THROTTLES, Metric.BACKEND_ERRORS, Metric.CLIENT_ERRORS,
  Metric.FALLBACKS, Metric.MODEL_LATENCY, Metric.RETRIES,
]);

/** Values of `TreatMissingData` with which an alarm is OK though it sees nothing, or stays so. */
const QUIET: ReadonlySet<unknown> = new Set(['notBreaching', 'ignore']);

/** Whether an alarm watches a metric of the candidate alone and calls it healthy while there is none. */
export function silenceOf(alarm: IAlarmRef, options: AlarmGuardrailOptions, context: GuardrailContext): Silence | undefined {
  const own = watchedMetrics(alarm).filter(({ namespace, dimensions }) =>
    namespace === METRIC_NAMESPACE
    && dimensions[Dimension.ENDPOINT] === context.endpointName
    && dimensions[Dimension.ALIAS] === context.alias
    && dimensions[Dimension.VARIANT] === VariantName.CANDIDATE);
  const by = settingOf(alarm, options);
  return own.length === 0 || by === undefined
    ? undefined
    : { of: own.map(({ name }) => name).join(', '), by, withRequests: own.every(({ name }) => WITH_EVERY_REQUEST.has(name)) };
}

function settingOf(alarm: IAlarmRef, options: AlarmGuardrailOptions): string | undefined {
  if (options.insufficientData === InsufficientData.OK) {
    return 'insufficientData is OK';
  }
  const resource = CfnAlarm.isCfnAlarm(alarm) ? alarm : alarm.node.defaultChild;
  const missing = CfnAlarm.isCfnAlarm(resource) ? resource.treatMissingData : undefined;
  return QUIET.has(missing) ? `treatMissingData of the alarm is ${missing}` : undefined;
}
