import { parseJsonPath, valueAt } from '../json/json-path';
import { MEASURED_FIRST_TOKENS, MEASURED_REQUESTS, MEASURED_TOKEN_TIMES, Metric } from '../names';

/** A time of an answer: until it is there or has begun, until its first token, from one token to the next. */
export type Timing = 'answer' | 'first-token' | 'token';

/** For each time the metric with all its values, and the count of the measured requests that have such a time. */
export const TIMINGS: { readonly [timing in Timing]: { readonly metric: Metric; readonly measured: string } } = {
  'answer': { metric: Metric.MODEL_LATENCY, measured: MEASURED_REQUESTS },
  'first-token': { metric: Metric.FIRST_TOKEN_LATENCY, measured: MEASURED_FIRST_TOKENS },
  'token': { metric: Metric.TIME_PER_TOKEN, measured: MEASURED_TOKEN_TIMES },
};

/** What times an answer has, milliseconds. */
export type Times = { readonly [timing in Timing]?: number };

/** What routers count of every request beside its success, so that two versions can be compared by evidence. */
export interface Measures {
  /** Milliseconds; requests slower than each of these are counted. */
  readonly slowerThanMs: readonly number[];
  /** The same of the candidate's requests, where it may be slower by a factor: as many. Absent: no other than production's. */
  readonly candidateSlowerThanMs?: readonly number[];
  /** Which time each of the thresholds is of. Absent: all are of the answer's. */
  readonly slowerIn?: readonly Timing[];
  /** Where numbers or classes in the answers fall. */
  readonly bins: readonly BinsMeasure[];
  /** Sums over complete answers of generative models. Absent: none. */
  readonly sums?: readonly SumMeasure[];
  /** What structured answers must follow. Absent: nothing. */
  readonly schemas?: readonly JsonSchema[];
  /**
   * Since when production is counted by these thresholds, epoch milliseconds: they remain when a rollout ends, where callers stick to a
   * version.
   */
  readonly since?: number;
}

/** What a token counts for on its way in and out. */
export interface TokenWeights {
  readonly in: number;
  readonly out: number;
}

/** Tokens by weight; a control's are production's. */
export interface SumMeasure {
  readonly production: TokenWeights;
  readonly candidate: TokenWeights;
  /** An answer counts for no more. */
  readonly atMost: number;
}

/** A JSON schema. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** What an answer adds to a sum. */
export function addend(
  { production, candidate, atMost }: SumMeasure, role: Parameters<typeof thresholdsFor>[1], tokens: TokenWeights,
): number {
  const weights = role === 'candidate' ? candidate : production;
  return Math.min(atMost, weights.in * tokens.in + weights.out * tokens.out);
}

/** A value in the answers and how it is sorted into bins: a number by edges, a class by labels. */
export interface BinsMeasure {
  /** Definite JSON path. */
  readonly path: string;
  /** Inner borders, increasing; a value equal to a border is in the bin above it. */
  readonly edges?: readonly number[];
  /** Labels with a bin each; all others share one more. */
  readonly labels?: readonly string[];
}

/** Metrics are written in one record of at most 100; more would be dropped. */
export const MEASURE_LIMITS = { thresholds: 12, bins: 60, sums: 4, schemas: 2, schemaCharacters: 16_384 } as const;

/** Whether a request is slower than each of the thresholds of its version, in the time that the threshold is of. */
export function slowerThan(measures: Measures, role: Parameters<typeof thresholdsFor>[1], times: Times): boolean[] {
  return thresholdsFor(measures, role).map((threshold, index) => (times[timingOf(measures, index)] ?? -1) > threshold);
}

/** The times that any threshold is of. */
export function timingsOf(measures: Measures): Timing[] {
  return [...new Set(measures.slowerThanMs.map((_, index) => timingOf(measures, index)))];
}

/** Which time a threshold is of. */
export function timingOf({ slowerIn }: Pick<Measures, 'slowerIn'>, threshold: number): Timing {
  return slowerIn?.[threshold] ?? 'answer';
}

/** The thresholds of a version's requests. */
export function thresholdsFor(
  { slowerThanMs, candidateSlowerThanMs = slowerThanMs }: Measures,
  role: 'production' | 'candidate' | 'control',
): readonly number[] {
  return role === 'candidate' ? candidateSlowerThanMs : slowerThanMs;
}

/** Bins of a measure. The last is for answers in which there is no such value, or that cannot be read at all. */
export function binCount({ edges, labels }: BinsMeasure): number {
  return (edges ?? labels ?? []).length + 2;
}

/** The bin of an answer; `document` is its JSON, undefined where it is none. */
export function binOf(measure: BinsMeasure, document: unknown): number {
  const unreadable = binCount(measure) - 1;
  const found = valueAt(document, segmentsOf(measure.path));
  const value = typeof found === 'bigint' && measure.edges !== undefined ? Number(found) : found;
  if (measure.edges !== undefined) {
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      return unreadable;
    }
    const above = measure.edges.findIndex((edge) => value < edge);
    return above < 0 ? measure.edges.length : above;
  }
  if (!['string', 'number', 'bigint', 'boolean'].includes(typeof value)) {
    return unreadable;
  }
  const labels = measure.labels ?? [];
  const label = labels.indexOf(String(value));
  return label < 0 ? labels.length : label;
}

/** Paths are parsed once, not for every request. */
const parsed = new Map<string, ReturnType<typeof parseJsonPath>>();

function segmentsOf(path: string): NonNullable<ReturnType<typeof parseJsonPath>> {
  let segments = parsed.get(path);
  if (segments === undefined) {
    segments = parseJsonPath(path) ?? [];
    parsed.set(path, segments);
  }
  return segments;
}
