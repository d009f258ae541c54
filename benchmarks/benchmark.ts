// What all benchmarks share: they are told the same, measure against something in the same run, and are compared with the figures that
// were committed last.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { median, plain } from './report';

const COMMITTED = join(__dirname, 'figures.json');
/** By which share a figure may be worse whatever its rounds say: no run of a shared machine is steadier. */
const NOISE = 0.1;

/** A ratio to something that was measured in the same run, or a size. Less is better. */
interface Figure {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** By benchmark, and by row and what it says. */
type Figures = { [benchmark: string]: { [figure: string]: Figure } };

export interface Run {
  /** How often each row is measured. */
  readonly rounds: number;
  /** Whether a row is to be measured. */
  wants(row: string): boolean;
  /** What was measured of a row, in each round. */
  figure(row: string, what: string, values: readonly number[]): void;
}

/**
 * Run a benchmark. `--only` measures the rows with this in their name, `--rounds` so often, `--save` puts the figures into those that are
 * committed, and `--check` fails where one is worse than these beyond noise.
 */
export async function benchmark(name: string, rounds: number, measure: (run: Run) => Promise<void> | void): Promise<void> {
  const { values: options } = parseArgs({
    options: { only: { type: 'string', default: '' }, rounds: { type: 'string' }, save: { type: 'boolean' }, check: { type: 'boolean' } },
  });
  const found: Figures[string] = {};
  let rows = 0;
  await measure({
    rounds: Number(options.rounds ?? rounds),
    wants: (row) => {
      const wanted = row.includes(options.only);
      rows += Number(wanted);
      return wanted;
    },
    figure: (row, what, values) => {
      found[`${row}: ${what}`] = { median: median(values), least: Math.min(...values), most: Math.max(...values) };
    },
  });
  if (rows === 0) {
    throw new Error(`no row has ${JSON.stringify(options.only)} in its name`);
  }
  const committed = JSON.parse(readFileSync(COMMITTED, 'utf8')) as Figures;
  const before = committed[name] ?? {};
  const worse = compare(found, before);
  if (options.save === true) {
    const figures = Object.fromEntries(Object.entries({ ...before, ...found }).map(([figure, { median: middle, least, most }]) =>
      [figure, { median: rounded(middle), least: rounded(least), most: rounded(most) }]));
    writeFileSync(COMMITTED, `${JSON.stringify({ ...committed, [name]: figures }, undefined, 2)}\n`);
  }
  if (options.check === true && worse.length > 0) {
    console.error(`worse than what was committed, beyond noise: ${worse.join('; ')}`);
    process.exitCode = 1;
  }
}

/** Prints figures beside those that are committed. Returns which are worse. */
function compare(found: Figures[string], before: Figures[string]): string[] {
  const table = new Table({ ...plain, head: ['figure', 'now', 'least to most', 'committed', 'least to most', ''] });
  const worse: string[] = [];
  for (const [name, now] of Object.entries(found)) {
    const then = before[name] as Figure | undefined;
    if (then !== undefined && isWorse(now, then)) {
      worse.push(name);
    }
    const committed = then === undefined ? ['', '', 'new'] : [shown(then.median), range(then), verdict(now, then)];
    table.push([name, shown(now.median), range(now), ...committed]);
  }
  console.log(table.toString());
  return worse;
}

/** Beyond noise: all rounds are worse than all that were committed, and by more than a machine differs from itself. */
function isWorse(now: Figure, then: Figure): boolean {
  return now.least > then.most && now.median > then.median * (1 + NOISE);
}

function verdict(now: Figure, then: Figure): string {
  if (isWorse(now, then)) {
    return 'WORSE';
  }
  return isWorse(then, now) ? 'better' : 'same';
}

function range({ least, most }: Figure): string {
  return least === most ? '' : `${shown(least)} to ${shown(most)}`;
}

function shown(value: number): string {
  return String(rounded(value));
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** Milliseconds of CPU that a fixed piece of work takes here and now: what is measured alone is divided by it. */
export function yardstick(): number {
  let best = Infinity;
  for (let time = 0; time < 5; time++) {
    const before = process.cpuUsage();
    const cells = new Map<number, { sum: number }>();
    for (let i = 1; i <= 1_000_000; i++) {
      const cell = cells.get(i % 1_009);
      if (cell === undefined) {
        cells.set(i % 1_009, { sum: Math.log(i) });
      } else {
        cell.sum += Math.log(i) * Math.sqrt(cell.sum);
      }
    }
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1_000);
  }
  return best;
}
