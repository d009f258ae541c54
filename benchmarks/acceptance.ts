import { spawnSync } from 'node:child_process';

/**
 * Everything that is demanded of the judge, by itself and in whole rollouts: both parts run, whatever comes of the first, and any miss
 * fails. Options such as `--runs 300` or `--quick` are for both.
 */
const statuses = ['benchmarks/judge/simulate.ts', 'benchmarks/rehearsal/worlds.ts'].map(
  (part) => spawnSync(process.execPath, ['--import', 'tsx', part, ...process.argv.slice(2)], { stdio: 'inherit' }).status,
);
process.exitCode = statuses.every((status) => status === 0) ? 0 : 1;
