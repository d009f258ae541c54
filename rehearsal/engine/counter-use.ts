import { type CellCountsReader, CHANGING_MS } from '../../lambda/controller/cell-counts';
import { COUNTED_MS, type CounterReading, WRITTEN_MS } from '../../lib/core/counters/cells';
import type { StoreUse } from '../harness/memory-stores';

/** Name and number of a count, bytes, about. */
const COUNT_BYTES = 14;
/** Name of a cell's value, bytes, about. */
const NAME_BYTES = 24;
/** What DynamoDB charges as one write, and as one read; a query reads twice as much for it. */
const [WRITE_BYTES, READ_BYTES] = [1_024, 2 * 4_096];

/**
 * The same counts, and what they cost: each instance of the router adds to the minute's item every ten seconds, which is charged by the
 * size of the item, and the controller reads anew what may still change.
 *
 * @param answerMs how long a request takes on average, by which so many instances are busy at a time
 */
export function metered(
  reader: CellCountsReader,
  use: StoreUse,
  { startedAt, now, answerMs }: { readonly startedAt: number; readonly now: () => number; readonly answerMs: number },
): CellCountsReader {
  const written = new Map<string, number>();
  const settled = new Map<string, number>();
  return {
    read: async (plan, key, time) => {
      const readings = await reader.read(plan, key, time);
      const fresh = readings.filter(({ at }) => at >= (written.get(plan.name) ?? startedAt));
      use.writes += fresh.reduce((sum, reading) => sum + writesOf(reading, answerMs), 0);
      written.set(plan.name, (readings.at(-1)?.at ?? startedAt - COUNTED_MS) + COUNTED_MS);
      const changing = readings.filter(({ at }) => at >= (settled.get(plan.name) ?? 0));
      use.reads += Math.ceil(changing.reduce((sum, reading) => sum + bytesOf(reading), 0) / READ_BYTES);
      settled.set(plan.name, now() - CHANGING_MS);
      return readings;
    },
  };
}

function writesOf(reading: CounterReading, answerMs: number): number {
  const requests = [...reading.versions.values()].flatMap((counts) => counts.requests).reduce((sum, count) => sum + count, 0);
  const instances = Math.ceil((requests * answerMs) / COUNTED_MS);
  const times = Math.min(requests, instances * (COUNTED_MS / WRITTEN_MS));
  return times * Math.ceil(bytesOf(reading) / WRITE_BYTES);
}

function bytesOf({ versions, names }: CounterReading): number {
  const counts = [...versions.values()].flatMap(({ requests, bad }) => [requests, ...bad].flat()).filter((count) => count > 0);
  return COUNT_BYTES * counts.length + NAME_BYTES * names.size;
}
