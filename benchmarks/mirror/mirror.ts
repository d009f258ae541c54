// What mirroring adds to the path of production, for each way in which requests get to a mirror: the router's CPU and the time until the
// caller has the answer, against the same router on a route without mirrors, in front of a model, a queue and a bucket that take a fixed
// time.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import Table from 'cli-table3';
import { median, plain } from '../report';

const MODEL_MS = 20;
/** What Lambda is taken to need to accept an event, and S3 to store an object once it has it. */
const ACCEPT_MS = 10;
const STORE_MS = 25;
const MODES: readonly { readonly name: string; readonly bytes: number; readonly requests: number; readonly streaming: boolean }[] = [
  { name: 'event, 1 kB', bytes: 1_000, requests: 200, streaming: false },
  { name: 'event, 100 kB', bytes: 100_000, requests: 100, streaming: false },
  { name: 'by S3, 1 MB', bytes: 1_000_000, requests: 60, streaming: false },
  { name: 'by S3, 4 MB', bytes: 4_000_000, requests: 40, streaming: false },
  { name: 'event, 1 kB, streaming', bytes: 1_000, requests: 200, streaming: true },
  { name: 'by S3, 1 MB, streaming', bytes: 1_000_000, requests: 60, streaming: true },
  { name: 'by S3, 4 MB, streaming', bytes: 4_000_000, requests: 40, streaming: true },
];
const RATES = [0, 0.1, 1];
const ROUNDS = 3;

interface Cost {
  readonly cpuMs: number;
  readonly meanMs: number;
  /** Events that the queue accepted. */
  readonly events: number;
}

async function main(): Promise<void> {
  const table = new Table({ ...plain, head: ['mode', 'mirrored', 'events', 'CPU', 'ratio', 'time to the answer, mean', 'ratio'] });
  for (const mode of MODES) {
    const costs = new Map<number, Cost[]>(RATES.map((rate) => [rate, []]));
    // Taken in turns, so that a slow minute of the machine falls on all.
    for (let round = 0; round < ROUNDS; round++) {
      for (const rate of RATES) {
        costs.get(rate)!.push(await measure(rate, mode));
      }
    }
    const of = (rate: number, which: keyof Cost): number => median(costs.get(rate)!.map((cost) => cost[which]));
    for (const rate of RATES) {
      table.push([
        mode.name, `${rate * 100} %`, `${of(rate, 'events')} of ${mode.requests}`,
        `${of(rate, 'cpuMs').toFixed(2)} ms`, `${(of(rate, 'cpuMs') / of(0, 'cpuMs')).toFixed(2)} x`,
        `${of(rate, 'meanMs').toFixed(1)} ms`, `${(of(rate, 'meanMs') / of(0, 'meanMs')).toFixed(2)} x`,
      ]);
    }
  }
  console.log(
    `a model of ${MODEL_MS} ms, a queue that accepts in ${ACCEPT_MS} ms, a bucket that stores in ${STORE_MS} ms, median of ${ROUNDS} `
      + `rounds; Node.js ${process.version}`,
  );
  console.log(table.toString());
}

async function measure(rate: number, { bytes, requests, streaming }: (typeof MODES)[number]): Promise<Cost> {
  const standIn = fork(join(__dirname, 'stand-in.mjs'), [MODEL_MS, ACCEPT_MS, STORE_MS, rate].map(String));
  try {
    const port = await said<number>(standIn);
    const child = fork(
      join(__dirname, 'handler-cost.mjs'),
      [join(__dirname, '../../assets/router/index.mjs'), String(bytes), String(requests), String(streaming)],
      {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        env: {
          PATH: process.env.PATH,
          AWS_REGION: 'us-east-1',
          AWS_ACCESS_KEY_ID: 'x',
          AWS_SECRET_ACCESS_KEY: 'x',
          AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
          AWS_LAMBDA_FUNCTION_NAME: 'router',
          // A slow moment of the machine makes hand-overs late, and the router says so.
          POWERTOOLS_LOG_LEVEL: 'ERROR',
          MODEL_ROLLOUT_TABLE: 'routes',
          MODEL_ROLLOUT_ENDPOINT: 'bench',
          MODEL_ROLLOUT_TIMEOUT_MS: '28500', MODEL_ROLLOUT_STREAM_TIMEOUT_MS: '28500',
          MODEL_ROLLOUT_LARGE_BODIES: 'true',
        },
      },
    );
    const accepted = (): Promise<number> => {
      standIn.send('events');
      return said<number>(standIn);
    };
    await said(child);
    const before = await accepted();
    const cost = await said<Omit<Cost, 'events'>>(child);
    return { ...cost, events: (await accepted()) - before };
  } finally {
    standIn.disconnect();
  }
}

/** The next message of a process. */
async function said<T>(child: ChildProcess): Promise<T> {
  const [message] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the measured process ended with ${String(code)}`))),
  ])) as [T];
  return message;
}

void main();
