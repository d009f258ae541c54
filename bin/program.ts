import { Command, CommanderError } from 'commander';
import { version } from '../package.json';
import { Exit, EXIT_HELP } from './cli/exit';
import { Shell } from './cli/verbs/shell';
import type { Terminal } from './cli/terminal';
import { registerCompare } from './cli/verbs/compare';
import { registerCost } from './cli/verbs/cost';
import { registerEvidence } from './cli/verbs/evidence';
import { registerHistory } from './cli/verbs/history';
import { registerOrders } from './cli/verbs/orders';
import { registerPlan } from './cli/verbs/plan';
import { registerRegistry } from './cli/verbs/registry';
import { registerRehearse } from './cli/verbs/rehearse';
import { registerStatus } from './cli/verbs/status';
import { registerWatch } from './cli/verbs/watch';

/** Each adds its commands. */
const VERBS: readonly ((program: Command, shell: Shell) => void)[] = [
  registerStatus,
  registerWatch,
  registerHistory,
  registerEvidence,
  registerCompare,
  registerOrders,
  registerPlan,
  registerRehearse,
  registerRegistry,
  registerCost,
];

/** The command with all its verbs. With `json`, what commander has to say is left to the one document. */
export function modelRollout(shell: Shell, json = false): Command {
  const program = new Command('model-rollout')
    .description(
      'Look at rollouts and shadows of model endpoints (cdk-model-rollout), stop, hold or move rollouts on, plan and rehearse them, '
        + 'and tell what they cost.',
    )
    .version(version)
    // Else the program's own --version would be taken for that of `retry`.
    .enablePositionalOptions()
    .addHelpText('after', EXIT_HELP)
    .showHelpAfterError('(--help says more)')
    .configureOutput({
      writeOut: (text) => shell.terminal.out(text),
      writeErr: (text) => (json ? undefined : shell.terminal.err(text)),
    })
    .exitOverride();
  VERBS.forEach((register) => register(program, shell));
  return program;
}

/** Run the command and return its exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<Exit> {
  const shell = new Shell(terminal);
  // Commander speaks before options are read, so whether JSON is wanted is looked up here.
  const json = args.includes('--json');
  const program = modelRollout(shell, json);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return shell.exit;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) {
        return Exit.OK;
      }
      if (json) {
        const message = error.code === 'commander.help' ? 'a command is missing' : error.message.replace(/^error: /, '');
        shell.printError(args[0]?.startsWith('-') === false ? args[0] : undefined, 'USAGE', message);
      }
      return Exit.USAGE;
    }
    shell.printUnexpected(error, json);
    return Exit.FAILED;
  }
}
