import type { Command } from 'commander';
import { readStatus } from '../aws/read-status';
import { pickAlias } from '../aws/stack';
import { CliError, Exit } from '../exit';
import { renderStatus } from '../view/status';
import { Feed } from '../web/feed';
import { WatchServer } from '../web/server';
import { type Shell, type StackOptions, wholeNumber } from './shell';

interface WatchOptions extends StackOptions {
  readonly web?: boolean;
  readonly port?: number;
}

const INTERVAL_MS = 3_000;

export function registerWatch(program: Command, shell: Shell): void {
  shell.command<WatchOptions>(program, 'watch', 'a page of the running rollouts on this machine, until you end it', async (options, given) => {
    if (options.web !== true) {
      throw new CliError(Exit.USAGE, 'USAGE', 'say --web for a page in a browser; in the terminal, `model-rollout status --watch` watches');
    }
    const opened = await shell.open(options);
    const aliases = given === undefined ? opened.stack.aliases : [pickAlias(opened.stack, given)];
    const server = new WatchServer(opened, new Feed(opened, aliases, INTERVAL_MS));
    // On the other stream than what is printed at the end.
    shell.terminal.err(`${await server.listen(options.port ?? 0)}\nOpen this address in a browser of this machine. It lets whoever has it give orders as you. Ctrl-C ends it.\n`);
    await new Promise<void>((resolve) => void process.once('SIGINT', resolve).once('SIGTERM', resolve));
    await server.close();
    const document = await readStatus(opened, aliases);
    return { document, exit: Exit.OK, text: renderStatus(document, shell.paint) };
  })
    .option('--web', 'serve the page; it prints its address')
    .option('--port <number>', 'of 127.0.0.1 (default: any that is free)', wholeNumber);
}
