import { createHash } from 'node:crypto';
import { Draw, uniform } from '../sampling';
import { COUNTER_LIMITS, type CounterPlan } from './plan';

/** Milliseconds for which an item counts. */
export const COUNTED_MS = 60_000;

/** How old counts of an instance of the router get before they are written, milliseconds. */
export const WRITTEN_MS = 10_000;

/** Counts of one version in one minute, by cell. */
export interface CellCounts {
  readonly requests: readonly number[];
  /** By outcome, then by cell: failures first, then requests slower than each threshold of the route's measures. */
  readonly bad: readonly (readonly number[])[];
}

/** What was counted in a minute. */
export interface CounterReading {
  /** Start of the minute, epoch milliseconds. */
  readonly at: number;
  /** By {@link versionTag}. */
  readonly versions: ReadonlyMap<string, CellCounts>;
  /** By cell: the value that the candidate failed most. */
  readonly names: ReadonlyMap<number, string>;
}

/** The cell of a text among as many as there are, for ever the same. */
export function cellOf(scope: string, text: string, cells: number): number {
  return Math.floor(uniform(scope, text, Draw.CELL) * cells);
}

/** The cell of a request, by its text for the plan; undefined where it has none. */
export function cellFor({ values, cells }: Pick<CounterPlan, 'values' | 'cells'>, scope: string, text: string | undefined): number {
  if (values === undefined) {
    return cellOf(scope, text ?? '', cells);
  }
  const listed = text === undefined ? -1 : values.indexOf(text);
  return listed < 0 ? values.length : listed;
}

/** What is kept of a value: enough to recognize it, on one line and in ASCII, because it gets into sentences. */
export function nameOf(text: string | undefined, names: NonNullable<CounterPlan['names']>): string {
  if (text === undefined) {
    return '(none)';
  }
  return names === 'hashed'
    ? createHash('sha256').update(text).digest('hex').slice(0, 12)
    : text
        .slice(0, COUNTER_LIMITS.nameLength)
        .replace(/[^\x20-\x7e]/gu, (each) => Buffer.from(each).toString('hex').replace(/../g, '%$&').toUpperCase());
}

/** Stands for a version in the names of attributes, of which there are many. */
export function versionTag(version: string): string {
  return createHash('sha256').update(version).digest('base64url').slice(0, 6);
}

/** What was counted of a version, of as many outcomes; zeros where nothing was. */
export function countsOf({ versions }: CounterReading, version: string, cells: number, outcomes = 1): CellCounts {
  const counted = versions.get(versionTag(version));
  const zeros = (): number[] => new Array<number>(cells).fill(0);
  return {
    requests: counted?.requests ?? zeros(),
    bad: Array.from({ length: outcomes }, (_, outcome) => counted?.bad[outcome] ?? zeros()),
  };
}

/** Requests of a version in a minute, over all cells. */
export function requestsOf(reading: CounterReading, version: string): number {
  return (reading.versions.get(versionTag(version))?.requests ?? []).reduce((sum, requests) => sum + requests, 0);
}
