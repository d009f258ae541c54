// Size of each handler's bundle, and what importing it takes in a fresh process: the part of a cold start that is ours.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Table from 'cli-table3';
import { Env } from '../lib/core/names';
import { bundleHandler } from '../scripts/bundles.mjs';
import { loadedFiles } from '../scripts/loaded-files';
import { benchmark } from './benchmark';
import { median, plain } from './report';

const ASSETS = join(__dirname, '../assets');
/** The router's limit; the others are off the path of requests. */
const LIMIT_BYTES = 406_000;

const SCRIPT = `
  const cpu = process.cpuUsage();
  const started = performance.now();
  await import(process.argv[1]);
  const { user, system } = process.cpuUsage(cpu);
  console.log(JSON.stringify({ wall: performance.now() - started, cpu: (user + system) / 1000 }));
  process.exit(0);`;

/** What imports are compared with: the client for Lambda alone, bundled in the same way. */
const PASS_THROUGH = join(__dirname, '../.cache/bench-pass-through/index.mjs');

void benchmark('bundle', 15, async (run) => {
  await bundleHandler(join(__dirname, 'router/pass-through.ts'), PASS_THROUGH);
  const table = new Table({ ...plain, head: ['handler', 'bundle', 'gzip', 'import', 'CPU of import', 'to pass-through'] });
  const handlers = readdirSync(ASSETS).filter((name) => existsSync(join(ASSETS, name, 'index.mjs')));
  for (const name of handlers.filter((each) => run.wants(each))) {
    const file = join(ASSETS, name, 'index.mjs');
    // Without what is loaded only when needed.
    const code = Buffer.concat(loadedFiles(file).map((each) => readFileSync(each)));
    const runs = Array.from({ length: run.rounds }, () => ({ ...importTime(file), least: importTime(PASS_THROUGH).cpu }));
    const ratios = runs.map(({ cpu, least }) => cpu / least);
    const [wall, cpu] = (['wall', 'cpu'] as const).map((which) => `${median(runs.map((each) => each[which])).toFixed(0)} ms`);
    table.push([name, kB(code.length), kB(gzipSync(code).length), wall, cpu, `${median(ratios).toFixed(2)} x`]);
    run.figure(name, 'bytes', [code.length]);
    run.figure(name, 'CPU of import to pass-through', ratios);
  }
  console.log(
    `Bundles, and import in a fresh process, median of ${run.rounds}; Node.js ${process.version}; the router may have ${kB(LIMIT_BYTES)}`,
  );
  console.log(table.toString());
});

function importTime(file: string): { wall: number; cpu: number } {
  const env = Object.fromEntries(Object.values(Env).filter((name) => name !== Env.LARGE_BODIES)
    .map((name) => [name, name.includes('JWT') ? 'https://issuer.example.com' : '1']));
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', SCRIPT, file], {
    encoding: 'utf8',
    env: {
      ...env, [Env.MIRROR]: JSON.stringify({ comparison: { kind: 'json' } }), PATH: process.env.PATH, AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: 'bench',
    },
  })) as { wall: number; cpu: number };
}

function kB(bytes: number): string {
  return `${Math.round(bytes / 1_000)} kB`;
}
