import { run } from './cli/program';
import { processTerminal } from './cli/terminal';

// The code is set and the process left to end by itself: process.exit would cut off output to a pipe.
void run(process.argv.slice(2), processTerminal()).then((exit) => {
  process.exitCode = exit;
});
