// CPU that the router takes for a request, against a minimal pass-through handler with the same SDK, bundled in the same way, that
// makes the same call over loopback. Process CPU time and not the clock: on a shared machine the clock measures the neighbours.
import { join } from 'node:path';
import Table from 'cli-table3';
import { benchmark } from '../benchmark';
import { median, plain } from '../report';
import { beside, said, withPassThrough } from './compared';

const SIZES: readonly { readonly name: string; readonly bytes: number; readonly requests: number }[] = [
  { name: '1 kB', bytes: 1_000, requests: 1_500 },
  { name: '100 kB', bytes: 100_000, requests: 300 },
  { name: '5 MB', bytes: 5_000_000, requests: 20 },
];

/** What the router is told to log, by the table that has its route. */
const LOGS: readonly { readonly name: string; readonly table: string }[] = [
  { name: 'a log of all', table: 'routes-log' },
  { name: 'a log with bodies', table: 'routes-bodies' },
  { name: 'a log with bodies, one value redacted', table: 'routes-redacted' },
];

void benchmark('router', 5, (run) => withPassThrough(async ({ port, passThrough, router }) => {
  const table = new Table({ ...plain, head: ['body', '', 'CPU', 'ratio', 'against'] });
  for (const { name, bytes, requests } of SIZES.filter((size) => run.wants(size.name))) {
    const measure = (handler: string, routes = 'routes'): Promise<number> => cpuOf(handler, { port, bytes, requests, routes });
    const runs = new Map<string, number[]>();
    const add = (what: string, value: number): void => void runs.set(what, [...(runs.get(what) ?? []), value]);
    // Taken in turns, so that a slow minute of the machine falls on all.
    for (let round = 0; round < run.rounds; round++) {
      add('pass-through', await measure(passThrough));
      add('router', await measure(router));
      for (const log of LOGS) {
        add(log.name, await measure(router, log.table));
      }
    }
    for (const [what, values] of runs) {
      const against = what === 'router' ? 'pass-through' : 'router';
      const ratios = values.map((value, round) => value / runs.get(against)![round]);
      if (what === 'pass-through') {
        table.push([name, what, ms(median(values)), '', '']);
      } else {
        table.push([name, what, ms(median(values)), `${median(ratios).toFixed(2)} x`, against]);
        run.figure(name, `CPU, ${what} to ${against}`, ratios);
      }
    }
  }
  console.log(`CPU per request, median of ${run.rounds} rounds; Node.js ${process.version}`);
  console.log(table.toString());
}));

async function cpuOf(
  handler: string, { port, bytes, requests, routes }: { port: number; bytes: number; requests: number; routes: string },
): Promise<number> {
  return said<number>(beside(join(__dirname, 'handler-cpu.mjs'), [handler, String(bytes), String(requests)], port, routes));
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} ms`;
}
