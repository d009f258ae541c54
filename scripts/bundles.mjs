import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const REQUIRE = "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);";

const bedrockByHttp1 = {
  name: 'bedrock-by-http1',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^@smithy\/node-http-handler$/ }, ({ importer }) =>
      (importer.includes('client-bedrock-runtime') ? { path: join(root, 'lambda', 'shared', 'http1-handler.ts') } : undefined)),
};

/** Clients of AWS's SDK say their version, for which they read the whole of their package.json. */
const versionsOnly = {
  name: 'versions-only',
  setup: ({ onLoad }) =>
    onLoad({ filter: /node_modules\/@aws-sdk\/[^/]+\/package\.json$/ }, async ({ path }) => ({
      contents: JSON.stringify({ version: JSON.parse(await readFile(path, 'utf8')).version }), loader: 'json',
    })),
};

/**
 * Clients of AWS's SDK describe all operations of their service in one file, with keys such as `[_h]`, for which a bundler must assume that
 * computing them has an effect: then nobody who calls one operation gets rid of the others. `_h` is a text of the same file.
 */
const literalKeys = {
  name: 'literal-keys',
  setup: ({ onLoad }) =>
    onLoad({ filter: /node_modules\/@aws-sdk\/client-[^/]+\/dist-es\/schemas\/schemas_\d+\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const texts = new Map([...source.matchAll(/^(?:const|var) (\w+) = ("[^"\\]*");$/gm)].map(([, name, text]) => [name, text]));
      return { contents: source.replaceAll(/\[(\w+)\]:/g, (key, name) => (texts.has(name) ? `${texts.get(name)}:` : key)), loader: 'js' };
    }),
};

/** Bundle one handler as the package ships it. What it imports only when needed is a file of its own beside it. */
export function bundleHandler(entryPoint, outfile) {
  return bundle({
    entryPoints: [{ in: entryPoint, out: basename(outfile, '.mjs') }],
    outdir: dirname(outfile),
    outExtension: { '.js': '.mjs' },
    splitting: true,
    chunkNames: '[name]-[hash]',
    alias: {
      '@aws-sdk/credential-provider-node': join(root, 'lambda', 'shared', 'credentials.ts'),
      '@aws-sdk/token-providers': join(root, 'lambda', 'shared', 'tokens.ts'),
    },
    plugins: [bedrockByHttp1, versionsOnly, literalKeys],
    banner: { js: REQUIRE },
  });
}

/** Bundle a program that needs nothing but Node.js, with the whole credential chain of the SDK. */
export function bundleProgram(entryPoint, outfile) {
  const banner = { js: `#!/usr/bin/env node\n${REQUIRE}` };
  return bundle({ entryPoints: [entryPoint], outfile, banner, define: { __dirname: 'import.meta.dirname' } });
}

/** Bundle what a page needs in a browser, a script or a style. */
export function bundlePage(entryPoint, outfile) {
  const target = ['chrome111', 'firefox113', 'safari16.4'];
  return bundle({ entryPoints: [entryPoint], outfile, platform: 'browser', format: 'iife', target });
}

/** The folders in node_modules from which any of the bundles so far took code. */
export const bundledPackages = new Set();

async function bundle(options) {
  const { metafile } = await build({
    bundle: true,
    metafile: true,
    absWorkingDir: root,
    minify: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    // Without this the CommonJS copies of the AWS SDK are taken, 2.6 times the size.
    mainFields: ['module', 'main'],
    legalComments: 'none',
    logLevel: 'warning',
    ...options,
  });
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      const [folder] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input) ?? [];
      if (folder && bytesInOutput > 0) {
        bundledPackages.add(folder);
      }
    }
  }
}
