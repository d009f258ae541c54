import { type Command, InvalidArgumentError } from 'commander';
import { optional } from '../../../lib/core/optional';
import { stacksWithEndpoints } from '../assembly';
import { Connection } from '../aws/connection';
import type { OpenStack } from '../aws/read-status';
import { findStack } from '../aws/stack';
import { CliError, Exit, EXIT_HELP } from '../exit';
import type { Terminal } from '../terminal';
import { clean, type Paint, painter, toJson } from '../view/line';

/** Options that every command on a stack has. */
export interface StackOptions {
  readonly stack?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly json?: boolean;
}

/** What a command came to: one document, the same as text, and the exit code. */
export interface CommandResult {
  readonly exit: Exit;
  readonly document: object;
  readonly text: string;
}

/** Where `cdk` leaves the cloud assembly unless told otherwise. */
const ASSEMBLY = 'cdk.out';

/** What commands share: their options, and how answers and failures are printed. */
export class Shell {
  exit = Exit.OK;
  readonly paint: Paint;

  constructor(readonly terminal: Terminal) {
    this.paint = painter(terminal.colors);
  }

  /** A command on a stack; it prints what `work` answers. */
  command<Options extends StackOptions>(
    program: Command, usage: string, description: string, work: (options: Options, alias: string | undefined) => Promise<CommandResult>,
  ): Command {
    return program
      .command(usage)
      .description(description)
      .argument('[alias]', 'such as live or fraud/live (default: the only one; status shows all)', nonEmpty)
      .option(
        '-s, --stack <name>',
        'name or ARN of the stack (or MODEL_ROLLOUT_STACK; default: the one with endpoints in cdk.out)',
        nonEmpty,
      )
      .option('--region <region>', 'AWS region', nonEmpty)
      .option('--profile <name>', 'profile of the AWS configuration', nonEmpty)
      .option('--json', 'print one JSON document, errors included')
      .addHelpText('after', EXIT_HELP)
      .action((alias: string | undefined, options: Options, command: Command) =>
        this.report(command.name(), options.json === true, () => work(options, alias)),
      );
  }

  /** Print what `work` answers, or the sentence with which it fails. */
  async report(command: string, json: boolean, work: () => Promise<CommandResult>): Promise<void> {
    try {
      const { document, text, exit } = await work();
      this.terminal.out(`${json ? toJson(document) : text}\n`);
      this.exit = exit;
    } catch (error) {
      if (!(error instanceof CliError)) {
        throw error;
      }
      this.exit = error.exit;
      if (json) {
        this.printError(command, error.code, error.message);
      } else {
        this.terminal.err(`${this.paint('red', 'error:').text} ${error.message.split('\n').map(clean).join('\n')}\n`);
      }
    }
  }

  /** The stack that the options mean, found in AWS. */
  async open(options: StackOptions): Promise<OpenStack> {
    const named = options.stack ?? process.env.MODEL_ROLLOUT_STACK;
    const { name, region } = named ? { name: named } : onlyAssembledStack();
    // Of a stack that the assembly names, the assembly also knows the region to which it is deployed.
    const connection = Connection.of({ ...options, ...optional('region', options.region ?? region) });
    return { connection, stack: await findStack(connection, name) };
  }

  printError(command: string | undefined, code: string, message: string): void {
    this.terminal.out(`${toJson({ schema: 1, ok: false, ...optional('command', command), error: { code, message } })}\n`);
  }

  /** A mistake of the command's own. */
  printUnexpected(error: unknown, json: boolean): void {
    const message = `unexpected: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
    if (json) {
      this.printError(undefined, 'UNEXPECTED', message);
    } else {
      this.terminal.err(`error: ${clean(message)}\n`);
    }
    if (process.env.MODEL_ROLLOUT_DEBUG) {
      this.terminal.err(`${error instanceof Error ? error.stack : ''}\n`);
    }
  }
}

/** Parses options that name something: an empty variable of a script must not come to mean the default. */
export function nonEmpty(text: string): string {
  if (text.trim() === '') {
    throw new InvalidArgumentError('it must not be empty.');
  }
  return text;
}

function onlyAssembledStack(): { name: string; region?: string } {
  const stacks = stacksWithEndpoints(ASSEMBLY);
  if (stacks.length === 1) {
    return stacks[0];
  }
  throw new CliError(Exit.USAGE, 'STACK_NEEDED', stacks.length === 0
    ? 'which stack? Name it with --stack or MODEL_ROLLOUT_STACK; there is no cdk.out here with a stack that has model endpoints'
    : `which stack? Name it with --stack; ${ASSEMBLY} has ${stacks.map(({ name }) => name).join(', ')}`);
}
