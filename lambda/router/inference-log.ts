import { answerFields, isLogged, requestFields } from '../../lib/core/inference-log/logged';
import { type InferenceRecord, type LogPlan, RecordMark } from '../../lib/core/inference-log/record';
import { routeKey } from '../../lib/core/names';
import { productionOf, shareOf } from '../../lib/core/routing/effective';
import { type RecordPorts, writeRecord } from '../shared/records/write-record';
import { statusOf } from '../shared/http/errors';
import type { InferenceRequest } from '../shared/http/request';
import { Part, type Served, type ServedAttempt } from './served';

export interface InferenceLogPorts extends RecordPorts {
  readonly endpoint: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Writes a record for each variant that was asked for a sampled request. */
export class InferenceLogger {
  constructor(private readonly ports: InferenceLogPorts) {}

  /** Never throws: an inference that cannot be logged is still an answer. */
  record(request: InferenceRequest, served: Served): void {
    const { route: { log } } = served;
    try {
      if (log === undefined || !isLogged(routeKey(this.ports.endpoint, request.alias), request.inferenceId, log)) {
        return;
      }
      const time = new Date(this.ports.now()).toISOString();
      served.attempts.forEach((attempt, index) =>
        writeRecord(this.recordOf(request, served, { ...attempt, index }, log, time), this.ports),
      );
    } catch (error) {
      // The name only: a message may quote the body.
      this.ports.onFailure({ alias: request.alias, inferenceId: request.inferenceId, problem: (error as Error).name });
    }
  }

  private recordOf(
    request: InferenceRequest, { route, targeted, eligible }: Served,
    { variant, part, outcome, latencyMs, fellBack, failed, index }: ServedAttempt & { readonly index: number }, plan: LogPlan, time: string,
  ): InferenceRecord {
    // Production that was asked in the place of another had its own chance; a version that became production meanwhile has its
    // predecessor's.
    const { version } = variant.role === 'production' ? productionOf(route) : variant;
    return {
      modelRollout: RecordMark.INFERENCE,
      time,
      endpoint: this.ports.endpoint,
      alias: request.alias,
      inferenceId: request.inferenceId,
      variant: variant.name,
      role: variant.role,
      version: variant.version,
      propensity: targeted ? 1 : shareOf(version, eligible),
      targeted,
      attempt: index + 1,
      latencyMs: Math.round(latencyMs * 1_000) / 1_000,
      ...(outcome.kind === 'answer'
        ? { status: outcome.status, outcome: failed ?? 'answer' }
        : { status: statusOf(outcome), outcome: failed ?? outcome.class, code: outcome.code }),
      fellBack,
      ...(part === Part.FALLBACK ? { fallback: true } : {}),
      ...requestFields(request.body, plan),
      ...(outcome.kind === 'answer' ? answerFields(outcome.body, plan, outcome.bytes) : {}),
    };
  }
}
