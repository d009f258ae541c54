// Size of each handler's bundle, and what importing it takes in a fresh process: the part of a cold start that is ours.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Table from 'cli-table3';
import { Env } from '../lib/core/names';
import { loadedFiles } from '../scripts/loaded-files';
import { median, plain } from './report';

const ASSETS = join(__dirname, '../assets');
const RUNS = 15;
/** The router's limit; the others are off the path of requests. */
const LIMIT_BYTES = 405_000;

const SCRIPT = `
  const cpu = process.cpuUsage();
  const started = performance.now();
  await import(process.argv[1]);
  const { user, system } = process.cpuUsage(cpu);
  console.log(JSON.stringify({ wall: performance.now() - started, cpu: (user + system) / 1000 }));
  process.exit(0);`;

const table = new Table({ ...plain, head: ['handler', 'bundle', 'gzip', 'import', 'CPU of import'] });
for (const name of readdirSync(ASSETS)) {
  const file = join(ASSETS, name, 'index.mjs');
  if (!readdirSync(join(ASSETS, name)).includes('index.mjs')) {
    continue;
  }
  // Without what is loaded only when needed.
  const code = Buffer.concat(loadedFiles(file).map((each) => readFileSync(each)));
  const runs = Array.from({ length: RUNS }, () => importTime(file));
  table.push([
    name, kB(code.length), kB(gzipSync(code).length),
    `${median(runs.map(({ wall }) => wall)).toFixed(0)} ms`, `${median(runs.map(({ cpu }) => cpu)).toFixed(0)} ms`,
  ]);
}
console.log(
  `Bundles, and import in a fresh process, median of ${RUNS}; Node.js ${process.version}; the router may have ${kB(LIMIT_BYTES)}`,
);
console.log(table.toString());

function importTime(file: string): { wall: number; cpu: number } {
  const env = Object.fromEntries(Object.values(Env).filter((name) => name !== Env.LARGE_BODIES).map((name) => [name, name.includes('JWT') ? 'https://issuer.example.com' : '1']));
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', SCRIPT, file], {
    encoding: 'utf8',
    env: { ...env, PATH: process.env.PATH, AWS_REGION: 'us-east-1', AWS_LAMBDA_FUNCTION_NAME: 'bench' },
  })) as { wall: number; cpu: number };
}


function kB(bytes: number): string {
  return `${Math.round(bytes / 1_000)} kB`;
}
