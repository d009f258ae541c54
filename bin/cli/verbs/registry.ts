import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import type { PinnedMlflowModel } from '../../../lib/core/registry/pinned-mlflow-model';
import type { PinnedPackage } from '../../../lib/core/registry/pinned-package';
import { CliError, Exit, EXIT_HELP } from '../exit';
import { mlflowModelOf, type MlflowOptions } from '../registry/mlflow-models';
import { packageOf, type PackageOptions } from '../registry/packages';
import type { Registered } from '../registry/registered';
import { wholeNumber } from './numbers';
import { type CommandResult, nonEmpty, type Shell } from './shell';

interface RegistryOptions extends PackageOptions, MlflowOptions {
  readonly context: string;
  readonly renew?: boolean;
  readonly json?: boolean;
}

/** What `registry --json` prints. */
export interface RegistryDocument {
  readonly schema: 1;
  readonly ok: true;
  readonly command: 'registry';
  /** Where the context keeps it. */
  readonly key: string;
  /** Of SageMaker's registry. */
  readonly package?: PinnedPackage;
  /** Of MLflow's. */
  readonly model?: PinnedMlflowModel;
  /** The file was written. */
  readonly changed: boolean;
  /** ARN of the package, or number of the version, that --renew would take. */
  readonly newer?: string;
}

export function registerRegistry(program: Command, shell: Shell): void {
  program
    .command('registry')
    .description(
      "look up a package of SageMaker's model registry, or a model that is registered with MLflow, and keep it in the app's context, for "
        + 'Model.fromModelPackage and Model.fromMlflow; one that is kept is checked, and changed only with --renew',
    )
    .option('--package <arn>', 'the package with this ARN', nonEmpty)
    .option('--group <name>', 'the newest approved package of this group, by its name or ARN', nonEmpty)
    .option('--mlflow <server>', 'address of an MLflow tracking server, or ARN of one that SageMaker manages', nonEmpty)
    .option('--model <name>', 'the model of this name on the MLflow server', nonEmpty)
    .option('--alias <alias>', 'its version with this alias', nonEmpty)
    .option('--model-version <number>', 'its version with this number', wholeNumber)
    .option('--require-tag <tag=value>', 'refuse a version that does not have this tag; may be repeated', tag)
    .option('--artifacts-destination <url>', 'where in S3 the MLflow server keeps artifacts that it serves itself', nonEmpty)
    .option('--renew', 'take what the registry has now in the place of what is kept')
    .option('--context <file>', 'where the app keeps its context', nonEmpty, 'cdk.context.json')
    .option('--region <region>', 'AWS region (default: that of the ARN, or of the environment)', nonEmpty)
    .option('--profile <name>', 'profile of the AWS configuration', nonEmpty)
    .option('--json', 'print one JSON document, errors included')
    .addHelpText('after', EXIT_HELP)
    .action((options: RegistryOptions) => shell.report('registry', options.json === true, () => registry(options)));
}

async function registry(options: RegistryOptions): Promise<CommandResult> {
  if ([options.package, options.group, options.mlflow].filter((given) => given !== undefined).length !== 1) {
    throw new CliError(
      Exit.USAGE, 'BAD_OPTION', 'name one package with --package, a group with --group, or an MLflow server with --mlflow and --model',
    );
  }
  return options.mlflow === undefined ? keep(await packageOf(options), options) : keep(await mlflowModelOf(options), options);
}

async function keep<Pin extends PinnedPackage | PinnedMlflowModel>(
  registered: Registered<Pin>, { context: file, renew }: RegistryOptions,
): Promise<CommandResult> {
  const { key, kind, newest } = registered;
  const context = readContext(file);
  const kept = registered.read(context[key]);
  if (kept === undefined || renew === true) {
    const pin = await registered.describe(newest);
    writeFileSync(file, `${JSON.stringify({ ...context, [key]: pin }, null, 2)}\n`);
    return answer(registered, pin, { changed: true }, file);
  }
  const id = registered.id(kept);
  const refusal = registered.refusal(await registered.describe(id));
  if (refusal !== undefined) {
    throw new CliError(
      Exit.FAILED,
      `${kind.toUpperCase()}_REFUSED`,
      `${refusal}, but ${file} still has it as it was; --renew takes ${newest === id ? 'that over' : newest}`,
    );
  }
  return answer(registered, kept, { changed: false, ...(newest === id ? {} : { newer: newest }) }, file);
}

/** What something is that a registry has now, and the context has not. */
const NEWER = { package: 'newer and approved', model: 'the alias is now at' } as const;

function answer<Pin>(
  { kind, key, lines }: Registered<Pin>, pin: Pin, found: Pick<RegistryDocument, 'changed' | 'newer'>, file: string,
): CommandResult {
  const text = [
    ...lines(pin),
    found.changed ? `kept in ${file}: commit it` : `${file} has it already`,
    ...(found.newer === undefined ? [] : [`${NEWER[kind]}: ${found.newer}; --renew takes it`]),
  ];
  const document: RegistryDocument = { schema: 1, ok: true, command: 'registry', key, [kind]: pin, ...found };
  return { exit: Exit.OK, document, text: text.join('\n') };
}

/** Tags that were given so far, and another. */
function tag(text: string, before: { readonly [tag: string]: string } = {}): { readonly [tag: string]: string } {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) {
    throw new InvalidArgumentError('give a tag and its value, such as validation_status=approved');
  }
  return { ...before, [name]: value };
}

function readContext(file: string): { readonly [key: string]: unknown } {
  if (!existsSync(file)) {
    return {};
  }
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { readonly [key: string]: unknown };
  } catch (error) {
    const { message } = error as Error;
    throw new CliError(Exit.FAILED, 'BAD_CONTEXT', `${file} is not valid JSON (${message}); correct it, or take it from version control`);
  }
}
