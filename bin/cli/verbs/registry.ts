import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import {
  groupOfArn, packageContextKey, packageOfArn, type PackageQuery, type PinnedPackage, readPin, refusalOf,
} from '../../../lib/core/registry/pinned-package';
import { optional } from '../../../lib/core/optional';
import { Connection } from '../aws/connection';
import { groupQuery, Registry } from '../aws/registry';
import { CliError, Exit, EXIT_HELP } from '../exit';
import { type CommandResult, nonEmpty, type Shell } from './shell';

interface RegistryOptions {
  readonly package?: string;
  readonly group?: string;
  readonly context: string;
  readonly renew?: boolean;
  readonly region?: string;
  readonly profile?: string;
  readonly json?: boolean;
}

/** What `registry --json` prints. */
export interface RegistryDocument {
  readonly schema: 1;
  readonly ok: true;
  readonly command: 'registry';
  /** Where the context keeps it. */
  readonly key: string;
  readonly package: PinnedPackage;
  /** The file was written. */
  readonly changed: boolean;
  /** ARN of the package that --renew would take. */
  readonly newer?: string;
}

export function registerRegistry(program: Command, shell: Shell): void {
  program
    .command('registry')
    .description(
      "look up a package of SageMaker's model registry and keep it in the app's context, for Model.fromModelPackage; one that is kept is "
        + 'checked, and changed only with --renew',
    )
    .option('--package <arn>', 'the package with this ARN', nonEmpty)
    .option('--group <name>', 'the newest approved package of this group, by its name or ARN', nonEmpty)
    .option('--renew', 'take what the registry has now in the place of what is kept')
    .option('--context <file>', 'where the app keeps its context', nonEmpty, 'cdk.context.json')
    .option('--region <region>', 'AWS region (default: that of the ARN, or of the environment)', nonEmpty)
    .option('--profile <name>', 'profile of the AWS configuration', nonEmpty)
    .option('--json', 'print one JSON document, errors included')
    .addHelpText('after', EXIT_HELP)
    .action((options: RegistryOptions) => shell.report('registry', options.json === true, () => registry(options)));
}

async function registry(options: RegistryOptions): Promise<CommandResult> {
  const asked = askedOf(options);
  const region = options.region ?? asked.region;
  const found = new Registry(Connection.of({ ...options, ...optional('region', region) }));
  const newest = asked.arn ?? await found.newestApproved(options.group!);
  const key = packageContextKey(asked.query ?? groupQuery(options.group!, newest));
  const context = readContext(options.context);
  const kept = readPin(context[key]);
  if (kept === undefined || options.renew === true) {
    const pin = await found.describe(newest);
    writeFileSync(options.context, `${JSON.stringify({ ...context, [key]: pin }, null, 2)}\n`);
    return answer({ key, package: pin, changed: true }, options.context);
  }
  const pin = await found.describe(kept.arn);
  const refusal = refusalOf(pin);
  if (refusal !== undefined) {
    throw new CliError(
      Exit.FAILED,
      'PACKAGE_REFUSED',
      `${refusal}, but ${options.context} still has it as it was; --renew takes ${newest === kept.arn ? 'that over' : newest}`,
    );
  }
  return answer({ key, package: kept, changed: false, ...(newest === kept.arn ? {} : { newer: newest }) }, options.context);
}

interface Asked {
  readonly arn?: string;
  readonly region?: string;
  readonly query?: PackageQuery;
}

/** What is looked for, as far as the options tell it by themselves. */
function askedOf({ package: arn, group }: RegistryOptions): Asked {
  if ((arn === undefined) === (group === undefined)) {
    throw new CliError(Exit.USAGE, 'BAD_OPTION', 'name either one package with --package, or a group with --group');
  }
  const query = arn === undefined ? groupOfArn(group!) : packageOfArn(arn);
  if (query === undefined && (arn !== undefined || group!.startsWith('arn:'))) {
    throw new CliError(
      Exit.USAGE,
      'BAD_OPTION',
      `${arn ?? group} is not an ARN of a ${arn === undefined ? 'group of model packages' : 'model package'}, such as `
        + `arn:aws:sagemaker:eu-west-1:111122223333:${arn === undefined ? 'model-package-group/fraud' : 'model-package/fraud/7'}`,
    );
  }
  return { arn, region: query?.region, query };
}

function answer(found: Omit<RegistryDocument, 'schema' | 'ok' | 'command'>, file: string): CommandResult {
  const { arn, approval, image, artifact } = found.package;
  const lines = [
    `${arn} ${approval}`,
    `  image     ${image}`,
    ...(artifact === undefined ? [] : [`  artifact  ${artifact}`]),
    found.changed ? `kept in ${file}: commit it` : `${file} has it already`,
    ...(found.newer === undefined ? [] : [`newer and approved: ${found.newer}; --renew takes it`]),
  ];
  const document: RegistryDocument = { schema: 1, ok: true, command: 'registry', ...found };
  return { exit: Exit.OK, document, text: lines.join('\n') };
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
