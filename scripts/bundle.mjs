// Bundles every Lambda handler into assets/<name>/index.mjs, which ships in the package:
// users need neither esbuild nor Docker to synthesize, and what was tested is what runs.
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bundleHandler } from './bundle-handler.mjs';

const root = join(import.meta.dirname, '..');
const handlers = readdirSync(join(root, 'lambda')).filter((name) => existsSync(join(root, 'lambda', name, 'handler.ts')));

rmSync(join(root, 'assets'), { recursive: true, force: true });
for (const name of handlers) {
  const outfile = join(root, 'assets', name, 'index.mjs');
  mkdirSync(join(root, 'assets', name), { recursive: true });
  await bundleHandler(join(root, 'lambda', name, 'handler.ts'), outfile);
  console.log(`assets/${name}/index.mjs ${Math.round(statSync(outfile).size / 1000)} kB`);
}

// Python needs no bundling; the shim is copied beside a user's code at synth.
mkdirSync(join(root, 'assets', 'python-model'));
cpSync(join(root, 'lambda', 'python-model', 'model_rollout_shim.py'), join(root, 'assets', 'python-model', 'model_rollout_shim.py'));
