import { chmodSync } from 'node:fs';
import { build } from 'esbuild';

/** Bundle the `model-rollout` command: an executable file that needs nothing but Node.js, with the whole credential chain of the SDK. */
export async function bundleCommand(entryPoint, outfile) {
  await build({
    entryPoints: [entryPoint],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: "#!/usr/bin/env node\nimport{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
    legalComments: 'none',
    logLevel: 'warning',
  });
  chmodSync(outfile, 0o755);
}
