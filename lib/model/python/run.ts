import { spawnSync } from 'node:child_process';

/** How a program ended. */
export interface Run {
  /** Whether it was there and ended with 0. */
  readonly ok: boolean;
  /** Its standard output. */
  readonly output: string;
  /** Its standard error, or why it could not be started, without credentials of URLs. */
  readonly said: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Variables added to this process's own. */
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
}

/** Run a program to its end, without a shell. */
export function run([command, ...args]: readonly string[], options: RunOptions = {}): Run {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: options.cwd, env: { ...process.env, ...options.env }, input: options.input, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024,
  });
  return {
    ok: error === undefined && status === 0,
    output: stdout ?? '',
    said: withoutCredentials(`${stderr ?? ''}${error?.message ?? ''}`),
  };
}

/** A text in which URLs have lost user and password. */
export function withoutCredentials(text: string): string {
  return text.replace(/(\b[a-z][\w+.-]*:\/\/)[^\s/@]*@/gi, '$1');
}
