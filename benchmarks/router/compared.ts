// What benchmarks of the router compare it with, and how they run both.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleHandler } from '../../scripts/bundles.mjs';

export interface Compared {
  /** Of the services behind both. */
  readonly port: number;
  /** Files of the bundles. */
  readonly passThrough: string;
  readonly router: string;
}

/** With a pass-through that is bundled as the router is, and services for both in a process of their own. */
export async function withPassThrough(measure: (compared: Compared) => Promise<void>): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'bench-router-'));
  const standIn = fork(join(__dirname, 'stand-in.mjs'));
  try {
    const passThrough = join(work, 'index.mjs');
    await bundleHandler(join(__dirname, 'pass-through.ts'), passThrough);
    await measure({ port: await said<number>(standIn), passThrough, router: join(__dirname, '../../assets/router/index.mjs') });
  } finally {
    standIn.disconnect();
    rmSync(work, { recursive: true, force: true });
  }
}

/** The environment of a measured handler. */
export function environmentOf(port: number, routes = 'routes'): { [name: string]: string } {
  return {
    AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x', AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_LAMBDA_FUNCTION_NAME: 'router', MODEL_ROLLOUT_TABLE: routes, MODEL_ROLLOUT_ENDPOINT: 'bench', MODEL_ROLLOUT_TIMEOUT_MS: '28500',
    // A slow moment of the machine makes hand-overs late, and the router says so.
    POWERTOOLS_LOG_LEVEL: 'ERROR',
  };
}

/** A script that measures in a process of its own. Metrics and logs are written, as in Lambda, to somebody who reads them. */
export function beside(script: string, args: readonly string[], port: number, routes?: string, execArgv: string[] = []): ChildProcess {
  const env = { PATH: process.env.PATH, ...environmentOf(port, routes) };
  return fork(script, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv, env });
}

/** The next message of a process. */
export async function said<T>(child: ChildProcess): Promise<T> {
  const [message] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the measured process ended with ${String(code)}`))),
  ])) as [T];
  return message;
}
