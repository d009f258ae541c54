// What mirroring adds to the path of production: the router's CPU and the time until the caller has the answer, against the same router on a
// route without mirrors, in front of a model and a queue that take a fixed time.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import Table from 'cli-table3';
import { median, plain } from '../report';

const MODEL_MS = 20;
/** What Lambda is taken to need to accept an event. */
const ACCEPT_MS = 10;
const SIZES: readonly { name: string; bytes: number; requests: number }[] = [
  { name: '1 kB', bytes: 1_000, requests: 200 },
  { name: '100 kB', bytes: 100_000, requests: 100 },
];
const RATES = [0, 0.1, 1];
const ROUNDS = 3;

interface Cost {
  readonly cpuMs: number;
  readonly meanMs: number;
}

async function main(): Promise<void> {
  const table = new Table({ ...plain, head: ['body', 'mirrored', 'CPU', 'ratio', 'time to the answer, mean', 'ratio'] });
  for (const { name, bytes, requests } of SIZES) {
    const costs = new Map<number, Cost[]>(RATES.map((rate) => [rate, []]));
    // Taken in turns, so that a slow minute of the machine falls on all.
    for (let round = 0; round < ROUNDS; round++) {
      for (const rate of RATES) {
        costs.get(rate)!.push(await measure(rate, bytes, requests));
      }
    }
    const of = (rate: number, which: keyof Cost): number => median(costs.get(rate)!.map((cost) => cost[which]));
    for (const rate of RATES) {
      table.push([
        name, `${rate * 100} %`,
        `${of(rate, 'cpuMs').toFixed(2)} ms`, `${(of(rate, 'cpuMs') / of(0, 'cpuMs')).toFixed(2)} x`,
        `${of(rate, 'meanMs').toFixed(1)} ms`, `${(of(rate, 'meanMs') / of(0, 'meanMs')).toFixed(2)} x`,
      ]);
    }
  }
  console.log(`a model of ${MODEL_MS} ms, a queue that accepts in ${ACCEPT_MS} ms, median of ${ROUNDS} rounds; Node.js ${process.version}`);
  console.log(table.toString());
}

async function measure(rate: number, bytes: number, requests: number): Promise<Cost> {
  const standIn = fork(join(__dirname, 'stand-in.mjs'), [MODEL_MS, ACCEPT_MS, rate].map(String));
  try {
    const [port] = (await once(standIn, 'message')) as [number];
    const child = fork(join(__dirname, 'handler-cost.mjs'), [join(__dirname, '../../assets/router/index.mjs'), String(bytes), String(requests)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        PATH: process.env.PATH, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x',
        AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, AWS_LAMBDA_FUNCTION_NAME: 'router',
        // A slow moment of the machine makes hand-overs late, and the router says so.
        POWERTOOLS_LOG_LEVEL: 'ERROR',
        MODEL_ROLLOUT_TABLE: 'routes', MODEL_ROLLOUT_ENDPOINT: 'bench', MODEL_ROLLOUT_TIMEOUT_MS: '28500',
      },
    });
    const [cost] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`the measured process ended with ${String(code)}`))),
    ])) as [Cost];
    return cost;
  } finally {
    standIn.disconnect();
  }
}

void main();
