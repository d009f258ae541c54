import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { AssetHashType, DockerImage, type FileCopyOptions, FileSystem } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledge } from '../package/acknowledge';
import { assetPath } from '../package/assets';
import { ModelContract } from './contract';
import { functionProblems, type FunctionOptions } from './function-version';
import { bindFunction } from './lambda-model';
import type { ModelBindOptions } from './model-bind-options';
import type { ModelVersion } from './model-version';
import { PythonBundling, SHIM } from './python/bundle';
import { dependenciesOf } from './python/dependencies';
import { checkHandler, type HandlerFindings, splitHandler } from './python/handler';
import { modelFiles } from './python/left-out';
import { requirementsOn } from './python/markers';
import { type Platform, platformOf } from './python/platform';
import { type Requirements, requirementsIdentity } from './python/requirements';
import { failTogether } from '../validate/fail-together';
import { warn } from '../validate/warn';

/** A model that is a Python function. */
export interface PythonFunctionModelOptions extends FunctionOptions {
  /** Folder with the module, whatever it reads, and an optional `requirements.txt`, `uv.lock` or `poetry.lock`. */
  readonly entry: string;

  /**
   * Files of the folder that are no part of the model, as patterns of a `.gitignore`. A pattern that begins with `!` takes in again what is
   * left out by default.
   *
   * @default - what tools leave behind (caches, virtual environments, version control, editors), what may hold credentials (`.env`,
   * `pip.conf`, `.netrc`, ...) and what names libraries (`requirements.txt`, `pyproject.toml`, ...) are left out, all else is in
   */
  readonly exclude?: string[];

  /**
   * Module and function that answer a request; it may be `async`. A function `load()` in the same module runs once at start-up.
   *
   * The function gets the request's JSON, or the type with which its first parameter is annotated: `str` a text, `bytes` any body,
   * `numpy.ndarray` JSON, CSV or NumPy's own format, `pandas.DataFrame` JSON, CSV or Parquet, `PIL.Image.Image` an image. A parameter
   * `context` gets the headers. Its result is sent as JSON or in the form that the caller's `Accept` asks for; bytes are sent unchanged, a
   * pair of bytes and media type with that type. An exception with a `status_code` of 400 to 499 says that the input is at fault.
   *
   * With `contract: ModelContract.HTTP` it is what Lambda calls: the adapter of a web application, such as Mangum's.
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

/** @see Model.pythonFunction */
export class PythonFunctionBackend {
  private readonly runtime: lambda.Runtime;
  private readonly handler: string;
  private readonly entry: string;
  private readonly platform: Platform;
  private readonly name: string;
  /** A function is called by the shim; a web application has an adapter that Lambda calls. */
  private readonly shim: boolean;
  private found?: { readonly requirements: Requirements; readonly handler: HandlerFindings };

  constructor(private readonly props: PythonFunctionModelOptions) {
    this.runtime = props.runtime ?? lambda.Runtime.PYTHON_3_13;
    this.handler = props.handler ?? 'model.predict';
    this.entry = resolve(props.entry);
    this.platform = platformOf(this.runtime, props.architecture ?? lambda.Architecture.X86_64);
    this.shim = props.contract !== ModelContract.HTTP;
    this.name = `the Python model ${JSON.stringify(props.entry)}`;
  }

  public validate(): string[] {
    const problems = functionProblems(this.name, this.props);
    if (this.runtime.family !== lambda.RuntimeFamily.PYTHON) {
      problems.push(`runtime of ${this.name} is ${JSON.stringify(this.runtime.name)}, which is not Python; choose one of Runtime.PYTHON_*`);
    }
    return [...problems, ...this.folderProblems()];
  }

  public bind(scope: Construct, options: ModelBindOptions): ModelVersion {
    const { requirements, handler } = this.find();
    const unpinned = requirementsOn(this.platform, requirements.named.filter(({ pinned }) => !pinned));
    if (unpinned.length > 0) {
      warn(
        scope,
        'unpinnedRequirements',
        `${join(this.props.entry, 'requirements.txt')} does not pin ${unpinned.join(', ')}: the same version of the model may be built `
          + 'from ' +
          'different libraries; pin each, those of libraries too, with == (pip freeze lists them)',
      );
    }
    handler.warnings.forEach((warning) => warn(scope, 'uncertainHandler', warning));
    const version = this.bound(scope, requirements, options);
    if (this.props.runtime === undefined) {
      acknowledge(version, {
        'AwsSolutions-L1': "the runtime is part of a version's digest: a newer default would be a rollout of every model",
      });
    }
    return version;
  }

  /** The version, whose code is bundled now. Libraries that cannot be installed are a mistake among the others. */
  private bound(scope: Construct, requirements: Requirements, options: ModelBindOptions): ModelVersion {
    const files = modelFiles(this.entry, this.props.exclude ?? []);
    const bundling = new PythonBundling({
      name: this.name,
      folder: this.entry,
      files,
      requirements,
      platform: this.platform,
      module: splitHandler(this.handler)!.module,
      shim: this.shim,
    });
    try {
      return bindFunction(
        scope, 'PythonFunction',
        {
          code: this.code(requirements, files, bundling),
          runtime: this.runtime,
          ...(this.shim ? { handler: `${SHIM}.handler`, environment: { MODEL_ROLLOUT_HANDLER: this.handler } } : { handler: this.handler }),
        },
        // What calls the function speaks HTTP, whatever the function takes.
        { ...this.props, contract: ModelContract.HTTP }, options,
      );
    } catch (error) {
      failTogether(bundling.problem === undefined ? [] : [bundling.problem], scope);
      throw error;
    }
  }

  private code(requirements: Requirements, files: FileCopyOptions, bundling: PythonBundling): lambda.Code {
    const hash = createHash('sha256')
      .update(FileSystem.fingerprint(this.entry, files))
      .update(this.shim ? FileSystem.fingerprint(join(assetPath('python-model'), SHIM), { exclude: ['__pycache__'] }) : '')
      .update(JSON.stringify([this.platform, requirementsIdentity(requirements)]))
      .digest('hex');
    return lambda.Code.fromAsset(this.entry, {
      assetHash: hash,
      assetHashType: AssetHashType.CUSTOM,
      ...files,
      // All of this counts in the asset's hash, so there must be no path of this machine in it.
      bundling: {
        local: bundling,
        // Asked for by the type; the bundling above does all, with Docker too.
        image: DockerImage.fromRegistry(this.platform.image),
      },
    });
  }

  private folderProblems(): string[] {
    if (!existsSync(this.entry) || !statSync(this.entry).isDirectory()) {
      return [`entry of ${this.name} is not a folder: there is none at ${this.entry}; give the folder that holds the module`];
    }
    const { requirements, handler } = this.find();
    if (requirements.lines.length === 0 && !readdirSync(this.entry, { recursive: true }).some((file) => String(file).endsWith('.py'))) {
      return [
        ...requirements.problems,
        `entry of ${this.name} has no Python file; put the module ${JSON.stringify(`${this.handler.split('.')[0]}.py`)} there`,
      ];
    }
    return [...requirements.problems, ...handler.problems];
  }

  /** What is in the folder, looked up once. */
  private find(): { readonly requirements: Requirements; readonly handler: HandlerFindings } {
    if (this.found === undefined) {
      const requirements = dependenciesOf(this.entry, this.platform);
      this.found = {
        requirements,
        handler: checkHandler(this.name, this.entry, this.handler, this.platform.python, requirements.lines.length > 0),
      };
    }
    return this.found;
  }
}
