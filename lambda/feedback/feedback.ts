import { type Effect, type Inference, told, type Verdict } from '../../lib/core/feedback/inference';
import type { FeedbackRecordPlan, Label } from '../../lib/core/feedback/plan';
import { FeedbackCode, type FeedbackItem, type FeedbackProblem, MOST_BYTES, readFeedback } from '../../lib/core/feedback/read-feedback';
import { type FeedbackRecord, RecordMark } from '../../lib/core/inference-log/record';
import { routeKey } from '../../lib/core/names';
import { Draw, uniform } from '../../lib/core/sampling';
import type { Route } from '../../lib/core/routing/route';
import type { ErrorCode } from '../shared/http/errors';
import { mayBeJson } from '../shared/http/media';
import { type InferenceRequest, mayTarget } from '../shared/http/request';
import type { InferenceRecords } from '../shared/records/inference-records';
import type { FeedbackRecorder } from './feedback-metrics';

export interface FeedbackPorts {
  readonly endpoint: string;
  /** The route of an alias. Rejects if it cannot be read. */
  readonly route: (alias: string) => Promise<Route | undefined>;
  readonly records: Pick<InferenceRecords, 'change'>;
  readonly recorder: FeedbackRecorder;
  readonly log: (record: FeedbackRecord) => void;
  readonly onFailure: (details: { readonly [name: string]: unknown }) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** What became of an outcome. `not sampled`: the inference is none of those that are recorded, so that nothing is known of it. */
export type ItemStatus = 'accepted' | 'corrected' | 'duplicate' | 'not sampled';

export type ItemResult = { readonly inferenceId?: string } & ({ readonly status: ItemStatus } | { readonly error: FeedbackProblem });

export type FeedbackReply =
  /** One outcome. */
  | { readonly kind: 'item'; readonly result: ItemResult }
  | { readonly kind: 'batch'; readonly results: readonly ItemResult[] }
  /** Nothing was read at all. */
  | { readonly kind: 'refused'; readonly error: FeedbackProblem };

/** Outcomes that are settled at a time. */
const CONCURRENCY = 16;
/** What cannot be read of a request, in feedback's own codes. */
const CODE: { readonly [code in ErrorCode]?: FeedbackCode } = {
  UNSUPPORTED_MEDIA_TYPE: FeedbackCode.UNSUPPORTED_MEDIA_TYPE,
  PAYLOAD_TOO_LARGE: FeedbackCode.PAYLOAD_TOO_LARGE,
};

/**
 * Settle what a caller tells of earlier inferences. Whatever is refused changes nothing. An outcome is first written, on condition that
 * nobody else has, and then counted by what that decided: what is told twice, at the same time or again, counts once.
 */
export async function settleFeedback(request: InferenceRequest, requestId: string, ports: FeedbackPorts): Promise<FeedbackReply> {
  const refused = (code: FeedbackCode, message: string): FeedbackReply => ({ kind: 'refused', error: { code, message } });
  const type = request.headers.get('content-type');
  if (request.problem !== undefined) {
    return refused(CODE[request.problem.code] ?? FeedbackCode.MALFORMED_FEEDBACK, request.problem.message);
  }
  if (!mayBeJson(type)) {
    return refused(FeedbackCode.UNSUPPORTED_MEDIA_TYPE, `feedback is application/json, not ${JSON.stringify(type!.slice(0, 100))}`);
  }
  if (request.body.byteLength > MOST_BYTES) {
    return refused(FeedbackCode.PAYLOAD_TOO_LARGE, `the body has ${request.body.byteLength} bytes; feedback takes ${MOST_BYTES}`);
  }
  let route: Route | undefined;
  try {
    route = await ports.route(request.alias);
  } catch (error) {
    ports.onFailure({ notice: 'route cannot be read', alias: request.alias, error: (error as Error).name });
    return refused(FeedbackCode.UNAVAILABLE, 'the route of this alias cannot be read at the moment; try again');
  }
  if (route === undefined) {
    return refused(FeedbackCode.ALIAS_NOT_FOUND, `there is no alias ${JSON.stringify(request.alias.slice(0, 64))}`);
  }
  if (route.access !== undefined && !mayTarget(request.caller, route.access)) {
    return refused(FeedbackCode.ALIAS_NOT_ALLOWED, 'this caller may not use this alias');
  }
  if (route.feedback === undefined) {
    return refused(FeedbackCode.FEEDBACK_NOT_ENABLED, 'this alias takes no feedback');
  }
  const read = readFeedback(Buffer.from(request.body).toString('utf8'), route.feedback.outcome);
  if ('code' in read) {
    return { kind: 'refused', error: read };
  }
  const settlement = new Settlement(request.alias, route.feedback, (route.log?.redact ?? []).length === 0, requestId, ports);
  const results = await settlement.all(read.items);
  return read.batch ? { kind: 'batch', results } : { kind: 'item', result: results[0] };
}

type ReadItem = FeedbackItem | (FeedbackProblem & { readonly inferenceId?: string });

/** The outcomes of one request. */
class Settlement {
  /**
   * @param logsPrediction whether a prediction may be logged: where the log redacts anything, what it may have is in the inference's own
   * record
   */
  constructor(
    private readonly alias: string,
    private readonly plan: FeedbackRecordPlan,
    private readonly logsPrediction: boolean,
    private readonly requestId: string,
    private readonly ports: FeedbackPorts,
  ) {}

  /** Results in the order of the items; what is told of one inference is settled in that order too. */
  async all(items: readonly ReadItem[]): Promise<ItemResult[]> {
    const results: ItemResult[] = [];
    const byInference = new Map<string, number[]>();
    items.forEach((item, index) => {
      if ('code' in item) {
        const { inferenceId, code, message } = item;
        results[index] = { ...(inferenceId === undefined ? {} : { inferenceId }), error: { code, message } };
      } else {
        byInference.set(item.inferenceId, [...(byInference.get(item.inferenceId) ?? []), index]);
      }
    });
    const waiting = [...byInference.values()];
    await Promise.all(
      Array.from({ length: CONCURRENCY }, async () => {
        for (let indices = waiting.pop(); indices !== undefined; indices = waiting.pop()) {
          for (const index of indices) {
            results[index] = await this.one(items[index] as FeedbackItem, `${this.requestId}/${index}`);
          }
        }
      }),
    );
    return results;
  }

  private async one(item: FeedbackItem, by: string): Promise<ItemResult> {
    const { inferenceId } = item;
    const { endpoint, onFailure } = this.ports;
    if (uniform(routeKey(endpoint, this.alias), inferenceId, Draw.FEEDBACK) >= this.plan.sampleRate) {
      return { inferenceId, status: 'not sampled' };
    }
    try {
      const settled = await this.settle(item, by);
      return typeof settled === 'string' ? { inferenceId, status: settled } : { inferenceId, error: settled };
    } catch (error) {
      onFailure({ notice: 'feedback not settled', alias: this.alias, inferenceId, error: (error as Error).name });
      return {
        inferenceId,
        error: { code: FeedbackCode.UNAVAILABLE, message: 'the inference cannot be looked up at the moment; try again' },
      };
    }
  }

  private async settle({ inferenceId, value, correction }: FeedbackItem, by: string): Promise<ItemStatus | FeedbackProblem> {
    const { records, now } = this.ports;
    const { table, outcome: rule, windowSeconds } = this.plan;
    const until = ({ answer }: Inference): number => answer!.at + windowSeconds * 1_000;
    let verdict: Verdict | 'unknown' | 'too late' = 'unknown';
    let settled: Inference | undefined;
    const effect = await records.change({ table, inferenceId, by }, until, (known) => {
      settled = known;
      if (known?.answer === undefined || now() > until(known)) {
        verdict = known?.answer === undefined ? 'unknown' : 'too late';
        return undefined;
      }
      const result = told({ ...known, answer: known.answer }, value, correction, rule);
      verdict = result.verdict;
      settled = result.change?.inference;
      return result.change;
    });
    if (effect !== undefined) {
      this.count(inferenceId, settled!, value, effect);
      return effect.outcomes > 0 ? 'accepted' : 'corrected';
    }
    switch (verdict as Verdict | 'unknown' | 'too late') {
      case 'duplicate':
        return 'duplicate';
      case 'unknown':
        return {
          code: FeedbackCode.UNKNOWN_INFERENCE,
          message: 'no inference of this alias has this id; it may be too long ago, or not be recorded yet',
        };
      case 'too late':
        return { code: FeedbackCode.TOO_LATE, message: `the inference is more than ${windowSeconds} s ago; feedback is taken no longer` };
      default:
        return {
          code: FeedbackCode.ALREADY_KNOWN,
          message: 'another outcome is known of this inference; send "correction": true to replace it',
        };
    }
  }

  private count(inferenceId: string, { answer, outcome }: Inference, value: Label, effect: Effect): void {
    const { endpoint, recorder, log, now } = this.ports;
    const { variant, role, version, at, prediction, unassigned } = answer!;
    // With the right label a line would tell the prediction.
    const label = this.logsPrediction ? { label: String(value) } : {};
    recorder.told({ alias: this.alias, variant, ...(unassigned === true ? {} : { version }), at, effect });
    log({
      modelRollout: RecordMark.FEEDBACK,
      time: new Date(now()).toISOString(),
      endpoint,
      alias: this.alias,
      inferenceId,
      variant,
      role,
      version,
      outcomeTime: new Date(at).toISOString(),
      ...(this.plan.outcome.kind === 'label' ? label : { [this.plan.outcome.kind]: value }),
      ...(prediction === undefined || !this.logsPrediction ? {} : { prediction: String(prediction) }),
      ...(effect.rating === undefined ? { correct: !outcome!.wrong } : {}),
      correction: effect.outcomes === 0,
    });
  }
}
