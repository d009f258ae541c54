import { stringifyJson } from '../json/json';

/**
 * The inference log: one JSON object on one line in the log group of the function that saw the event, marked by its first member. The
 * subscription filter of `InferenceLog` picks the lines by that mark. Members without a value are left out.
 */
export type LogRecord = InferenceRecord | FeedbackRecord;

/** What a line of the log is, its first member. */
export enum RecordMark {
  /** A sampled inference, or a shadow's answer to one. */
  INFERENCE = 'inference',
  /** What somebody said of an inference later. */
  FEEDBACK = 'feedback',
  /**
   * A shadow's answer that does not agree, of an inference that is not in the log's sample; `model-rollout compare` reads it, the log does
   * not keep it.
   */
  COMPARISON = 'comparison',
}

export type RecordRole = 'production' | 'candidate' | 'control' | 'shadow';

/** What all lines say: when, where, which inference, who answered. */
interface RecordCommon {
  /** ISO 8601 with milliseconds, UTC. */
  readonly time: string;
  readonly endpoint: string;
  readonly alias: string;
  readonly inferenceId: string;
  /** Name of the variant, or of the shadow. */
  readonly variant: string;
  readonly role: RecordRole;
  /** Digest of the version. */
  readonly version: string;
}

/** What one variant made of one inference. A candidate that failed and production that then answered are two records with one id. */
export interface InferenceRecord extends RecordCommon {
  readonly modelRollout: RecordMark.INFERENCE | RecordMark.COMPARISON;
  /**
   * Probability with which this variant was chosen: its share of the route's weights at that time, 1 where the caller chose it by name,
   * and a shadow's sample rate.
   */
  readonly propensity: number;
  /** The caller chose the variant by name. */
  readonly targeted: boolean;
  /** 1 for the first variant that was asked, 2 for the one that was asked after it had failed, and so on. */
  readonly attempt: number;
  /** Milliseconds that the variant took. */
  readonly latencyMs: number;
  /** HTTP status of the variant's answer, or the one that stands for its failure. */
  readonly status: number;
  /** `answer`, or how the variant failed or refused: a FailureClass of the router. */
  readonly outcome: string;
  /** Code of the failure. */
  readonly code?: string;
  /** The variant failed, and another was asked instead. */
  readonly fellBack: boolean;
  /** The request was assigned to another variant, in whose place this one was asked: no part of a comparison. */
  readonly fallback?: true;
  /**
   * What the log's prediction path finds in the redacted answer, as a text: a string itself, else its JSON. Left out above 1,000
   * characters.
   */
  readonly prediction?: string;
  readonly requestBytes: number;
  readonly answerBytes?: number;
  /** Redacted JSON of the bodies, as a text; only with payload logging. */
  readonly request?: string;
  readonly answer?: string;
  /** Why a body that should be logged is not; see `Omitted`. */
  readonly requestOmitted?: string;
  readonly answerOmitted?: string;
  /** Shadows: how the answer compares with production's, a kind of ComparisonOutcome. */
  readonly comparison?: string;
  /** Shadows: how far the answers are apart, in the comparison's unit. */
  readonly difference?: number;
  /** Shadows: why there is no difference to state. */
  readonly reason?: string;
  /** Shadows: digest of the version that the caller was answered by, and its prediction. */
  readonly productionVersion?: string;
  readonly productionPrediction?: string;
}

/** An outcome of an inference, sent back later. */
export interface FeedbackRecord extends RecordCommon {
  readonly modelRollout: RecordMark.FEEDBACK;
  /** When the inference was, ISO 8601; `time` is when the feedback came. */
  readonly outcomeTime: string;
  /** True label as a text. */
  readonly label?: string;
  readonly score?: number;
  readonly reward?: number;
  readonly rating?: number;
  /** What the variant had predicted, as a text. */
  readonly prediction?: string;
  /** Whether the prediction was the label, or the number high enough; absent of a rating. */
  readonly correct?: boolean;
  /** The outcome replaces one that was sent before. */
  readonly correction: boolean;
}

/** What routers and mirrors log of an alias; part of its route, and of each mirror's plan. */
export interface LogPlan {
  /** Share of the inferences, above 0 and up to 1, decided by inference id. */
  readonly sampleRate: number;
  /** Definite JSON path of the prediction in answers. */
  readonly predictionPath?: string;
  /** Paths of values that are replaced before anything of a body is written, in requests and answers alike; see `parseRedactionPath`. */
  readonly redact: readonly string[];
  /** Absent: no body is logged, only its size. */
  readonly payload?: PayloadPlan;
}

export interface PayloadPlan {
  readonly request: boolean;
  readonly answer: boolean;
  /** A body that takes more of the record, redacted and escaped, is not logged; bytes. */
  readonly maximumBytes: number;
}

/** CloudWatch Logs takes events of 256 KiB from every source; a record stays below with all that it has. */
export const RECORD_BYTES = 250_000;
/** What two bodies may leave of that for the rest. */
export const BODY_BYTES = 100_000;
/** About what a record of an inference takes without bodies. */
export const PLAIN_RECORD_BYTES = 450;

/** The line of a record. */
export function lineOf(record: LogRecord): string {
  return JSON.stringify(record);
}

/** A value of a model's answer as the text that records carry. */
export function predictionText(value: unknown): string | undefined {
  if (value === undefined) {
    return undefined;
  }
  if (typeof value === 'string') {
    return value;
  }
  return stringifyJson(value);
}
