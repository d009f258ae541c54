import { execFileSync, type ExecFileSyncOptions } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Annotations, AssetHashType, DockerImage, type FileCopyOptions, FileSystem, IgnoreMode, type ILocalBundling } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledge } from '../acknowledge';
import { assetPath } from '../assets';
import { ModelContract } from './contract';
import { functionProblems, type FunctionOptions } from './function-version';
import { bindFunction } from './lambda-model';
import type { ModelBindOptions } from './model';
import type { ModelVersion } from './model-version';

/** A model that is a Python function. */
export interface PythonFunctionModelProps extends FunctionOptions {
  /** Folder with the module, whatever it reads, and an optional `requirements.txt`. */
  readonly entry: string;

  /**
   * Module and function that answer a request. The function gets the request's JSON and returns the answer; it may be `async`.
   * A function `load()` in the same module runs once at start-up.
   *
   * @default model.predict
   */
  readonly handler?: string;

  /**
   * Python version.
   *
   * @default Runtime.PYTHON_3_13
   */
  readonly runtime?: lambda.Runtime;
}

/** Lambda's limit for a function and its layers, unzipped. */
const UNZIPPED_BYTES = 250 * 1024 * 1024;
/** Wheels that run on Lambda's Amazon Linux 2023, glibc 2.34. */
const GLIBC_PLATFORMS = ['manylinux_2_34', 'manylinux_2_28', 'manylinux_2_17', 'manylinux2014'];
const SHIM = 'model_rollout_shim';
/** Names of what is no part of the model, wherever it is in the folder. Fingerprint, copying and Docker all follow this list. */
const LEFT_OUT = ['__pycache__', '*.pyc', '.venv', '.git', '.DS_Store'];
const FILES: FileCopyOptions = { exclude: LEFT_OUT, ignoreMode: IgnoreMode.GIT };

/** @see Model.pythonFunction */
export class PythonFunctionBackend {
  private readonly runtime: lambda.Runtime;
  private readonly handler: string;
  private readonly entry: string;

  constructor(private readonly props: PythonFunctionModelProps) {
    this.runtime = props.runtime ?? lambda.Runtime.PYTHON_3_13;
    this.handler = props.handler ?? 'model.predict';
    this.entry = resolve(props.entry);
  }

  public validate(): string[] {
    const name = `the Python model ${JSON.stringify(this.props.entry)}`;
    const problems = functionProblems(name, this.props);
    if (this.runtime.family !== lambda.RuntimeFamily.PYTHON) {
      problems.push(`runtime of ${name} is ${JSON.stringify(this.runtime.name)}, which is no Python; choose one of Runtime.PYTHON_*`);
    }
    if (this.props.contract === ModelContract.HTTP) {
      problems.push(`contract of ${name} is "http", but a Python function has JSON in and out; use Model.lambda for HTTP`);
    }
    return [...problems, ...this.sourceProblems(name)];
  }

  public bind(scope: Construct, options: ModelBindOptions): ModelVersion {
    const loose = looseRequirements(this.entry);
    if (loose.length > 0) {
      Annotations.of(scope).addWarningV2(
        'cdk-model-rollout:unpinnedRequirements',
        `${join(this.props.entry, 'requirements.txt')} does not pin ${loose.join(', ')}: the same version of the model may be built from `
          + 'different libraries; pin each, those of libraries too, with == (pip freeze lists them)',
      );
    }
    const version = bindFunction(
      scope, 'PythonFunction',
      {
        code: this.code(),
        handler: `${SHIM}.handler`,
        runtime: this.runtime,
        environment: { MODEL_ROLLOUT_HANDLER: this.handler },
      },
      this.props, options,
    );
    if (this.props.runtime === undefined) {
      acknowledge(version, { 'AwsSolutions-L1': 'the runtime is part of a version\'s digest: a newer default would be a rollout of every model' });
    }
    return version;
  }

  private code(): lambda.Code {
    const architecture = this.props.architecture ?? lambda.Architecture.X86_64;
    const shim = readFileSync(join(assetPath('python-model'), `${SHIM}.py`), 'utf8');
    const hash = createHash('sha256')
      .update(FileSystem.fingerprint(this.entry, FILES))
      .update(shim)
      .update(`${this.runtime.name} ${architecture.name}`)
      .digest('hex');
    return lambda.Code.fromAsset(this.entry, {
      assetHash: hash,
      assetHashType: AssetHashType.CUSTOM,
      ...FILES,
      // All of this counts in the asset's hash, so there must be no path of this machine in it.
      bundling: {
        local: new LocalBundling(this.entry, this.runtime, architecture),
        // Only used where no Python with pip is at hand.
        image: DockerImage.fromRegistry(`public.ecr.aws/sam/build-${this.runtime.name}:latest-${architecture.dockerPlatform.split('/')[1]}`),
        platform: architecture.dockerPlatform,
        environment: { SHIM: shim },
        command: ['bash', '-c', DOCKER_BUNDLING],
      },
    });
  }

  private sourceProblems(name: string): string[] {
    if (!existsSync(this.entry) || !statSync(this.entry).isDirectory()) {
      return [`entry of ${name} is no folder; give the folder that holds the module`];
    }
    if (!readdirSync(this.entry, { recursive: true }).some((file) => String(file).endsWith('.py'))) {
      return [`entry of ${name} has no Python file; put the module ${JSON.stringify(`${this.handler.split('.')[0]}.py`)} there`];
    }
    const at = this.handler.lastIndexOf('.');
    const [module, fn] = [this.handler.slice(0, at), this.handler.slice(at + 1)];
    if (at <= 0 || !/^[A-Za-z_]\w*$/.test(fn)) {
      return [`handler of ${name} is ${JSON.stringify(this.handler)}, but must be a module and a function such as "model.predict"`];
    }
    const file = join(this.entry, `${module.replaceAll('.', '/')}.py`);
    if (!existsSync(file)) {
      return [`handler of ${name} is ${JSON.stringify(this.handler)}, but there is no file ${JSON.stringify(`${module.replaceAll('.', '/')}.py`)} in the folder; name one that is there`];
    }
    if (!new RegExp(`^(?:async\\s+)?def\\s+${fn}\\b|^(?:from\\b.*\\bimport\\b.*\\b${fn}\\b)|^${fn}\\s*=`, 'm').test(readFileSync(file, 'utf8'))) {
      return [`handler of ${name} is ${JSON.stringify(this.handler)}, but ${JSON.stringify(`${module}.py`)} defines no ${JSON.stringify(fn)}; define it or name another`];
    }
    return [];
  }
}

const DOCKER_BUNDLING = [
  'cp -r . /asset-output',
  `find /asset-output -mindepth 1 \\( ${LEFT_OUT.map((name) => `-name '${name}'`).join(' -o ')} \\) -prune -exec rm -rf {} +`,
  `printf %s "$SHIM" > /asset-output/${SHIM}.py`,
  'if [ -f requirements.txt ]; then pip install --no-compile -r requirements.txt -t /asset-output; fi',
].join(' && ');

/** Installs the requirements with the Python at hand, as wheels for Lambda's platform: nothing is compiled, no Docker needed. */
class LocalBundling implements ILocalBundling {
  // Private to the language too: CDK writes an object's other members into the asset's hash.
  readonly #entry: string;
  readonly #runtime: lambda.Runtime;
  readonly #architecture: lambda.Architecture;

  constructor(entry: string, runtime: lambda.Runtime, architecture: lambda.Architecture) {
    this.#entry = entry;
    this.#runtime = runtime;
    this.#architecture = architecture;
  }

  public tryBundle(outputDir: string): boolean {
    const requirements = join(this.#entry, 'requirements.txt');
    const needsPip = existsSync(requirements) && requirementLines(this.#entry).length > 0;
    if (needsPip && !run('python3', ['-m', 'pip', '--version']).ok) {
      return false;
    }
    FileSystem.copyDirectory(this.#entry, outputDir, FILES);
    cpSync(join(assetPath('python-model'), `${SHIM}.py`), join(outputDir, `${SHIM}.py`));
    if (needsPip) {
      this.install(requirements, outputDir);
    }
    const bytes = sizeOf(outputDir);
    if (bytes > UNZIPPED_BYTES) {
      throw new Error(
        `the Python model ${JSON.stringify(this.#entry)} takes ${Math.ceil(bytes / 1024 / 1024)} MB with its libraries, but Lambda allows `
          + '250 MB unzipped; use Model.lambdaImage, which allows 10 GB, or fewer libraries',
      );
    }
    return true;
  }

  private install(requirements: string, outputDir: string): void {
    const machine = this.#architecture === lambda.Architecture.ARM_64 ? 'aarch64' : 'x86_64';
    const result = run('python3', [
      '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-compile', '--no-warn-conflicts',
      '--target', outputDir, '--upgrade', '--requirement', requirements,
      '--only-binary', ':all:', '--implementation', 'cp', '--python-version', this.#runtime.name.replace('python', ''),
      ...GLIBC_PLATFORMS.flatMap((platform) => ['--platform', `${platform}_${machine}`]),
    ]);
    if (!result.ok) {
      const missing = /No matching distribution found for (\S+)/.exec(result.output)?.[1];
      throw new Error(
        missing === undefined
          ? `pip could not install ${requirements}: ${result.output.trim().split('\n').slice(-3).join(' ')}`
          : `there is no wheel of ${missing} for ${this.#runtime.name} on ${machine} Linux; choose a version or an architecture that has one, or `
            + 'use Model.lambdaImage',
      );
    }
    // Launchers name the Python of this machine, which is not the one of Lambda.
    rmSync(join(outputDir, 'bin'), { recursive: true, force: true });
  }
}

/** Lines of the requirements that do not name exactly one version. */
function looseRequirements(entry: string): string[] {
  return requirementLines(entry).filter((line) => !/==[^=*]+$|@\s*\S+#sha256=|--hash=/.test(line));
}

function requirementLines(entry: string): string[] {
  const file = join(entry, 'requirements.txt');
  return existsSync(file)
    ? readFileSync(file, 'utf8').replaceAll('\\\n', ' ').split('\n').map((line) => line.replace(/(?:^|\s)#.*$/, '').trim())
      .filter((line) => line !== '' && !line.startsWith('-'))
    : [];
}

function run(command: string, args: string[]): { ok: boolean; output: string } {
  const options: ExecFileSyncOptions = { stdio: ['ignore', 'pipe', 'pipe'] };
  try {
    return { ok: true, output: String(execFileSync(command, args, options)) };
  } catch (error) {
    return { ok: false, output: `${String((error as { stderr?: Buffer }).stderr ?? '')}${(error as Error).message}` };
  }
}

function sizeOf(directory: string): number {
  return readdirSync(directory).reduce((bytes, name) => {
    const path = join(directory, name);
    const entry = lstatSync(path);
    return bytes + (entry.isDirectory() ? sizeOf(path) : entry.size);
  }, 0);
}
