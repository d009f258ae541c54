// Compiles the library and runs its unit tests against the lowest aws-cdk-lib and constructs that package.json allows.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, readdirSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const work = mkdtempSync(join(tmpdir(), 'model-rollout-floor-'));
const { peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const floors = Object.entries(peerDependencies).map(([name, range]) => `${name}@${range.replace('^', '')}`);
// The validator that checks whole templates, and what the hand-written constructs use, are younger than the floor.
const YOUNGER = ['test/templates', 'test/encryption', 'benchmarks/synth', 'test/benchmarks/synth.test.ts'].map((path) => join(root, path));
const BUILT = new Set(['node_modules', 'dist', 'site', 'coverage']);
const run = (command, args, options) => execFileSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });

try {
  const floor = join(work, 'floor');
  mkdirSync(floor);
  run('npm', ['install', '--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', floor, ...floors]);
  // All that the package is made of; what is installed comes below, what is built for others to read is not needed.
  const whole = readdirSync(root).filter((name) => !name.startsWith('.') && !BUILT.has(name));
  for (const name of whole) {
    cpSync(join(root, name), join(work, name), { recursive: true, filter: (source) => !YOUNGER.includes(source) });
  }
  // Everything as installed, except for what is tried at its floor.
  const modules = join(work, 'node_modules');
  mkdirSync(modules);
  const low = new Set([...readdirSync(join(floor, 'node_modules')), '.bin']);
  for (const name of readdirSync(join(root, 'node_modules')).filter(
    (entry) => entry === '.bin' || !low.has(entry) || entry.startsWith('@'),
  )) {
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  for (const name of ['aws-cdk-lib', 'constructs']) {
    symlinkSync(join(floor, 'node_modules', name), join(modules, name));
  }
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '--noEmit', '--preserveSymlinks', '-p', work], {
    cwd: work,
  });
  run(
    process.execPath,
    [
      join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
      '--selectProjects',
      'unit',
      '--testPathPatterns',
      'test/(endpoint|model|rollout|guardrail|control-plane)/',
    ],
    { cwd: work },
  );
  console.log(`compiles and passes with ${floors.join(' and ')}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
