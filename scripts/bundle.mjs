// Bundles every Lambda handler into assets/<name>/index.mjs and the command into assets/cli/index.mjs, which ship in the package:
// users need neither esbuild nor Docker to synthesize, and what was tested is what runs.
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundledPackages, bundleHandler, bundlePage, bundleProgram } from './bundles.mjs';
import { thirdPartyLicenses } from './third-party-licenses.mjs';

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
cpSync(join(root, 'lambda', 'python-model'), join(root, 'assets', 'python-model'), {
  recursive: true,
  filter: (name) => !name.includes('__pycache__'),
});

const command = join(root, 'assets', 'cli', 'index.mjs');
await bundleProgram(join(root, 'bin', 'model-rollout.ts'), command);
chmodSync(command, 0o755);
console.log(`assets/cli/index.mjs ${Math.round(statSync(command).size / 1000)} kB`);

// What the command's pages run in a browser.
for (const [entry, name] of [
  ['rehearsal/report/browser/report.ts', 'report.js'],
  ['rehearsal/report/report.css', 'report.css'],
  ['bin/cli/web/browser/watch.ts', 'watch.js'],
  ['bin/cli/web/watch.css', 'watch.css'],
]) {
  const outfile = join(root, 'assets', 'cli', 'page', name);
  await bundlePage(join(root, entry), outfile);
  console.log(`assets/cli/page/${name} ${Math.round(statSync(outfile).size / 1000)} kB`);
}

// Editors check files of scenarios against it.
mkdirSync(join(root, 'assets', 'rehearsal'));
cpSync(join(root, 'rehearsal', 'scenario', 'scenarios.schema.json'), join(root, 'assets', 'rehearsal', 'scenarios.schema.json'));

// What is bundled is passed on, and its licences ask for their text to go with it.
writeFileSync(join(root, 'assets', 'THIRD-PARTY-LICENSES.txt'), thirdPartyLicenses(root, bundledPackages));
