/**
 * What a request costs whoever pays for the router, of the bundle that ships: how long it runs beside its wait for the model at each size
 * of memory, and what it writes and calls with each option. Lambda gives CPU in proportion to memory, a whole one at 1,769 MB; here a
 * control group gives the same share, in periods of 20 ms, and bounds the memory. How long the group held the router back is the kernel's
 * own count, so that neighbours are not in it. Needs Linux with the controllers cpu and memory of cgroup v1, and root.
 *
 *   npx tsx benchmarks/router/billed.ts
 */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { once } from 'node:events';
import Table from 'cli-table3';
import { Environment } from '../../test/fixtures/environment';
import { apiEvent, serveHttp } from '../../test/fixtures/serving';
import { benchmark, type Run } from '../benchmark';
import { median, plain } from '../report';
import { environmentOf } from './compared';
import { routeItems } from './routes.mjs';

const MEMORY_MIB = [1_769, 1_024, 512, 256, 128];
const WHOLE_CPU_MIB = 1_769;
const PERIOD_US = 20_000;
const MODEL_MS = 100;
const BODIES = [
  { name: '1 kB', bytes: 1_000, requests: 60 }, { name: '100 kB', bytes: 100_000, requests: 30 },
  { name: '5 MB', bytes: 5_000_000, requests: 3 },
];
const OPTIONS: readonly { readonly name: string; readonly table: string }[] = [
  { name: 'as it is', table: 'routes' },
  { name: 'an `InferenceLog` of all', table: 'routes-log' },
  { name: 'with bodies', table: 'routes-bodies' },
  { name: 'a log with bodies, counts by caller, feedback and a mirror, all of all', table: 'routes-all' },
];

/** A share of a CPU and a bound of memory. */
class Group {
  private readonly folders = ['cpu', 'memory'].map((controller) => join('/sys/fs/cgroup', controller, `router-${process.pid}-${this.mib}`));

  constructor(private readonly mib: number) {
    this.folders.forEach((folder) => mkdirSync(folder));
    this.write(0, 'cpu.cfs_period_us', PERIOD_US);
    this.write(0, 'cpu.cfs_quota_us', Math.round((PERIOD_US * mib) / WHOLE_CPU_MIB));
    this.write(1, 'memory.limit_in_bytes', mib * 1_048_576);
  }

  take(pid: number): void {
    this.folders.forEach((_, index) => this.write(index, 'cgroup.procs', pid));
  }

  /** Milliseconds for which it was held back. */
  get heldMs(): number {
    return Number(/throttled_time (\d+)/.exec(this.read(0, 'cpu.stat'))![1]) / 1e6;
  }

  remove(): void {
    this.folders.forEach((folder) => rmdirSync(folder));
  }

  private read(index: number, file: string): string {
    return readFileSync(join(this.folders[index], file), 'utf8');
  }

  private write(index: number, file: string, value: number): void {
    writeFileSync(join(this.folders[index], file), String(value));
  }
}

void benchmark('billed', 3, async (run) => {
  const calls = new Map<string, number>();
  const services = await serveHttp((request, body, response) => {
    const url = request.url!;
    const what = String(request.headers['x-amz-target'] ?? (request.headers['x-amz-invocation-type'] === 'Event' ? 'hand-over' : 'model'));
    calls.set(what, (calls.get(what) ?? 0) + 1);
    if (what === 'model' && url.includes('/invocations')) {
      setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end(body), MODEL_MS);
    } else if (what === 'hand-over') {
      response.writeHead(202).end();
    } else {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' })
        .end(routeItems[(JSON.parse(String(body)) as { readonly TableName: string }).TableName] ?? '{}');
    }
  });
  const port = Number(new URL(services.url).port);
  try {
    if (run.wants('memory')) {
      await byMemory(run, port);
    }
    if (run.wants('options')) {
      await byOption(run, port, calls);
    }
  } finally {
    await services.close();
  }
});

async function byMemory(run: Run, port: number): Promise<void> {
  const head = ['memory', 'body', 'CPU a request', 'held back', 'beside the model', 'first request', 'most memory'];
  const table = new Table({ ...plain, head });
  for (const mib of MEMORY_MIB) {
    for (const { name, bytes, requests } of BODIES) {
      const rounds: Measured[] = [];
      for (let round = 0; round < run.rounds; round++) {
        rounds.push(await measured(mib, bytes, requests, port));
      }
      const [cpu, held, first, most] = ['cpuMs', 'heldMs', 'firstMs', 'mostMib'].map((key) =>
        median(rounds.map((one) => one[key as keyof Measured])));
      table.push([`${mib} MiB`, name, ms(cpu), ms(held), ms(cpu + held), ms(first), `${Math.round(most)} MiB`]);
      if (bytes === 1_000 && mib !== WHOLE_CPU_MIB) {
        run.figure(`memory ${mib}`, 'time beside the model to CPU', rounds.map(({ cpuMs, heldMs }) => (cpuMs + heldMs) / cpuMs));
      }
    }
  }
  console.log(`A model of ${MODEL_MS} ms, one request after the other; median of ${run.rounds}; Node.js ${process.version}`);
  console.log(table.toString());
}

interface Measured {
  readonly cpuMs: number;
  readonly heldMs: number;
  /** CPU and being held back from when the process has started to its first answer. */
  readonly firstMs: number;
  readonly mostMib: number;
}

async function measured(mib: number, bytes: number, requests: number, port: number): Promise<Measured> {
  const group = new Group(mib);
  const environment = await started(port, 'routes');
  try {
    const before = await cpuOf(environment);
    group.take(environment.child.pid!);
    await environment.invoke(eventOf(bytes, 0));
    await environment.idle();
    const first = (await cpuOf(environment)) - before + group.heldMs;
    for (let i = 1; i <= requests; i++) {
      await environment.invoke(eventOf(bytes, i));
    }
    await environment.idle();
    const [cpu, held] = [await cpuOf(environment), group.heldMs];
    for (let i = 1; i <= requests; i++) {
      await environment.invoke(eventOf(bytes, requests + i));
    }
    await environment.idle();
    const heldMs = (group.heldMs - held) / requests;
    return { cpuMs: ((await cpuOf(environment)) - cpu) / requests, heldMs, firstMs: first, mostMib: mostMib(environment) };
  } finally {
    await environment.stop();
    await new Promise((resolve) => setTimeout(resolve, 200));
    group.remove();
  }
}

/** The most memory that the function has had at once. */
function mostMib({ child }: Environment): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1_024;
}

async function byOption(run: Run, port: number, calls: Map<string, number>): Promise<void> {
  const requests = 30;
  const table = new Table({ ...plain, head: ['option', 'bytes of log a request', 'metrics', 'calls a request'] });
  for (const { name, table: routes } of OPTIONS) {
    const environment = await started(port, routes);
    try {
      await environment.invoke(eventOf(2_000, 0));
      await environment.idle();
      calls.clear();
      environment.log.length = 0;
      for (let i = 1; i <= requests; i++) {
        await environment.invoke(eventOf(2_000, i));
      }
      await environment.idle();
      const bytes = environment.log.reduce((sum, line) => sum + Buffer.byteLength(JSON.stringify(line)) + 1, 0) / requests;
      const asked = [...calls].map(([what, count]) => `${what.replace(/^.*\./, '')} ${(count / requests).toFixed(2)}`).join(', ');
      table.push([name, Math.round(bytes), metricsOf(environment.log), asked]);
      run.figure(`options: ${name}`, 'bytes of log a request', [bytes]);
    } finally {
      await environment.stop();
    }
  }
  console.log(`Requests and answers of 2 kB, ${requests} of them; without the lines of Lambda itself`);
  console.log(table.toString());
}

/** How many metrics lines are billed as: each name with each set of values of dimensions is one. */
function metricsOf(log: readonly { readonly [name: string]: unknown }[]): number {
  interface Directive { readonly Dimensions: readonly (readonly string[])[]; readonly Metrics: readonly { readonly Name: string }[] }
  const billed = new Set<string>();
  for (const line of log) {
    const { CloudWatchMetrics: directives = [] } = (line._aws ?? {}) as { readonly CloudWatchMetrics?: readonly Directive[] };
    for (const { Dimensions: sets, Metrics: metrics } of directives) {
      for (const set of sets) {
        metrics.forEach(({ Name: name }) => billed.add(JSON.stringify([name, ...set.map((dimension) => [dimension, line[dimension]])])));
      }
    }
  }
  return billed.size;
}

async function started(port: number, routes: string): Promise<Environment> {
  return Environment.start({
    folder: join(__dirname, '../../assets/router'), extensions: true,
    env: { ...environmentOf(port, routes), MODEL_ROLLOUT_AFTERWARDS: 'true' },
    preload: pathToFileURL(join(__dirname, '../usage.mjs')).href,
  });
}

function eventOf(bytes: number, index: number): object {
  const requestContext = { requestId: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}` };
  const body = JSON.stringify({ id: index, text: 'x'.repeat(bytes - 30) });
  return apiEvent({ body, headers: { 'x-caller': `caller-${index}` }, requestContext });
}

/** Milliseconds of CPU that the function has used; it is thawed to say so. */
async function cpuOf({ child }: Environment): Promise<number> {
  child.kill('SIGCONT');
  child.send('?');
  const [cpuMs] = (await once(child, 'message')) as [number];
  child.kill('SIGSTOP');
  return cpuMs;
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
