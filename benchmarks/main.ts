// All benchmarks one after the other, each in a process of its own, with the same options.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const BENCHMARKS = [
  'router/router', 'router/start', 'router/memory', 'stream/stream', 'mirror/mirror',
  'bundle', 'synth/synth', 'judge/speed', 'rehearsal/speed',
];

const failed = BENCHMARKS.filter((name) => {
  console.log(`\n${name}`);
  const arguments_ = ['--import', 'tsx', join(__dirname, `${name}.ts`), ...process.argv.slice(2)];
  return spawnSync(process.execPath, arguments_, { stdio: 'inherit' }).status !== 0;
});
if (failed.length > 0) {
  console.error(`failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
