import type { ComparisonOutcome } from '../../lib/core/comparison/outcome';
import { RedactedBody } from '../../lib/core/inference-log/body';
import { answerFields, isLogged } from '../../lib/core/inference-log/logged';
import { type InferenceRecord, type LogPlan, RecordMark } from '../../lib/core/inference-log/record';
import type { MirroredRequest } from '../../lib/core/mirroring/mirrored-request';
import type { MirrorPlan } from '../../lib/core/mirroring/mirror-plan';
import { routeKey } from '../../lib/core/names';
import { ErrorCode, ERRORS, statusOf } from '../shared/http/errors';
import { FailureClass, type Outcome } from '../shared/http/outcome';

export interface ShadowResult {
  readonly request: Uint8Array;
  /** Production's answer. */
  readonly production: Uint8Array;
  readonly outcome: Outcome | Error;
  readonly latencyMs: number;
  readonly compared: ComparisonOutcome;
}

/** No body, only sizes: what is logged of an inference that is not in the log's sample. */
const NOTHING: LogPlan = { sampleRate: 1, redact: [] };

/**
 * The shadow's record of an inference in the log's sample. Of others there is one where the answers do not agree, so that differences can
 * be looked into without a log; it has a mark of its own, because a log of these would be no sample.
 */
export function shadowRecord(event: MirroredRequest, result: ShadowResult, plan: MirrorPlan, now: number): InferenceRecord | undefined {
  const { compared, outcome, latencyMs } = result;
  const logged = plan.log !== undefined && isLogged(routeKey(plan.endpoint, plan.alias), event.inferenceId, plan.log);
  if (!logged && compared.kind === 'agree') {
    return undefined;
  }
  const log = logged ? plan.log! : NOTHING;
  const prediction =
    log.predictionPath === undefined ? undefined : new RedactedBody(result.production, log.redact).prediction(log.predictionPath);
  return {
    modelRollout: logged ? RecordMark.INFERENCE : RecordMark.COMPARISON,
    time: new Date(now).toISOString(),
    endpoint: plan.endpoint,
    alias: plan.alias,
    inferenceId: event.inferenceId,
    variant: plan.shadow,
    role: 'shadow',
    version: plan.version,
    propensity: plan.sampleRate,
    targeted: false,
    attempt: 1,
    latencyMs: Math.round(latencyMs * 1_000) / 1_000,
    ...outcomeOf(outcome),
    fellBack: false,
    // The caller's request is in the record of the variant that answered.
    requestBytes: result.request.byteLength,
    ...(!(outcome instanceof Error) && outcome.kind === 'answer' ? answerFields(outcome.body, log) : {}),
    comparison: compared.kind,
    ...('difference' in compared ? { difference: compared.difference } : reasonOf(compared, plan.log)),
    productionVersion: event.production.version,
    ...(prediction === undefined ? {} : { productionPrediction: prediction }),
  };
}

function outcomeOf(outcome: Outcome | Error): Pick<InferenceRecord, 'status' | 'outcome' | 'code'> {
  if (outcome instanceof Error) {
    return { status: ERRORS.ROUTER_ERROR.status, outcome: FailureClass.BACKEND, code: ErrorCode.ROUTER_ERROR };
  }
  return outcome.kind === 'answer'
    ? { status: outcome.status, outcome: 'answer' }
    : { status: statusOf(outcome), outcome: outcome.class, code: outcome.code };
}

/** Of answers with something to redact, only a failure of the shadow is described: other descriptions may name what is in them. */
function reasonOf(compared: Extract<ComparisonOutcome, { reason: string }>, log: LogPlan | undefined): Pick<InferenceRecord, 'reason'> {
  return compared.kind !== 'shadow error' && (log?.redact.length ?? 0) > 0 ? {} : { reason: compared.reason.slice(0, 300) };
}
