// Packs the package, installs it in a fresh CDK app outside the repository, and synthesizes there without esbuild and Docker.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const work = mkdtempSync(join(tmpdir(), 'model-rollout-pack-'));
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const run = (command, args, options) => execFileSync(command, args, { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', ...options });

try {
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', work], { cwd: root }));
  const names = packed.files.map(({ path }) => path);
  for (const needed of ['.jsii', 'build/index.js', 'build/index.d.ts', 'assets/router/index.mjs', 'assets/gate/index.mjs',
    'assets/controller/index.mjs', 'assets/abort/index.mjs', 'assets/operate/index.mjs', 'assets/cli/index.mjs',
    'assets/jwt-authorizer/index.mjs', 'assets/key-authorizer/index.mjs', 'assets/python-model/model_rollout_shim/__init__.py',
    'assets/THIRD-PARTY-LICENSES.txt',
    'README.md', 'LICENSE', 'CHANGELOG.md']) {
    if (!names.includes(needed)) {
      throw new Error(`the package lacks ${needed}`);
    }
  }
  for (const name of names.filter((path) => /^(?:test|lib|lambda|examples|scripts|node_modules)\//.test(path))) {
    throw new Error(`the package has ${name}, which is for developers only`);
  }

  const app = join(work, 'app');
  mkdirSync(join(app, 'model'), { recursive: true });
  writeFileSync(join(app, 'model', 'model.py'), 'def predict(request):\n    return {"echo": request}\n');
  writeFileSync(
    join(app, 'package.json'),
    JSON.stringify({
      private: true,
      dependencies: {
        'cdk-model-rollout': `file:${join(work, packed.filename)}`,
        'aws-cdk-lib': devDependencies['aws-cdk-lib'],
        constructs: devDependencies.constructs,
      },
    }),
  );
  writeFileSync(join(app, 'app.js'), `
    const { App, Stack } = require('aws-cdk-lib/core');
    const { Model, ModelEndpoint } = require('cdk-model-rollout');
    const app = new App({ outdir: 'cdk.out' });
    new ModelEndpoint(new Stack(app, 'App'), 'Echo', { model: Model.pythonFunction({ entry: 'model' }) });
    app.synth();
  `);
  run('npm', ['install', '--no-package-lock', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: app });

  const version = run(process.execPath, [join(app, 'node_modules', '.bin', 'model-rollout'), '--version'], { cwd: app }).trim();
  if (version !== JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version) {
    throw new Error(`the command says that it is version ${version}`);
  }

  // A PATH with Node and Python but without anything that could bundle.
  const bin = join(work, 'bin');
  mkdirSync(bin);
  const python = dirname(run('python3', ['-c', 'import sys; print(sys.executable)']).trim());
  run(process.execPath, ['app.js'], { cwd: app, env: { HOME: work, PATH: [bin, python].join(':'), CDK_VALIDATION: 'false' } });

  const template = JSON.parse(readFileSync(join(app, 'cdk.out', 'App.template.json'), 'utf8'));
  const types = Object.values(template.Resources).map(({ Type: type }) => type);
  for (const type of ['AWS::ApiGateway::RestApi', 'AWS::DynamoDB::Table', 'Custom::ModelRolloutRoute']) {
    if (!types.includes(type)) {
      throw new Error(`the synthesized template lacks ${type}`);
    }
  }
  const assets = readdirSync(join(app, 'cdk.out')).filter((name) => name.startsWith('asset.'));
  if (assets.length < 3) {
    throw new Error(`the assembly has ${assets.length} assets; router, gate and model were expected`);
  }
  console.log(
    `${packed.filename}: ${names.length} files, ${Math.round(packed.size / 1024)} kB; a fresh app synthesized ${types.length} `
      + 'resources from it',
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
