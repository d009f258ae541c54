import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FileCopyOptions, FileSystem, type ILocalBundling } from 'aws-cdk-lib/core';
import { assetPath } from '../../package/assets';
import { moduleFile } from './handler';
import { install } from './install';
import { addLibraries, checkSize, finishLibraries } from './libraries';
import type { Platform } from './platform';
import type { Requirements } from './requirements';

/** The package that Lambda calls, put beside the model's files. */
export const SHIM = 'model_rollout_shim';

/** What a bundle is made from. */
export interface BundleSource {
  /** As messages call the model. */
  readonly name: string;
  readonly folder: string;
  readonly files: FileCopyOptions;
  readonly requirements: Requirements;
  readonly platform: Platform;
  /** Module that must be in the bundle. */
  readonly module: string;
  /** Whether Lambda calls the shim, which calls the function. */
  readonly shim: boolean;
}

/** Makes the folder that Lambda gets. CDK asks for it once for each hash in a folder of output, so nothing is installed twice. */
export class PythonBundling implements ILocalBundling {
  // Private to the language too: CDK writes an object's other members into the asset's hash.
  readonly #source: BundleSource;
  #problem?: string;

  constructor(source: BundleSource) {
    this.#source = source;
  }

  /** Why no bundle could be made. CDK throws it in an error of its own, which is not told with other mistakes. */
  public get problem(): string | undefined {
    return this.#problem;
  }

  public tryBundle(outputDir: string): boolean {
    try {
      this.#make(outputDir);
      return true;
    } catch (error) {
      this.#problem = (error as Error).message;
      throw error;
    }
  }

  #make(outputDir: string): void {
    const { name, folder, files, requirements, platform, module, shim } = this.#source;
    FileSystem.copyDirectory(folder, outputDir, files);
    if (shim && moduleFile(outputDir, SHIM) !== undefined) {
      throw new Error(`${name} has a module "${SHIM}", the name of what calls it on Lambda; rename it`);
    }
    if (requirements.lines.length > 0) {
      const libraries = mkdtempSync(join(tmpdir(), 'python-libraries-'));
      try {
        install(requirements, platform, libraries);
        finishLibraries(libraries, platform);
        addLibraries(libraries, outputDir);
      } catch (error) {
        throw new Error(`${name}: ${(error as Error).message}`);
      } finally {
        rmSync(libraries, { recursive: true, force: true });
      }
    }
    if (moduleFile(outputDir, module) === undefined) {
      throw new Error(
        `${name} has no module ${JSON.stringify(module)}, neither in its folder nor in a library; change the handler, or add the `
          + 'library that has it',
      );
    }
    if (shim) {
      cpSync(join(assetPath('python-model'), SHIM), join(outputDir, SHIM), { recursive: true });
    }
    checkSize(name, outputDir);
  }
}
