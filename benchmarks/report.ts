import { parseArgs } from 'node:util';

/** A table without colours, to be read in a log and copied into a page. */
export const plain = { style: { head: [], border: [] } };

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** What a simulation may be told: a part of it, how many rollouts, and how to print. Fails for anything else, because it takes an hour. */
export function simulationOptions(args: readonly string[]): {
  readonly quick: boolean;
  readonly json: boolean;
  readonly only: string;
  readonly runs?: number;
} {
  const { values: { quick = false, json = false, only = '', runs } } = parseArgs({
    args: [...args],
    options: { quick: { type: 'boolean' }, json: { type: 'boolean' }, only: { type: 'string' }, runs: { type: 'string' } },
  });
  return { quick, json, only, ...(runs === undefined ? {} : { runs: Number(runs) }) };
}
