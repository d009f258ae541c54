// What the router adds to a streamed answer: time and CPU until the first token, and CPU for each, against a bare pipe with the same SDK,
// bundled in the same way, that makes the same call over loopback. Both are taken in turns in one run, and the ratios are what counts: on a
// shared machine those of CPU, for the clock measures the neighbours.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { Env } from '../../lib/core/names';
import { bundleHandler } from '../../scripts/bundles.mjs';
import { benchmark, type Run } from '../benchmark';
import { median, plain } from '../report';

const TOKENS = 300;
const REQUESTS = 60;
const AIM = 1.3;

interface Measured {
  readonly cpuMs: number;
  readonly firstMs: number;
  readonly firstCpuMs: number;
}

interface Way {
  readonly name: string;
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
  readonly runs: Measured[];
}

async function main(run: Run): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'bench-stream-'));
  const standIn = fork(join(__dirname, 'stand-in.mjs'), [String(TOKENS)]);
  try {
    const [port] = (await once(standIn, 'message')) as [number];
    const pipe = join(work, 'index.mjs');
    await bundleHandler(join(__dirname, 'pipe.ts'), pipe);
    const router = join(__dirname, '../../assets/router/index.mjs');
    const all: readonly Way[] = [
      { name: 'a bare pipe', file: pipe, env: {}, runs: [] },
      { name: 'the router', file: router, env: {}, runs: [] },
      { name: 'the router, which counts tokens', file: router, env: { [Env.GENERATIVE]: 'true' }, runs: [] },
    ];
    const ways = all.filter(({ name }, index) => index === 0 || run.wants(name));
    for (let round = 0; round < run.rounds; round++) {
      for (const { file, env, runs } of ways) {
        runs.push(await measure(file, port, env));
      }
    }
    const table = new Table({ ...plain, head: ['', 'first token', 'ratio', 'CPU until it', 'ratio', 'CPU a token', 'ratio'] });
    for (const { name, runs } of ways.slice(1)) {
      const ratios = (value: (one: Measured) => number): number[] => runs.map((one, round) => value(one) / value(ways[0].runs[round]));
      run.figure(name, 'CPU until the first token to a bare pipe', ratios(({ firstCpuMs }) => firstCpuMs));
      run.figure(name, 'CPU a token to a bare pipe', ratios(({ cpuMs }) => cpuMs));
    }
    const of = (runs: readonly Measured[], value: (one: Measured) => number): number => median(runs.map(value));
    for (const { name, runs } of ways) {
      const [first, cpu] = [of(runs, ({ firstMs }) => firstMs), (1_000 * of(runs, ({ cpuMs }) => cpuMs)) / TOKENS];
      // Of runs beside each other, so that a slow minute of the machine is in both.
      const ratio = (value: (one: Measured) => number): string =>
        `${median(runs.map((one, round) => value(one) / value(ways[0].runs[round]))).toFixed(2)} x`;
      table.push([
        name,
        `${first.toFixed(2)} ms`, ratio(({ firstMs }) => firstMs),
        `${of(runs, ({ firstCpuMs }) => firstCpuMs).toFixed(2)} ms`, ratio(({ firstCpuMs }) => firstCpuMs),
        `${cpu.toFixed(1)} us`, ratio(({ cpuMs }) => cpuMs),
      ]);
    }
    console.log(
      `Answers of ${TOKENS} tokens, one an event, ${REQUESTS} requests in each of ${run.rounds} rounds; Node.js ${process.version}; `
        + `aim ${AIM} x`,
    );
    console.log(table.toString());
  } finally {
    standIn.disconnect();
    rmSync(work, { recursive: true, force: true });
  }
}

async function measure(handler: string, port: number, env: NodeJS.ProcessEnv): Promise<Measured> {
  const child = fork(join(__dirname, 'handler-stream.mjs'), [handler, String(REQUESTS)], {
    // Metrics and logs are written, as in Lambda, to somebody who reads them.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      PATH: process.env.PATH, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, AWS_LAMBDA_FUNCTION_NAME: 'router',
      [Env.TABLE]: 'routes', [Env.ENDPOINT]: 'bench', [Env.TIMEOUT_MS]: '28500',
      [Env.STREAM_TIMEOUT_MS]: '60000', [Env.IDLE_TIMEOUT_MS]: '5000',
      ...env,
    },
  });
  const [measured] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the measured process ended with ${String(code)}`))),
  ])) as [Measured];
  return measured;
}

void benchmark('stream', 7, main);
