import type { CellCounts, CounterReading } from '../counters/cells';
import type { JudgedTime } from '../rollout/resolution';
import type { SeriesByKey } from '../rollout/series';

/** What was read for the judgement of a comparison. */
export interface Reading {
  readonly time: JudgedTime;
  readonly series: SeriesByKey;
  /** By the counter's name. */
  readonly cells: ReadonlyMap<string, readonly CounterReading[]>;
}

/** What a decision was judged by: the comparison under traffic, or that of the shadow stage. */
export type Compared = 'comparison' | 'shadow';
export type Readings = { readonly [compared in Compared]?: Reading };

/** Readings as a record keeps them. */
export interface KeptReadings {
  /** Hash of the record to whose readings these are added; absent: nothing is added to. */
  readonly since?: string;
  readonly of: { readonly [compared in Compared]?: KeptReading };
}

export interface KeptReading {
  readonly time: JudgedTime;
  /** By source: starts of periods, epoch milliseconds, and their values; null where two different ones were read. */
  readonly series: { readonly [source: string]: readonly (readonly [at: number, value: number | null])[] };
  readonly cells: { readonly [counter: string]: readonly KeptCells[] };
}

export interface KeptCells {
  readonly at: number;
  readonly versions: readonly (readonly [tag: string, counts: CellCounts])[];
  readonly names: readonly (readonly [cell: number, name: string])[];
}

/** Readings that are known by the hash of the record that has them. */
export interface KnownReadings {
  readonly sha256: string;
  readonly readings: Readings;
}

/**
 * The readings as a record keeps them: what is new or has changed since those of the record before, so that a rollout of days keeps every
 * period once and not a thousand times.
 */
export function kept(readings: Readings, known?: KnownReadings): KeptReadings {
  const goesOn = known !== undefined && names(readings).every((name) => continues(known.readings[name], readings[name]!));
  const since = goesOn ? known : undefined;
  return {
    ...(since === undefined ? {} : { since: since.sha256 }),
    of: Object.fromEntries(names(readings).map((name) => [name, keptReading(readings[name]!, since?.readings[name])])),
  };
}

/** The readings of a record; throws where it adds to those of another record than the one that is known. */
export function unkept({ since, of }: KeptReadings, known?: KnownReadings): Readings {
  if (since !== undefined && since !== known?.sha256) {
    throw new Error(`its readings are added to those of record ${since}, which is not the one before`);
  }
  return Object.fromEntries(Object.entries(of).map(([name, reading]) =>
    [name, readingOf(reading, since === undefined ? undefined : known?.readings[name as Compared])]));
}

function names(readings: Readings): Compared[] {
  return (['comparison', 'shadow'] as const).filter((name) => readings[name] !== undefined);
}

/** Whether everything that was read before is still read, so that what is new can be added to it. */
function continues(before: Reading | undefined, now: Reading): boolean {
  return before === undefined
    || ([...before.series].every(([source, values]) => [...values.keys()].every((at) => now.series.get(source)?.has(at) === true))
      && [...before.cells].every(([counter, minutes]) => {
        const starts = new Set(now.cells.get(counter)?.map(({ at }) => at));
        return minutes.every(({ at }) => starts.has(at));
      }));
}

function keptReading({ time, series, cells }: Reading, before?: Reading): KeptReading {
  return {
    time,
    series: Object.fromEntries([...series].map(([source, values]) => {
      const known = before?.series.get(source);
      const added = [...values].filter(([at, value]) => !(known?.has(at) === true && Object.is(known.get(at), value)));
      return [source, added.sort(([one], [other]) => one - other).map(([at, value]) => [at, Number.isNaN(value) ? null : value] as const)];
    })),
    cells: Object.fromEntries([...cells].map(([counter, minutes]) => {
      const known = new Map(before?.cells.get(counter)?.map((minute) => [minute.at, JSON.stringify(keptCells(minute))]));
      return [counter, minutes.map(keptCells).filter((minute) => known.get(minute.at) !== JSON.stringify(minute))];
    })),
  };
}

function keptCells({ at, versions, names: named }: CounterReading): KeptCells {
  return { at, versions: [...versions], names: [...named] };
}

function readingOf({ time, series, cells }: KeptReading, before?: Reading): Reading {
  return {
    time,
    series: new Map(Object.entries(series).map(([source, values]) => [
      source, new Map([...before?.series.get(source) ?? [], ...values.map(([at, value]) => [at, value ?? NaN] as const)]),
    ])),
    cells: new Map(Object.entries(cells).map(([counter, minutes]) => {
      const byStart = new Map(before?.cells.get(counter)?.map((minute) => [minute.at, minute]));
      for (const { at, versions, names: named } of minutes) {
        byStart.set(at, { at, versions: new Map(versions), names: new Map(named) });
      }
      return [counter, [...byStart.values()].sort((one, other) => one.at - other.at)];
    })),
  };
}
