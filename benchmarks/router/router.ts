// CPU that the router takes for a request, against a minimal pass-through handler with the same SDK, bundled in the same way, that
// makes the same call over loopback. Process CPU time and not the clock: on a shared machine the clock measures the neighbours.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { bundleHandler } from '../../scripts/bundles.mjs';
import { median, plain } from '../report';

const SIZES: readonly { name: string; bytes: number; requests: number }[] = [
  { name: '1 kB', bytes: 1_000, requests: 1_500 },
  { name: '100 kB', bytes: 100_000, requests: 300 },
  { name: '5 MB', bytes: 5_000_000, requests: 20 },
];
const ROUNDS = 5;

async function main(): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'bench-router-'));
  const standIn = fork(join(__dirname, 'stand-in.mjs'));
  try {
    const [port] = (await once(standIn, 'message')) as [number];
    const passThrough = join(work, 'index.mjs');
    await bundleHandler(join(__dirname, 'pass-through.ts'), passThrough);
    const router = join(__dirname, '../../assets/router/index.mjs');
    const table = new Table({
      ...plain,
      head: ['body', 'pass-through', 'router', 'ratio', 'the router adds', 'with a log of all', 'ratio', 'with bodies', 'ratio'],
    });
    for (const { name, bytes, requests } of SIZES) {
      const direct: number[] = [];
      const routed: number[] = [];
      const logged: number[] = [];
      const bodies: number[] = [];
      // Taken in turns, so that a slow minute of the machine falls on both.
      for (let round = 0; round < ROUNDS; round++) {
        direct.push(await measure(passThrough, port, bytes, requests));
        routed.push(await measure(router, port, bytes, requests));
        logged.push(await measure(router, port, bytes, requests, 'routes-log'));
        bodies.push(await measure(router, port, bytes, requests, 'routes-bodies'));
      }
      const [a, b, c, d] = [direct, routed, logged, bodies].map(median);
      const ratio = (value: number, to: number): string => `${(value / to).toFixed(2)} x`;
      table.push([name, ms(a), ms(b), ratio(b, a), ms(b - a), ms(c), ratio(c, b), ms(d), ratio(d, b)]);
    }
    console.log(`CPU per request, median of ${ROUNDS} rounds; Node.js ${process.version}`);
    console.log(table.toString());
  } finally {
    standIn.disconnect();
    rmSync(work, { recursive: true, force: true });
  }
}

async function measure(handler: string, port: number, bytes: number, requests: number, routes = 'routes'): Promise<number> {
  const child = fork(join(__dirname, 'handler-cpu.mjs'), [handler, String(bytes), String(requests)], {
    // Metrics and logs are written, as in Lambda, to somebody who reads them.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      PATH: process.env.PATH, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, AWS_LAMBDA_FUNCTION_NAME: 'router',
      MODEL_ROLLOUT_TABLE: routes, MODEL_ROLLOUT_ENDPOINT: 'bench', MODEL_ROLLOUT_TIMEOUT_MS: '28500',
    },
  });
  const [used] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the measured process ended with ${String(code)}`))),
  ])) as [number];
  return used;
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} ms`;
}

void main();
