// Time to synthesize endpoints, against the same resources written by hand from L1 constructs, and the list of those resources.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import Table from 'cli-table3';
import { build } from 'esbuild';
import { benchmark } from '../benchmark';
import { median, plain } from '../report';
import type { Measured } from './measure';

// Two levels below the package's root, as the compiled file that finds the assets is.
const COMPILED = join(__dirname, '../../.cache/bench/synth.js');
const ENDPOINTS = [1, 10, 100];

void benchmark('synth', 5, async (run) => {
  // Users run JavaScript too; compiling while it runs would be measured with it.
  await build({
    entryPoints: [join(__dirname, 'measure.ts')],
    outfile: COMPILED,
    bundle: true,
    packages: 'external',
    platform: 'node',
    logLevel: 'warning',
  });
  const table = new Table({
    ...plain,
    head: ['endpoints', 'hand-written', 'ModelEndpoint', 'ratio', 'CPU, hand-written', 'CPU, ModelEndpoint', 'ratio', 'an endpoint more'],
  });
  const types: { [endpoints: number]: string[] } = {};
  let constructs = '';
  let before: { endpoints: number; wallMs: number } | undefined;
  for (const endpoints of ENDPOINTS.filter((count) => run.wants(rowOf(count)))) {
    const byHand: Measured[] = [];
    const ours: Measured[] = [];
    // Taken in turns, so that a slow minute of the machine falls on both.
    for (let round = 0; round < run.rounds; round++) {
      byHand.push(await measure('hand-written', endpoints));
      ours.push(await measure('with-constructs', endpoints));
    }
    types[endpoints] = ours[0].types;
    constructs = `${byHand[0].constructs} and ${ours[0].constructs}`;
    if (JSON.stringify([...byHand[0].types].sort()) !== JSON.stringify([...ours[0].types].sort())) {
      throw new Error(`the two make different resources: ${difference(byHand[0].types, ours[0].types)}`);
    }
    const [wallA, wallB] = [byHand, ours].map((runs) => median(runs.map(({ wallMs }) => wallMs)));
    const [cpuA, cpuB] = [byHand, ours].map((runs) => median(runs.map(({ cpuMs }) => cpuMs)));
    table.push([
      endpoints, ms(wallA), ms(wallB), times(wallB / wallA), ms(cpuA), ms(cpuB), times(cpuB / cpuA),
      before === undefined ? '' : ms((wallB - before.wallMs) / (endpoints - before.endpoints)),
    ]);
    before = { endpoints, wallMs: wallB };
    const ratios = ours.map(({ cpuMs }, round) => cpuMs / byHand[round].cpuMs);
    run.figure(rowOf(endpoints), 'CPU, ModelEndpoint to L1 constructs by hand', ratios);
  }
  console.log(
    `Synthesis in a fresh process, without loading the libraries and without validation, median of ${run.rounds}; `
      + `Node.js ${process.version}`,
  );
  console.log(table.toString());
  console.log(
    `The last row is ${constructs} constructs: beside each resource, ModelEndpoint has the L2 construct of `
      + 'aws-cdk-lib that makes it.',
  );
  if (types[1] !== undefined && types[10] !== undefined) {
    printResources(types[1], types[10]);
  }
});

function rowOf(endpoints: number): string {
  return endpoints === 1 ? '1 endpoint' : `${endpoints} endpoints`;
}

/** What every endpoint has is what ten have more than one, divided; the rest is there once for a stack. */
function printResources(one: string[], ten: string[]): void {
  const count = (types: string[], type: string): number => types.filter((other) => other === type).length;
  const table = new Table({ ...plain, head: ['resource', 'each endpoint', 'once per stack'] });
  const totals = { each: 0, once: 0 };
  for (const type of [...new Set(ten)].sort()) {
    const each = (count(ten, type) - count(one, type)) / 9;
    const once = count(one, type) - each;
    totals.each += each;
    totals.once += once;
    table.push([type, each || '', once || '']);
  }
  table.push(['total', totals.each, totals.once]);
  console.log('Resources of an endpoint with one model that is a Lambda function');
  console.log(table.toString());
}

async function measure(how: 'hand-written' | 'with-constructs', endpoints: number): Promise<Measured> {
  const child = fork(COMPILED, [how, String(endpoints)], {
    execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: { ...process.env, CDK_VALIDATION: 'false' },
  });
  const [measured] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the measured process ended with ${String(code)}`))),
  ])) as [Measured];
  return measured;
}

function difference(a: string[], b: string[]): string {
  const count = (types: string[], type: string): number => types.filter((other) => other === type).length;
  return [...new Set([...a, ...b])]
    .filter((type) => count(a, type) !== count(b, type))
    .map((type) => `${type} ${count(a, type)}/${count(b, type)}`)
    .join(', ');
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}

function times(value: number): string {
  return `${value.toFixed(2)} x`;
}
