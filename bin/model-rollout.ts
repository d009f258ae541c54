import { isMainThread, workerData } from 'node:worker_threads';
import { serveRehearsals } from '../rehearsal/session/workers';
import { run } from './program';
import { processTerminal } from './cli/terminal';

if (isMainThread) {
  // The code is set and the process left to end by itself: process.exit would cut off output to a pipe.
  void run(process.argv.slice(2), processTerminal()).then((exit) => {
    process.exitCode = exit;
  });
} else if (workerData === 'rehearsal') {
  // The command ships as one file, which is also what its threads run.
  serveRehearsals();
}
