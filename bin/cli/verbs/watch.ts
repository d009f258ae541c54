import type { Command } from 'commander';
import { pickAlias } from '../aws/stack';
import { CliError, Exit } from '../exit';
import { clean } from '../view/line';
import { Feed } from '../web/feed';
import { WatchServer } from '../web/server';
import { numberIn } from './numbers';
import type { Shell, StackOptions } from './shell';

interface WatchOptions extends StackOptions {
  readonly web?: boolean;
  readonly port?: number;
}

/** What `watch` prints with `--json` at its end: public. */
export interface WatchEndDocument {
  readonly schema: 1;
  readonly ok: true;
  readonly command: 'watch';
  readonly stack: string;
  readonly region: string;
}

const LAST_PORT = 65_535;
const DESCRIPTION = 'a page of the rollouts in a browser of this machine, live and with the orders, until you end it';

export function registerWatch(program: Command, shell: Shell): void {
  shell.command<WatchOptions>(program, 'watch', DESCRIPTION, async (options, given) => {
    if (options.web !== true) {
      throw new CliError(
        Exit.USAGE, 'USAGE', 'say --web for a page in a browser; in the terminal, `model-rollout status --watch` watches',
      );
    }
    const opened = await shell.open(options);
    const aliases = given === undefined ? opened.stack.aliases : [pickAlias(opened.stack, given)];
    // On the other stream than the document at the end.
    const tell = (text: string): void => shell.terminal.err(`${clean(text)}\n`);
    const feed = new Feed(opened, aliases, tell);
    // What cannot be read is told before anybody opens a page.
    await feed.read();
    const server = new WatchServer(opened, feed, { aliases, tell });
    const address = await server.listen(options.port ?? 0);
    tell(`Open ${address}`);
    tell('It is for browsers of this machine, and lets whoever has the address give orders as you. Ctrl-C ends it, and no rollout.');
    await new Promise<void>((resolve) => void process.once('SIGINT', resolve).once('SIGTERM', resolve));
    await server.close();
    const document: WatchEndDocument = { schema: 1, ok: true, command: 'watch', stack: opened.stack.name, region: opened.stack.region };
    return { document, exit: Exit.OK, text: 'The page has ended; what was rolled out goes on.' };
  })
    .option('--web', 'serve the page, and print its address')
    .option('--port <number>', 'of 127.0.0.1 (default: any that is free)', numberIn({ whole: true, min: 1, max: LAST_PORT }));
}
