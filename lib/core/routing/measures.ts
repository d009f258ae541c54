import { parseJsonPath, valueAt } from '../json/json-path';

/** What routers count of every request beside its success, so that two versions can be compared by evidence. */
export interface Measures {
  /** Milliseconds; requests slower than each of these are counted. */
  readonly slowerThanMs: readonly number[];
  /** The same of the candidate's requests, where it may be slower by a factor: as many. Absent: no other than production's. */
  readonly candidateSlowerThanMs?: readonly number[];
  /** Where numbers or classes in the answers fall. */
  readonly bins: readonly BinsMeasure[];
  /**
   * Since when production is counted by these thresholds, epoch milliseconds: they remain when a rollout ends, where callers stick to a
   * version.
   */
  readonly since?: number;
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
export const MEASURE_LIMITS = { thresholds: 12, bins: 60 } as const;

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
