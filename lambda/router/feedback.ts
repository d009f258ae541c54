import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { randomUUID } from 'node:crypto';
import { answered } from '../../lib/core/feedback/inference';
import { type FeedbackRecordPlan, labelOf } from '../../lib/core/feedback/plan';
import { Dimension, FeedbackMetric, METRIC_NAMESPACE, routeKey } from '../../lib/core/names';
import { Draw, uniform } from '../../lib/core/sampling';
import { parseJsonPath, valueAt } from '../../lib/core/json/json-path';
import type { Route } from '../../lib/core/routing/route';
import type { InferenceRecords } from '../shared/records/inference-records';
import { readJson } from '../shared/http/read-json';
import type { InferenceRequest } from '../shared/http/request';
import { isSuccess } from '../shared/http/outcome';
import { Part, type Served } from './served';
import { Overdue } from './overdue';

export interface RecordingPorts {
  readonly endpoint: string;
  readonly records: Pick<InferenceRecords, 'change'>;
  /** Count an inference that could not be recorded. */
  readonly lost: (alias: string) => void;
  readonly onFailure: (details: { readonly [name: string]: unknown }) => void;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Longest that a caller waits for the record of an inference, milliseconds. */
export const RECORD_WAIT_MS = 50;
/** How long nothing is recorded after a record that failed, milliseconds. */
const PAUSE_MS = 1_000;
/** Records that may be under way at a time. */
const MOST_PENDING = 100;

/**
 * Remembers who answered an inference, and what was predicted, for those who tell later whether that was right. Nothing else of request and
 * answer is kept. Where Lambda gives the function time after its answers, and where it streams them, that is when. Elsewhere it is frozen
 * once it has answered, so the record is written before, and the caller waits no longer than RECORD_WAIT_MS. What is slower goes on while
 * the function runs; until it is there, nobody waits for others either, so that not every caller pays for a slow table.
 */
export class FeedbackRecording {
  private pausedUntil = -Infinity;
  private pending = 0;
  private readonly overdue = new Overdue();

  constructor(private readonly ports: RecordingPorts, private readonly waitMs: number = RECORD_WAIT_MS) {}

  /** Resolves when the caller may have the answer, or, where it has, when all is done; never rejects. */
  async record(request: InferenceRequest, { variant, part, outcome, route }: Served, isAnswered = false): Promise<void> {
    const { endpoint, records, clock, now } = this.ports;
    const { alias, inferenceId } = request;
    const feedback = recordedBy(endpoint, request, route);
    // What was refused or failed predicts nothing.
    if (feedback === undefined || !isSuccess(outcome)) {
      return;
    }
    if (clock() < this.pausedUntil || this.pending >= MOST_PENDING) {
      this.fail(alias, inferenceId, this.pending >= MOST_PENDING ? 'too many under way' : 'paused');
      return;
    }
    const { prediction: path } = feedback.outcome;
    const prediction = path === undefined ? undefined : labelOf(valueAt(readJson(outcome.body), parseJsonPath(path)!));
    const at = now();
    this.pending++;
    const write = records
      .change(
        { table: feedback.table, inferenceId, by: randomUUID(), expectNew: true },
        () => at + feedback.windowSeconds * 1_000,
        (known) =>
          answered(known, {
            variant: variant.name,
            role: variant.role,
            version: variant.version,
            at,
            ...(prediction === undefined ? {} : { prediction }),
            ...(part === Part.ASSIGNED || part === Part.REPEATED ? {} : { unassigned: true }),
          }),
      )
      .catch((error: unknown) => {
        this.pausedUntil = clock() + PAUSE_MS;
        this.fail(alias, inferenceId, (error as Error).name);
      })
      .then(() => {
        this.pending--;
      });
    await (isAnswered ? write : this.overdue.await(write, this.overdue.patience(this.waitMs)));
  }

  private fail(alias: string, inferenceId: string, problem: string): void {
    this.ports.lost(alias);
    this.ports.onFailure({ alias, inferenceId, problem });
  }
}

/** How an inference is remembered for feedback; undefined where it is not in the sample. */
export function recordedBy(
  endpoint: string,
  { alias, inferenceId }: Pick<InferenceRequest, 'alias' | 'inferenceId'>,
  { feedback }: Pick<Route, 'feedback'>,
): FeedbackRecordPlan | undefined {
  return feedback !== undefined && uniform(routeKey(endpoint, alias), inferenceId, Draw.FEEDBACK) < feedback.sampleRate
    ? feedback
    : undefined;
}

/** Counts inferences that were not recorded, in CloudWatch's embedded metric format. */
export class EmfLostRecorder {
  private readonly metrics = new Metrics({ namespace: METRIC_NAMESPACE });

  constructor(private readonly endpoint: string) {
    this.metrics.clearDefaultDimensions();
  }

  lost(alias: string): void {
    this.metrics.addDimensions({ [Dimension.ENDPOINT]: this.endpoint, [Dimension.ALIAS]: alias });
    this.metrics.addMetric(FeedbackMetric.LOST, MetricUnit.Count, 1);
    this.metrics.publishStoredMetrics();
  }
}
