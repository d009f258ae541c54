// What mirroring adds to the path of production, for each way in which requests get to a mirror: the router's CPU, the time until the
// caller has the answer, and the share of requests that reach the mirror, against the same router on a route without mirrors. The router
// runs between the two APIs that Lambda has for functions and is frozen between requests, in front of a model, a queue and a bucket that
// take a fixed time. An instance has one request at a time; a rate is what one instance gets, and who finds it busy waits, which on
// Lambda would be given to another instance and is not counted.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import Table from 'cli-table3';
import { Environment } from '../../test/fixtures/environment';
import { benchmark, type Run } from '../benchmark';
import { median, plain } from '../report';

/** What Lambda is taken to need to accept an event, and S3 to store an object once it has it. */
const ACCEPT_MS = 10;
const STORE_MS = 25;

interface Mode {
  readonly name: string;
  readonly bytes: number;
  readonly requests: number;
  readonly modelMs: number;
  /** Absent: the next comes when the instance is free. */
  readonly perSecond?: number;
  readonly streaming?: true;
  /** As on emulators, where callers wait for hand-overs. */
  readonly withoutExtension?: true;
}

const SMALL = { bytes: 1_000, modelMs: 20 };
const MODES: readonly Mode[] = [
  { name: 'event, 1 kB', ...SMALL, requests: 200 },
  { name: 'event, 1 kB, 1 a second', ...SMALL, requests: 15, perSecond: 1 },
  { name: 'event, 1 kB, 10 a second', ...SMALL, requests: 100, perSecond: 10 },
  { name: 'event, 1 kB, 50 a second', ...SMALL, modelMs: 2, requests: 300, perSecond: 50 },
  { name: 'event, 100 kB', bytes: 100_000, modelMs: 20, requests: 100 },
  { name: 'by S3, 1 MB', bytes: 1_000_000, modelMs: 20, requests: 60 },
  { name: 'by S3, 4 MB', bytes: 4_000_000, modelMs: 20, requests: 40 },
  { name: 'event, 1 kB, without extension', ...SMALL, requests: 200, withoutExtension: true },
  { name: 'event, 1 kB, streaming', ...SMALL, requests: 200, streaming: true },
  { name: 'by S3, 1 MB, streaming', bytes: 1_000_000, modelMs: 20, requests: 60, streaming: true },
];
const SHARES = [0, 1];

interface Cost {
  readonly cpuMs: number;
  /** Until the answer. */
  readonly medianMs: number;
  readonly meanMs: number;
  /** Share of the requests that the queue accepted. */
  readonly accepted: number;
  readonly perSecond: number;
}

void benchmark('mirror', 3, async (run) => {
  const table = new Table({
    ...plain,
    head: ['mode', 'mirrored', 'handed over', 'rate', 'CPU', 'ratio', 'time to the answer, median', 'ratio', 'mean', 'ratio'],
  });
  for (const mode of MODES.filter(({ name }) => run.wants(name))) {
    const costs = new Map<number, Cost[]>(SHARES.map((share) => [share, []]));
    // Taken in turns, so that a slow minute of the machine falls on all.
    for (let round = 0; round < run.rounds; round++) {
      for (const share of SHARES) {
        costs.get(share)!.push(await measure(share, mode));
      }
    }
    for (const share of SHARES) {
      const of = (which: keyof Cost, at = share): number => median(costs.get(at)!.map((cost) => cost[which]));
      const against = (which: keyof Cost): string => `${(of(which) / of(which, 0)).toFixed(2)} x`;
      table.push([
        mode.name, `${share * 100} %`, share === 0 ? '' : `${(100 * of('accepted')).toFixed(1)} %`, `${of('perSecond').toFixed(1)} /s`,
        `${of('cpuMs').toFixed(2)} ms`, against('cpuMs'), `${of('medianMs').toFixed(1)} ms`, against('medianMs'),
        `${of('meanMs').toFixed(1)} ms`, against('meanMs'),
      ]);
    }
    told(run, mode, costs);
  }
  console.log(
    `a queue that accepts in ${ACCEPT_MS} ms, a bucket that stores in ${STORE_MS} ms, median of ${run.rounds} rounds; `
      + `Node.js ${process.version}`,
  );
  console.log(table.toString());
});

function told(run: Run, { name }: Mode, costs: ReadonlyMap<number, readonly Cost[]>): void {
  const ratios = (which: keyof Cost): number[] => costs.get(1)!.map((cost, round) => cost[which] / costs.get(0)![round][which]);
  run.figure(name, 'CPU, all mirrored to none', ratios('cpuMs'));
  run.figure(name, 'median time to the answer, all mirrored to none', ratios('medianMs'));
  run.figure(name, 'share not handed over, %', costs.get(1)!.map(({ accepted }) => 100 * (1 - accepted)));
}

async function measure(share: number, { bytes, requests, modelMs, perSecond, streaming, withoutExtension }: Mode): Promise<Cost> {
  const standIn = fork(join(__dirname, 'stand-in.mjs'), [modelMs, ACCEPT_MS, STORE_MS, share].map(String));
  const environment = await Environment.start({
    folder: process.env.BENCH_ROUTER ?? join(__dirname, '../../assets/router'),
    handler: streaming ? 'streamingHandler' : 'handler',
    extensions: withoutExtension !== true,
    preload: pathToFileURL(join(__dirname, '../usage.mjs')).href,
    env: {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${await said<number>(standIn)}`,
      MODEL_ROLLOUT_TABLE: 'routes',
      MODEL_ROLLOUT_ENDPOINT: 'bench',
      MODEL_ROLLOUT_TIMEOUT_MS: '28500',
      ...(streaming && { MODEL_ROLLOUT_STREAM_TIMEOUT_MS: '28500' }),
      ...(share > 0 && { MODEL_ROLLOUT_LARGE_BODIES: 'true' }),
      ...(share > 0 && !streaming && { MODEL_ROLLOUT_AFTERWARDS: 'true' }),
      // A slow moment of the machine makes hand-overs late, and the router says so.
      POWERTOOLS_LOG_LEVEL: 'ERROR',
    },
  });
  const accepted = (): Promise<number> => asked(standIn);
  const used = async (): Promise<number> => {
    environment.child.kill('SIGCONT');
    return asked(environment.child);
  };
  try {
    const body = JSON.stringify({ text: 'x'.repeat(bytes - 11) });
    let count = 0;
    const ask = async (): Promise<number> => (await environment.invoke(eventOf(body, count++))).ms;
    for (let warming = 0; warming < Math.min(50, requests / 2); warming++) {
      await ask();
    }
    await environment.idle();
    const [usedBefore, acceptedBefore] = [await used(), await accepted()];
    const started = performance.now();
    const times: number[] = [];
    for (let sent = 0; sent < requests; sent++) {
      await sleep(Math.max(0, started + (perSecond === undefined ? 0 : sent * (1_000 / perSecond)) - performance.now()));
      times.push(await ask());
    }
    await environment.idle();
    const seconds = (performance.now() - started) / 1_000;
    const cpuMs = ((await used()) - usedBefore) / requests;
    // What is late goes on while the function runs.
    await sleep(500);
    return {
      cpuMs,
      medianMs: median(times),
      meanMs: times.reduce((sum, ms) => sum + ms, 0) / requests,
      accepted: ((await accepted()) - acceptedBefore) / requests,
      perSecond: requests / seconds,
    };
  } finally {
    await environment.stop();
    standIn.disconnect();
  }
}

function eventOf(body: string, index: number): object {
  return {
    resource: '/{alias}/invocations', httpMethod: 'POST', path: '/live/invocations', pathParameters: { alias: 'live' },
    headers: { 'Content-Type': 'application/json', Accept: '*/*', Host: 'api', 'User-Agent': 'bench' },
    multiValueQueryStringParameters: null, body, isBase64Encoded: false,
    requestContext: { requestId: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`, identity: {} },
  };
}

async function asked(child: ChildProcess): Promise<number> {
  const answer = said<number>(child);
  child.send('?');
  return answer;
}

/** The next message of a process. */
async function said<T>(child: ChildProcess): Promise<T> {
  const [message] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the measured process ended with ${String(code)}`))),
  ])) as [T];
  return message;
}
