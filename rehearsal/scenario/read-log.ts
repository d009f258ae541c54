import {
  type FeedbackRecord,
  type InferenceRecord,
  type LogRecord,
  RecordMark,
  type RecordRole,
} from '../../lib/core/inference-log/record';
import { routeKey } from '../../lib/core/names';
import { RehearsalError } from '../rehearsal-error';
import { mean, quantile } from '../statistics';
import type { Behaviour, Labels, Minute } from '../../lib/core/rehearsal/scenario';

const MINUTE_MS = 60_000;
/** How a variant that answered is logged. */
const ANSWER = 'answer';
/** Shadows' answers that agree. */
const AGREES = 'agree';
/** Below that there is no latency. */
const SHORTEST_MS = 0.1;

const LEAST_SPREAD = 1.01;

/** What an inference log tells of what was. */
export interface RecordedLog {
  readonly minutes: readonly Minute[];
  /** Of either version what there are records of. */
  readonly production: Partial<Behaviour>;
  readonly candidate: Partial<Behaviour>;
  readonly labels: Partial<Labels>;
}

/** Whether a text is JSON lines, and not a table. */
export function isLog(text: string): boolean {
  return text.trimStart().startsWith('{');
}

/**
 * The inference log as `InferenceLog` writes it, one JSON object a line, in any order. It must be of one alias.
 *
 * @param share part of the inferences that the log holds, in (0, 1]
 */
export function readLog(text: string, path: string, share: number): RecordedLog {
  const records = text.split(/\r?\n/).flatMap((line, index) => (line.trim() === '' ? [] : [parsed(line, `${path}, line ${index + 1}`)]));
  const inferences = records.filter((record): record is InferenceRecord => record.modelRollout === RecordMark.INFERENCE);
  const feedback = records.filter((record): record is FeedbackRecord => record.modelRollout === RecordMark.FEEDBACK);
  const aliases = [...new Set(inferences.map(({ endpoint, alias }) => routeKey(endpoint, alias)))];
  if (aliases.length !== 1) {
    throw new RehearsalError('BAD_SCENARIO', aliases.length === 0
      ? `${path} has no line of an inference, {"modelRollout":"inference",…}; it cannot be replayed`
      : `${path} has inferences of ${aliases.join(' and ')}; leave those of one alias in it`);
  }
  return {
    minutes: minutesOf(inferences.filter(({ role }) => role !== 'shadow'), share),
    production: behaviourOf('production', inferences, feedback),
    candidate: { ...behaviourOf('candidate', inferences, feedback), ...agreementOf(inferences) },
    labels: labelsOf(inferences, feedback),
  };
}

function parsed(line: string, where: string): LogRecord {
  let record: Partial<LogRecord> | null;
  try {
    record = JSON.parse(line) as Partial<LogRecord>;
  } catch (error) {
    throw new RehearsalError('BAD_SCENARIO', `${where} is not valid JSON: ${(error as Error).message}`);
  }
  if (Number.isNaN(Date.parse(record?.time ?? '')) || typeof record?.inferenceId !== 'string') {
    throw new RehearsalError('BAD_SCENARIO', `${where} is not a record of the inference log: it lacks time or inferenceId`);
  }
  return record as LogRecord;
}

/** Requests by minute, from the first to the last; those in which production was asked tell its failures. */
function minutesOf(records: readonly InferenceRecord[], share: number): Minute[] {
  const at = ({ time }: InferenceRecord): number => Math.floor(Date.parse(time) / MINUTE_MS);
  const first = records.reduce((least, record) => Math.min(least, at(record)), Infinity);
  const last = records.reduce((most, record) => Math.max(most, at(record)), -Infinity);
  const minutes = Array.from({ length: last - first + 1 }, () => ({ requests: 0, asked: 0, failures: 0 }));
  for (const record of records) {
    const minute = minutes[at(record) - first];
    minute.requests += record.attempt === 1 ? 1 : 0;
    minute.asked += isOwn(record, 'production') ? 1 : 0;
    minute.failures += isOwn(record, 'production') && record.outcome !== ANSWER ? 1 : 0;
  }
  return minutes.map(({ requests, asked, failures }) => {
    const all = Math.round(requests / share);
    return { requests: all, failures: asked === 0 ? 0 : Math.round((all * failures) / asked) };
  });
}

/** Whether a request was a version's own: what it was asked in the place of another tells of the other. */
function isOwn({ role, fallback }: InferenceRecord, of: RecordRole): boolean {
  return role === of && fallback !== true;
}

function behaviourOf(role: RecordRole, inferences: readonly InferenceRecord[], feedback: readonly FeedbackRecord[]): Partial<Behaviour> {
  const records = inferences.filter((record) => isOwn(record, role));
  if (records.length === 0) {
    return {};
  }
  const answers = records.filter(({ outcome }) => outcome === ANSWER);
  const times = answers.map(({ latencyMs }) => Math.max(SHORTEST_MS, latencyMs));
  const right = [...lastOf(feedback.filter((record) => record.role === role)).values()].flatMap(({ correct }) =>
    correct === undefined ? [] : [correct ? 1 : 0],
  );
  return {
    errorRate: (records.length - answers.length) / records.length,
    ...(times.length === 0 ? {} : { latency: { medianMs: quantile(times, 0.5)!, p99Ms: tailOf(times) } }),
    ...(right.length === 0 ? {} : { accuracy: mean(right) }),
  };
}

/** Of a log with one shadow: it may have been the candidate. */
function agreementOf(inferences: readonly InferenceRecord[]): Partial<Behaviour> {
  const shadows = inferences.filter(({ role, comparison }) => role === 'shadow' && comparison !== undefined);
  return new Set(shadows.map(({ version }) => version)).size === 1
    ? { agreement: mean(shadows.map(({ comparison }) => (comparison === AGREES ? 1 : 0))) }
    : {};
}

/** What share of the inferences got a label, and how long after. */
function labelsOf(inferences: readonly InferenceRecord[], feedback: readonly FeedbackRecord[]): Partial<Labels> {
  const served = new Set(
    inferences.filter(({ role, outcome }) => role !== 'shadow' && outcome === ANSWER).map(({ inferenceId }) => inferenceId),
  );
  const told = feedback.filter(({ role, correction, inferenceId }) => role !== 'shadow' && !correction && served.has(inferenceId));
  const minutes = told
    .map(({ time, outcomeTime }) => Math.max(0.01, (Date.parse(time) - Date.parse(outcomeTime)) / MINUTE_MS))
    .filter((delay) => !Number.isNaN(delay));
  return minutes.length === 0
    ? {}
    : {
        share: new Set(told.map(({ inferenceId }) => inferenceId)).size / served.size,
        medianMinutes: quantile(minutes, 0.5)!,
        p99Minutes: tailOf(minutes),
      };
}

/** The 99 % quantile; a distribution without any width is none. */
function tailOf(values: readonly number[]): number {
  return Math.max(LEAST_SPREAD * quantile(values, 0.5)!, quantile(values, 0.99)!);
}

/** The latest of each inference: corrections take the place of what they correct. */
function lastOf(feedback: readonly FeedbackRecord[]): ReadonlyMap<string, FeedbackRecord> {
  return new Map([...feedback].sort((a, b) => Date.parse(a.time) - Date.parse(b.time)).map((record) => [record.inferenceId, record]));
}
