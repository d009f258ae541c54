import type { FeedbackRecord, InferenceRecord } from './record';

type Member = keyof InferenceRecord | keyof FeedbackRecord;

/** Members of records and their types in the Glue table, whose names have no capitals. */
const TYPES: { readonly [member in Member]: string } = {
  modelRollout: 'string',
  time: 'string',
  endpoint: 'string',
  alias: 'string',
  inferenceId: 'string',
  variant: 'string',
  role: 'string',
  version: 'string',
  propensity: 'double',
  targeted: 'boolean',
  attempt: 'int',
  latencyMs: 'double',
  status: 'int',
  outcome: 'string',
  code: 'string',
  fellBack: 'boolean',
  prediction: 'string',
  requestBytes: 'bigint',
  answerBytes: 'bigint',
  request: 'string',
  answer: 'string',
  requestOmitted: 'string',
  answerOmitted: 'string',
  comparison: 'string',
  difference: 'double',
  reason: 'string',
  productionVersion: 'string',
  productionPrediction: 'string',
  outcomeTime: 'string',
  label: 'string',
  score: 'double',
  reward: 'double',
  correct: 'boolean',
  correction: 'boolean',
  fallback: 'boolean',
  rating: 'double',
};

export interface LogColumn {
  readonly name: string;
  readonly type: string;
}

export const LOG_COLUMNS: readonly LogColumn[] = Object.entries(TYPES).map(([name, type]) => ({ name: name.toLowerCase(), type }));

/** By when Firehose got a record, UTC: a date such as 2026-11-25, and an hour from 00 to 23. */
export const LOG_PARTITIONS: readonly LogColumn[] = [{ name: 'day', type: 'string' }, { name: 'hour', type: 'string' }];
