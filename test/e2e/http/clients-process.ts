import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureVenv } from '../../../scripts/emulator/emulator';
import { CREDENTIALS } from './front';

const env = {
  PATH: process.env.PATH,
  HOME: tmpdir(),
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** A Python with the clients that people have. */
export const pythonOfClients = (): string => join(ensureVenv('clients', join(__dirname, 'requirements.txt'), console.log), 'bin', 'python');

/** What a program of a caller's prints; it has the caller's credentials. */
export function run(command: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { env: { ...env, ...more }, encoding: 'utf8' }, (error, stdout, stderr) =>
      (error === null ? resolve(stdout) : reject(new Error(`${error.message}\n${stderr}`))));
  });
}

/** The documents of a text with one on each line. */
export const linesOf = (text: string): unknown[] => text.trim().split('\n').map((line) => JSON.parse(line) as unknown);
