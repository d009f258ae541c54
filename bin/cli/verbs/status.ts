import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { type OpenStack, readStatus } from '../aws/read-status';
import { pickAlias } from '../aws/stack';
import { CliError, Exit } from '../exit';
import { numberIn } from './numbers';
import type { Shell, StackOptions } from './shell';
import type { StatusDocument } from '../documents/status-document';
import { gistOfAlias, renderAliasLine, renderStatus } from '../view/status';
import { Screen } from '../view/screen';
import { Watched } from './watched';

interface StatusOptions extends StackOptions {
  readonly watch?: boolean;
  readonly interval: number;
  readonly exitCode?: boolean;
}

const DEFAULT_INTERVAL_SECONDS = 3;
/** A watch outlives hiccups of AWS, and ends when it has been blind for so many looks. */
const LOOKS_WITHOUT_ANSWER = 20;
const PASSING = ['THROTTLED', 'UNREACHABLE', 'FAILED'];

export function registerStatus(program: Command, shell: Shell): void {
  shell.command<StatusOptions>(program, 'status', 'what each alias serves, and how far its rollout is', async (options, given) => {
    const opened = await shell.open(options);
    const aliases = given === undefined ? opened.stack.aliases : [pickAlias(opened.stack, given)];
    const { document, exit } = options.watch === true ? await watch(shell, opened, aliases, options) : await look(opened, aliases, options);
    return { document, exit, text: renderStatus(document, shell.paint) };
  })
    .option('-w, --watch', 'show it again and again until the running rollouts have ended; the exit code says how')
    .option('--interval <seconds>', 'between two looks of --watch', numberIn({ above: 0 }), DEFAULT_INTERVAL_SECONDS)
    .option('--exit-code', 'let the exit code say how the rollout stands, without waiting');
}

async function look(
  opened: OpenStack,
  aliases: readonly string[],
  options: StatusOptions,
): Promise<{ document: StatusDocument; exit: Exit }> {
  const document = await readStatus(opened, aliases);
  return { document, exit: exitOf(document, options.exitCode === true ? Watched.exitOf(document) : Exit.OK) };
}

async function watch(
  shell: Shell,
  opened: OpenStack,
  aliases: readonly string[],
  options: StatusOptions,
): Promise<{ document: StatusDocument; exit: Exit }> {
  let document = await readStatus(opened, aliases);
  const watched = new Watched(document);
  const screen = new Screen(shell.terminal, options.json === true);
  let blind = 0;
  for (;;) {
    screen.show(
      renderStatus(document, shell.paint),
      document.aliases.map((alias) => ({ key: alias.alias, gist: gistOfAlias(alias), line: renderAliasLine(alias) })),
      document.at,
    );
    if (watched.over || blind >= LOOKS_WITHOUT_ANSWER) {
      screen.end();
      return { document, exit: exitOf(document, watched.exit) };
    }
    await sleep(options.interval * 1_000);
    try {
      document = await readStatus(opened, aliases);
      watched.look(document);
      blind = watched.sees(document) ? 0 : blind + 1;
    } catch (error) {
      blind += 1;
      if (!(error instanceof CliError) || !PASSING.includes(error.code) || blind >= LOOKS_WITHOUT_ANSWER) {
        screen.end();
        throw error;
      }
      screen.note(error.message);
    }
  }
}

/** What could not be seen is no success, whatever the rest is. */
function exitOf({ error }: StatusDocument, exit: Exit): Exit {
  if (error === undefined) {
    return exit;
  }
  if (error.code === 'NO_PERMISSION') {
    return Exit.DENIED;
  }
  return Exit.FAILED;
}
