// Memory of the router over many requests, with all that it may keep something for: a log, counts by caller, feedback, a mirror. The
// slope is that of a line through the heap after a collection, beginning when the router is warm.
import { join } from 'node:path';
import Table from 'cli-table3';
import { benchmark } from '../benchmark';
import { plain } from '../report';
import { beside, said, withPassThrough } from './compared';

const ROWS: readonly { readonly name: string; readonly routes: string }[] = [
  { name: 'router alone', routes: 'routes' },
  { name: 'with a log, counts, feedback and a mirror', routes: 'routes-all' },
];
const REQUESTS = 100_000;
const SAMPLES = 50;

void benchmark('memory', 1, (run) => withPassThrough(async ({ port, router }) => {
  const table = new Table({ ...plain, head: ['router', 'requests', 'heap when warm', 'heap at the end', 'slope'] });
  for (const { name, routes } of ROWS.filter((row) => run.wants(row.name))) {
    const args = [router, String(REQUESTS), String(SAMPLES)];
    const heaps = await said<number[]>(beside(join(__dirname, 'handler-heap.mjs'), args, port, routes, ['--expose-gc']));
    const perThousand = (slopeOf(heaps) * SAMPLES * 1_000) / REQUESTS;
    table.push([name, REQUESTS, kB(heaps[0]), kB(heaps.at(-1)!), `${perThousand.toFixed(0)} bytes for 1,000 requests`]);
    run.figure(name, 'heap at the end to the heap when warm', [heaps.at(-1)! / heaps[0]]);
  }
  console.log(table.toString());
}));

/** Of the line with the least squares through values one after the other. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const [over, under] = values.reduce(
    ([above, below], value, index) => [above + (index - middle) * (value - mean), below + (index - middle) ** 2],
    [0, 0],
  );
  return over / under;
}

function kB(bytes: number): string {
  return `${Math.round(bytes / 1_000)} kB`;
}
