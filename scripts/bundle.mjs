// Bundles every Lambda handler into assets/<name>/index.mjs and the command into assets/cli/index.mjs, which ship in the package:
// users need neither esbuild nor Docker to synthesize, and what was tested is what runs.
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const handlers = readdirSync(join(root, 'lambda')).filter((name) => existsSync(join(root, 'lambda', name, 'handler.ts')));

async function bundle(name, entry, firstLine = '') {
  const outfile = join(root, 'assets', name, 'index.mjs');
  mkdirSync(join(root, 'assets', name), { recursive: true });
  await build({
    entryPoints: [join(root, entry)],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    // Without this the CommonJS copies of the AWS SDK are taken, 2.6 times the size.
    mainFields: ['module', 'main'],
    banner: { js: firstLine + "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
    legalComments: 'none',
    logLevel: 'warning',
  });
  console.log(`assets/${name}/index.mjs ${Math.round(statSync(outfile).size / 1024)} kB`);
  return outfile;
}

rmSync(join(root, 'assets'), { recursive: true, force: true });
for (const name of handlers) {
  await bundle(name, `lambda/${name}/handler.ts`);
}
chmodSync(await bundle('cli', 'bin/model-rollout.ts', '#!/usr/bin/env node\n'), 0o755);

// Python needs no bundling; the shim is copied beside a user's code at synth.
mkdirSync(join(root, 'assets', 'python-model'));
cpSync(join(root, 'lambda', 'python-model', 'model_rollout_shim.py'), join(root, 'assets', 'python-model', 'model_rollout_shim.py'));
