// Every test: those that compute (unit tests, simulations) beside those that wait (on the emulator for deployments). What waits goes first
// wherever both want the processor: deployments have time limits of their own, and a run lasts as long as they do.
import { spawn } from 'node:child_process';
import { availableParallelism, constants, setPriority } from 'node:os';
import { join } from 'node:path';

const jest = join(import.meta.dirname, '../node_modules/jest/bin/jest.js');
// What is asked for, such as a file, is in one of both.
const asked = process.argv.length > 2 ? ['--passWithNoTests', ...process.argv.slice(2)] : [];

function run(priority, ...args) {
  return new Promise((resolve) => {
    // Into pipes, so that neither draws its state over the other's.
    const child = spawn(process.execPath, [jest, ...args, ...asked], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...(process.stdout.isTTY && { FORCE_COLOR: '1' }) },
    });
    setPriority(child.pid, priority);
    child.stdout.pipe(process.stdout, { end: false });
    child.stderr.pipe(process.stderr, { end: false });
    child.once('close', (code) => resolve(code === 0));
  });
}

const passed = await Promise.all([
  run(constants.priority.PRIORITY_NORMAL, '--selectProjects', 'e2e'),
  run(constants.priority.PRIORITY_BELOW_NORMAL, '--selectProjects', 'unit', 'simulation', '--maxWorkers', String(availableParallelism())),
]);
process.exitCode = passed.every(Boolean) ? 0 : 1;
