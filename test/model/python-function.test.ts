import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { Model, ModelContract } from '../../lib';

jest.setTimeout(300_000);

function folder(files: { [name: string]: string }): string {
  const directory = mkdtempSync(join(tmpdir(), 'python-model-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, name, '..'), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

/** Synthesize a stack with the model; returns the template and the folder of the bundled code. */
function synth(entry: string, props: Partial<Parameters<typeof Model.pythonFunction>[0]> = {}): { stack: Stack; template: Template; bundle: string } {
  const app = new App({ outdir: mkdtempSync(join(tmpdir(), 'cdk-out-')) });
  const stack = new Stack(app, 'Stack');
  const model = Model.pythonFunction({ entry, ...props });
  expect(model.validate()).toEqual([]);
  model.bind(new Construct(stack, 'Endpoint'), { invoker: new iam.Role(stack, 'Router', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') }) });
  const template = Template.fromStack(stack);
  const asset = readdirSync(app.outdir).find((name) => name.startsWith('asset.') && existsSync(join(app.outdir, name, 'model_rollout_shim.py')))!;
  return { stack, template, bundle: join(app.outdir, asset) };
}

/** Load the bundle as Lambda would and call it with each event; the value, or the type and message of what it raised. */
function call(bundle: string, events: unknown[], env: NodeJS.ProcessEnv = {}): unknown[] {
  const script = `
import json, sys
sys.path.insert(0, ${JSON.stringify(bundle)})
import model_rollout_shim as shim
for event in json.loads(sys.stdin.read()):
    try:
        print(json.dumps({"value": shim.handler(event, None)}, allow_nan=False))
    except Exception as error:
        print(json.dumps({"error": type(error).__name__ + ": " + str(error)}))
`;
  const out = execFileSync('python3', ['-c', script], {
    input: JSON.stringify(events), encoding: 'utf8', env: { ...process.env, MODEL_ROLLOUT_HANDLER: 'model.predict', ...env },
  });
  return out.trim().split('\n').map((line) => {
    const { value, error } = JSON.parse(line) as { value?: unknown; error?: string };
    return error ?? value;
  });
}

const echo = 'def predict(request):\n    return request\n';

test('a plain function becomes a Lambda function', () => {
  const { template, bundle } = synth(folder({ 'model.py': echo, 'weights.json': '[1]', '__pycache__/x.pyc': '', '.venv/lib/six.py': '' }));
  template.hasResourceProperties('AWS::Lambda::Function', {
    Handler: 'model_rollout_shim.handler', Runtime: 'python3.13', Environment: { Variables: { MODEL_ROLLOUT_HANDLER: 'model.predict' } },
  });
  expect(readdirSync(bundle).sort()).toEqual(['model.py', 'model_rollout_shim.py', 'weights.json']);
  expect(call(bundle, [{ a: [1, 'x', null, true] }])).toEqual([{ a: [1, 'x', null, true] }]);
});

test('the version follows the files, and nothing else', () => {
  const ids = (entry: string, props = {}): string[] => Object.keys(synth(entry, props).template.findResources('AWS::Lambda::Function'));
  const entry = folder({ 'model.py': echo });
  expect(ids(entry)).toEqual(ids(folder({ 'model.py': echo, '__pycache__/model.pyc': 'x' })));
  expect(ids(entry)).toEqual(ids(folder({ 'model.py': echo, 'pkg/.DS_Store': 'x', '.venv/lib/six.py': 'x' })));
  expect(ids(entry)).not.toEqual(ids(folder({ 'model.py': `${echo}\n` })));
  expect(ids(entry)).not.toEqual(ids(entry, { runtime: lambda.Runtime.PYTHON_3_12 }));
  expect(ids(entry)).not.toEqual(ids(entry, { architecture: lambda.Architecture.ARM_64 }));
});

test('load() runs once, functions may be async and live in other modules', () => {
  const { bundle } = synth(folder({
    'pkg/serving.py': 'calls = 0\ndef load():\n    global calls\n    calls += 1\nasync def answer(request):\n    return {"calls": calls}\n',
    'pkg/__init__.py': '',
  }), { handler: 'pkg/serving.answer' });
  expect(call(bundle, [{}, {}], { MODEL_ROLLOUT_HANDLER: 'pkg/serving.answer' })).toEqual([{ calls: 1 }, { calls: 1 }]);
});

test('what JSON cannot hold is an error that names the place', () => {
  const { bundle } = synth(folder({
    'model.py': `
import dataclasses, math
@dataclasses.dataclass
class Answer:
    label: int
def predict(request):
    return {
        "nan": lambda: {"scores": [1.0, math.nan]}, "inf": lambda: -math.inf, "object": lambda: {"x": object()}, "bytes": lambda: b"x",
        "dataclass": lambda: Answer(3), "tuple": lambda: (1, 2), "int keys": lambda: {1: "a"}, "tuple keys": lambda: {(1, 2): "a"},
        "raise": lambda: int("x"), "none": lambda: None,
    }[request]()
`,
  }));
  expect(call(bundle, ['nan', 'inf', 'object', 'bytes', 'dataclass', 'tuple', 'int keys', 'tuple keys', 'raise', 'none'])).toEqual([
    'ResultNotSerializable: the result has nan at $.scores[1], which JSON cannot hold',
    'ResultNotSerializable: the result has -inf at $, which JSON cannot hold',
    'ResultNotSerializable: the result has a object at $.x, which JSON cannot hold',
    'ResultNotSerializable: the result has a bytes at $, which JSON cannot hold',
    { label: 3 }, [1, 2], { 1: 'a' },
    'ResultNotSerializable: the result has a tuple as a key at $, which JSON cannot hold',
    "ValueError: invalid literal for int() with base 10: 'x'",
    null,
  ]);
});

describe('requirements', () => {
  const python = execFileSync('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], { encoding: 'utf8' }).trim();
  const runtime = new lambda.Runtime(`python${python}`, lambda.RuntimeFamily.PYTHON);

  test('are installed as wheels for Lambda, and numpy\'s values are understood', () => {
    const entry = folder({
      'model.py': 'import numpy as np\ndef predict(x):\n    a = np.array(x) * 2\n    return {"list": a, "sum": a.sum(), "nan": a.sum() / 1 if x else np.nan}\n',
      'requirements.txt': 'numpy==2.3.5  # the only one\n',
    });
    const { bundle, stack } = synth(entry, { runtime });
    expect(readdirSync(bundle)).toEqual(expect.arrayContaining(['numpy', 'model.py']));
    expect(readdirSync(join(bundle, 'numpy'))).not.toContain('__pycache__');
    expect(existsSync(join(bundle, 'bin'))).toBe(false);
    expect(Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('does not pin'))).toEqual([]);
    expect(call(bundle, [[1, 2.5], []])).toEqual([
      { list: [2, 5], sum: 7, nan: 7 }, 'ResultNotSerializable: the result has nan at $.nan, which JSON cannot hold',
    ]);
  });

  test('for another architecture are that architecture\'s', () => {
    const entry = folder({ 'model.py': echo, 'requirements.txt': 'markupsafe==3.0.3\n' });
    const { bundle } = synth(entry, { architecture: lambda.Architecture.ARM_64 });
    expect(readdirSync(join(bundle, 'markupsafe')).some((name) => name.includes('aarch64'))).toBe(true);
  });

  test('that are not pinned give a warning', () => {
    const { stack } = synth(folder({ 'model.py': echo, 'requirements.txt': 'six>=1.16\nidna==3.11\n' }));
    Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('does not pin six>=1.16: .*'));
  });

  test('are installed with Docker where there is no pip, and the same files are left out', () => {
    const entry = folder({ 'model.py': echo, 'requirements.txt': 'six==1.17.0\n', '__pycache__/x.pyc': '', '.venv/lib/idna.py': '', 'pkg/old.pyc': '' });
    const root = join(__dirname, '../..');
    const script = `
      import { App, Stack } from 'aws-cdk-lib/core';
      import * as iam from 'aws-cdk-lib/aws-iam';
      import { Model } from ${JSON.stringify(join(root, 'lib'))};
      const app = new App({ outdir: process.env.OUT });
      const stack = new Stack(app, 'Stack');
      Model.pythonFunction({ entry: ${JSON.stringify(entry)} }).bind(stack, { invoker: new iam.Role(stack, 'Router', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') }) });
      app.synth();`;
    const out = mkdtempSync(join(tmpdir(), 'cdk-out-'));
    // No Docker here: this one runs the container's command on this machine, with its folders in place of the container's.
    const bin = mkdtempSync(join(tmpdir(), 'bin-'));
    writeFileSync(join(bin, 'docker'), `#!${process.execPath}
      const args = process.argv.slice(2);
      const mounts = args.flatMap((arg, i) => (args[i - 1] === '-v' ? [arg.split(':')] : []));
      const of = (inside) => mounts.find((mount) => mount[1] === inside)[0];
      const environment = Object.fromEntries(args.flatMap((arg, i) => (args[i - 1] === '--env' ? [[arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)]] : [])));
      const { spawnSync } = require('node:child_process');
      const { status } = spawnSync('bash', ['-c', args.at(-1).replaceAll('/asset-output', of('/asset-output')).replace('pip install', 'python3 -m pip install')], {
        cwd: of('/asset-input'), stdio: 'inherit', env: { ...process.env, ...environment, PATH: process.env.REAL_PATH } });
      process.exit(status);`);
    chmodSync(join(bin, 'docker'), 0o755);
    writeFileSync(join(bin, 'app.ts'), script);
    // A PATH without any Python.
    execFileSync(process.execPath, ['--import', 'tsx', join(bin, 'app.ts')], {
      cwd: root, stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        PATH: bin, REAL_PATH: process.env.PATH, HOME: process.env.HOME, NODE_PATH: join(root, 'node_modules'), OUT: out, CDK_DOCKER: join(bin, 'docker'),
        CDK_VALIDATION: 'false',
      },
    });
    const asset = readdirSync(out).find((name) => name.startsWith('asset.'))!;
    const files = readdirSync(join(out, asset), { recursive: true }).map(String).filter((name) => !name.startsWith('six'));
    expect(files.sort()).toEqual(['model.py', 'model_rollout_shim.py', 'pkg', 'requirements.txt']);
    expect(readdirSync(join(out, asset))).toContain('six.py');
    expect(call(join(out, asset), [[1]])).toEqual([[1]]);
  });

  test('fails for one that has no wheel, naming it', () => {
    const entry = folder({ 'model.py': echo, 'requirements.txt': 'numpy==1.19.5\n' });
    expect(() => synth(entry)).toThrow(/there is no wheel of numpy==1.19.5 for python3.13 on x86_64 Linux/);
  });
});

test('fails beyond 250 MB unzipped, with the size and the remedy', () => {
  const entry = folder({ 'model.py': echo });
  spawnSync('truncate', ['-s', '251M', join(entry, 'weights.bin')]);
  expect(() => synth(entry)).toThrow(/takes 252 MB with its libraries, but Lambda allows 250 MB unzipped; use Model.lambdaImage/);
});

test.each<[string, { [name: string]: string }, Partial<Parameters<typeof Model.pythonFunction>[0]>, RegExp]>([
  ['an empty folder', {}, {}, /has no Python file/],
  ['a missing module', { 'other.py': echo }, {}, /there is no file "model.py"/],
  ['a missing function', { 'model.py': 'x = 1\n' }, {}, /defines no "predict"/],
  ['a handler that is none', { 'model.py': echo }, { handler: 'predict' }, /must be a module and a function/],
  ['another language', { 'model.py': echo }, { runtime: lambda.Runtime.NODEJS_24_X }, /which is no Python/],
  ['the http contract', { 'model.py': echo }, { contract: ModelContract.HTTP }, /use Model.lambda for HTTP/],
])('fails for %s', (_, files, props, message) => {
  expect(Model.pythonFunction({ entry: folder(files), ...props }).validate().join('\n')).toMatch(message);
});

test('fails for a folder that is not there', () => {
  expect(Model.pythonFunction({ entry: '/no/such/folder' }).validate()).toEqual([expect.stringContaining('is no folder')]);
});
