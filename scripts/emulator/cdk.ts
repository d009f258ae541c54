import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Emulator } from './emulator';

const ROOT = join(__dirname, '..', '..');

/** A cdk command that failed, with what it printed. */
export class CdkError extends Error {
  override readonly name = 'CdkError';
}

/**
 * Run the CDK command line against the emulator, with the handlers as they are: two that bundle at the same time would do so into one
 * folder.
 */
export function cdk(emulator: Emulator, args: string[], env: NodeJS.ProcessEnv = {}, signal?: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk'), ...args, '--build', ''], {
      cwd: ROOT,
      env: { ...emulator.env, CDK_VALIDATION: 'false', CI: 'true', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
      killSignal: 'SIGKILL',
    });
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data));
    child.stderr.on('data', (data: Buffer) => (output += data));
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0
        ? resolve(output)
        // After the reason the command prints what functions have logged, of all deployments before too.
        : reject(new CdkError(`cdk ${args[0]} failed with ${code}:\n${output.split('\n').slice(-400).join('\n')}`)),
    );
  });
}

/** `cdk bootstrap`, which an account and region need once. */
export function bootstrap(emulator: Emulator): Promise<string> {
  return cdk(emulator, ['bootstrap', 'aws://000000000000/us-east-1', '--app', '']);
}

export interface DeployOptions {
  readonly signal?: AbortSignal;
  /** Further arguments of `cdk`. */
  readonly args?: readonly string[];
  /** Told of the assembly once there is one. */
  readonly synthesized?: (assembly: string) => void;
}

/**
 * `cdk deploy` of all stacks of the app in a TypeScript file, with further arguments; returns their outputs by stack. `synthesized` is
 * shown the cloud assembly if there is one, also of a deployment that fails.
 */
export async function deploy(
  emulator: Emulator, app: string, env: NodeJS.ProcessEnv = {}, { signal, args = [], synthesized = () => {} }: DeployOptions = {},
): Promise<{ [stack: string]: { [output: string]: string } }> {
  const directory = mkdtempSync(join(tmpdir(), 'model-rollout-'));
  try {
    const outputs = join(directory, 'outputs.json');
    const assembly = join(directory, 'cdk.out');
    await cdk(emulator, [
      'deploy', '--all', '--require-approval', 'never', '--app', `node --import tsx ${app}`, '--output', assembly,
      '--outputs-file', outputs, ...args,
    ], env, signal).finally(() => existsSync(join(assembly, 'manifest.json')) && synthesized(assembly));
    return JSON.parse(readFileSync(outputs, 'utf8')) as { [stack: string]: { [output: string]: string } };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
