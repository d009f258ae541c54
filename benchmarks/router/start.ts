// A cold start: from the start of the process to the answer to the first request, by Lambda's runtime client in front of a Runtime API,
// against a minimal pass-through in the same way, and against a process that only starts the client. AWS_LAMBDA_RIC names Lambda's own
// client (npm's aws-lambda-ric, which compiles native code and so is not installed with the rest); without it the client is one in this
// repository that speaks the same protocol, and a cold start is less by what the real one loads.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Table from 'cli-table3';
import { Environment } from '../../test/fixtures/environment';
import { benchmark } from '../benchmark';
import { median, plain } from '../report';
import { environmentOf, withPassThrough } from './compared';

interface Start {
  readonly cpuMs: number;
  readonly wallMs: number;
}

void benchmark('start', 15, (run) => withPassThrough(async ({ port, passThrough, router }) => {
  const nothing = mkdtempSync(join(tmpdir(), 'bench-start-'));
  writeFileSync(join(nothing, 'index.mjs'), 'export const handler = async () => ({ statusCode: 200 });');
  const mirroring = { MODEL_ROLLOUT_AFTERWARDS: 'true' };
  const rows: readonly { readonly name: string; readonly folder: string; readonly env?: { [name: string]: string } }[] = [
    { name: 'nothing but the client', folder: nothing },
    { name: 'pass-through', folder: dirname(passThrough) },
    { name: 'router', folder: dirname(router) },
    { name: 'router with a mirror', folder: dirname(router), env: mirroring },
  ];
  const wanted = rows.filter(({ name }, index) => index < 2 || run.wants(name));
  const starts = new Map<string, Start[]>(wanted.map(({ name }) => [name, []]));
  try {
    for (let round = 0; round < run.rounds; round++) {
      for (const { name, folder, env } of wanted) {
        starts.get(name)!.push(await start(folder, { ...environmentOf(port), ...env }));
      }
    }
  } finally {
    rmSync(nothing, { recursive: true });
  }
  const least = median(starts.get('nothing but the client')!.map(({ cpuMs }) => cpuMs));
  const table = new Table({ ...plain, head: ['cold start', 'CPU', 'beside the client', 'until the answer', 'CPU to pass-through'] });
  for (const [name, values] of starts) {
    const ratios = values.map(({ cpuMs }, round) => cpuMs / starts.get('pass-through')![round].cpuMs);
    const cpu = median(values.map(({ cpuMs }) => cpuMs));
    table.push([name, ms(cpu), ms(cpu - least), ms(median(values.map(({ wallMs }) => wallMs))), `${median(ratios).toFixed(2)} x`]);
    if (name.startsWith('router')) {
      run.figure(name, 'CPU of a cold start to pass-through', ratios);
    }
  }
  const client = process.env.AWS_LAMBDA_RIC === undefined ? 'the client of this repository' : 'aws-lambda-ric';
  console.log(`first request of a new process with ${client}, median of ${run.rounds}; Node.js ${process.version}`);
  console.log(table.toString());
}));

async function start(folder: string, env: { [name: string]: string }): Promise<Start> {
  const started = performance.now();
  const usage = pathToFileURL(join(__dirname, '../usage.mjs')).href;
  const environment = await Environment.start({ folder, env, extensions: true, preload: usage });
  try {
    await environment.invoke({
      resource: '/{alias}/invocations', httpMethod: 'POST', path: '/live/invocations', pathParameters: { alias: 'live' },
      headers: { 'Content-Type': 'application/json', Accept: '*/*', Host: 'api' }, multiValueQueryStringParameters: null, body: '{"x":1}',
      isBase64Encoded: false, requestContext: { requestId: '00000000-0000-4000-8000-000000000000', identity: {} },
    });
    const wallMs = performance.now() - started;
    await environment.idle();
    environment.child.kill('SIGCONT');
    environment.child.send('?');
    const [cpuMs] = (await once(environment.child, 'message')) as [number];
    return { cpuMs, wallMs };
  } finally {
    await environment.stop();
  }
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}
