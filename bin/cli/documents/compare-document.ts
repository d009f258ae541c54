import type { InferenceRecord } from '../../../lib/core/inference-log/record';

/** What `compare --json` prints: public. Times are ISO 8601; fields are added, never changed. */
export interface CompareDocument {
  readonly schema: 1;
  readonly ok: true;
  readonly command: 'compare';
  readonly stack: string;
  readonly region: string;
  readonly alias: string;
  readonly from: string;
  readonly to: string;
  readonly shadows: readonly ShadowComparison[];
}

export interface ShadowComparison {
  readonly shadow: string;
  readonly version: string;
  readonly sampleRate: number;
  readonly total: AgreementCounts;
  /** Hours, or days of a long time, in which the shadow was asked; oldest first. */
  readonly periods: readonly (AgreementCounts & { readonly start: string })[];
  /** The answers that are furthest from production's, worst first. */
  readonly worst: readonly Disagreement[];
  /** Disagreements that were looked at to find the worst, and whether there are more that were not. */
  readonly looked: number;
  readonly more: boolean;
  /** What could not be read. */
  readonly notes: readonly string[];
}

export interface AgreementCounts {
  readonly comparisons: number;
  readonly agreements: number;
  readonly differences: number;
  readonly schemaDifferences: number;
  readonly shadowErrors: number;
  /** A function that compares did not say. */
  readonly comparisonErrors: number;
  /** Requests of the sample that were not compared; they are counted for the shadow whatever its version. */
  readonly dropped: number;
}

/** One inference on which the shadow does not agree. */
export interface Disagreement {
  readonly inferenceId: string;
  readonly time: string;
  readonly comparison: string;
  readonly difference?: number;
  readonly reason?: string;
  /** With an InferenceLog that has a prediction path. */
  readonly production?: string;
  readonly shadow?: string;
}

/** The record on a line of a mirror's log, if it is one of a disagreement. Lines may have what Lambda puts before them. */
export function disagreementOf(line: string): (Disagreement & { readonly variant: string; readonly version: string }) | undefined {
  const at = line.indexOf('{"modelRollout"');
  if (at < 0) {
    return undefined;
  }
  let record: Partial<InferenceRecord>;
  try {
    record = JSON.parse(line.slice(at)) as Partial<InferenceRecord>;
  } catch {
    return undefined;
  }
  const { role, comparison, inferenceId, time, variant, version, difference, reason, productionPrediction, prediction } = record;
  if (
    role !== 'shadow' ||
    comparison === undefined ||
    comparison === 'agree' ||
    inferenceId === undefined ||
    time === undefined ||
    variant === undefined ||
    version === undefined
  ) {
    return undefined;
  }
  return {
    inferenceId, time, comparison, variant, version,
    ...(typeof difference === 'number' ? { difference } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(typeof productionPrediction === 'string' ? { production: productionPrediction } : {}),
    ...(typeof prediction === 'string' ? { shadow: prediction } : {}),
  };
}

/** The worst first: by difference, then what has none, the newest first. */
export function worstOf(disagreements: readonly Disagreement[], most: number): readonly Disagreement[] {
  return [...disagreements]
    .sort((a, b) => (b.difference ?? -Infinity) - (a.difference ?? -Infinity) || (b.time < a.time ? -1 : Number(b.time > a.time)))
    .slice(0, most);
}

export function sumOf(counts: readonly AgreementCounts[]): AgreementCounts {
  const sum = (of: keyof AgreementCounts): number => counts.reduce((total, each) => total + each[of], 0);
  return {
    comparisons: sum('comparisons'),
    agreements: sum('agreements'),
    differences: sum('differences'),
    schemaDifferences: sum('schemaDifferences'),
    shadowErrors: sum('shadowErrors'),
    comparisonErrors: sum('comparisonErrors'),
    dropped: sum('dropped'),
  };
}
