import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkNode, findPython, PrerequisiteError } from './prerequisites';

const ROOT = join(__dirname, '..', '..');
const CACHE = join(ROOT, '.cache');
const REQUIREMENTS = join(__dirname, 'requirements.txt');
const TEETH = join(__dirname, 'teeth.py');

/** Where AWS is: an emulator on this machine, or whatever AWS_ENDPOINT_URL names. */
export interface Emulator {
  readonly url: string;
  /** Environment for whatever talks to it. */
  readonly env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/**
 * Start MiniStack, with the teeth of `teeth.py`, on the loopback interface, in a virtual environment of its own below .cache. With
 * AWS_ENDPOINT_URL set nothing is started, and what is there is used.
 *
 * @param extra environment that the emulated Lambda functions inherit
 */
export async function startEmulator(extra: NodeJS.ProcessEnv = {}, log: (line: string) => void = () => {}): Promise<Emulator> {
  const venv = installEmulator(log);
  if (venv === undefined) {
    return { url: process.env.AWS_ENDPOINT_URL!, env: process.env, stop: async () => {} };
  }
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const directory = join(CACHE, `run-${process.pid}-${port}`);
  mkdirSync(directory, { recursive: true });
  const output = openSync(join(directory, 'ministack.log'), 'a');
  const child = spawn(join(venv, 'bin', 'python'), [TEETH], {
    cwd: directory,
    stdio: ['ignore', output, output],
    env: {
      ...process.env,
      ...extra,
      // Its Lambda functions run with the Node that this process has, and with the Python that was found.
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_HOST: '127.0.0.1',
      LAMBDA_EXECUTOR: 'local',
      SFTP_ENABLED: '0',
      IOT_MTLS_ENABLED: '0',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      TMPDIR: directory,
    },
  });
  closeSync(output);
  const stop = stopper(child, directory);
  try {
    await ready(url, child, join(directory, 'ministack.log'));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    env: {
      ...process.env,
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      CDK_DEFAULT_ACCOUNT: '000000000000',
      CDK_DEFAULT_REGION: 'us-east-1',
    },
    stop,
  };
}

/** Install MiniStack if it is not there; undefined where AWS_ENDPOINT_URL names another. */
export function installEmulator(log: (line: string) => void): string | undefined {
  checkNode();
  return (process.env.AWS_ENDPOINT_URL ?? '') === '' ? ensureVenv('ministack', REQUIREMENTS, log) : undefined;
}

/** A virtual environment named after what is in it, moved into place when complete, so that an interrupted run leaves none half-made. */
export function ensureVenv(name: string, requirements: string, log: (line: string) => void): string {
  const python = findPython();
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const venv = join(CACHE, `${name}-${hash}`);
  if (existsSync(join(venv, 'complete'))) {
    return venv;
  }
  log(`installing ${name} (once)`);
  rmSync(venv, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  const steps: [string, string[]][] = [
    [python, ['-m', 'venv', venv]],
    [
      join(venv, 'bin', 'python'),
      ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-compile', '--no-deps', '-r', requirements],
    ],
  ];
  for (const [command, args] of steps) {
    const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    if (status !== 0) {
      throw new PrerequisiteError(`${name} could not be installed from PyPI: ${stderr.trim().split('\n').slice(-2).join(' ')}`);
    }
  }
  mkdirSync(join(venv, 'complete.tmp'));
  renameSync(join(venv, 'complete.tmp'), join(venv, 'complete'));
  return venv;
}

async function ready(url: string, child: ChildProcess, logFile: string): Promise<void> {
  for (let attempt = 0; attempt < 240; attempt++) {
    if (child.exitCode !== null) {
      throw new Error(`MiniStack ended at once: ${readFileSync(logFile, 'utf8').trim().split('\n').slice(-3).join(' ')}`);
    }
    try {
      if ((await fetch(`${url}/_ministack/health`)).status < 500) {
        return;
      }
    } catch {
      // It does not listen yet.
    }
    await sleep(250);
  }
  throw new Error('MiniStack did not start within a minute');
}

/** Ends the process that was started, by its own id, however this process ends. */
function stopper(child: ChildProcess, directory: string): () => Promise<void> {
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', kill);
  return async () => {
    process.removeListener('exit', kill);
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const late = setTimeout(kill, 5_000);
      await ended;
      clearTimeout(late);
    }
    if (process.env.KEEP_EMULATOR_LOG === undefined) {
      rmSync(directory, { recursive: true, force: true });
    }
  };
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** What an AWS client of the harness's own is made of. */
export interface ClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export function clientConfig({ url, env }: Emulator): ClientConfig {
  return {
    endpoint: url,
    region: env.AWS_REGION ?? 'us-east-1',
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' },
  };
}
