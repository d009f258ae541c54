import type { Command } from 'commander';
import { RolloutItem } from '../../../lib/core/rollout/state';
import { Records } from '../aws/records';
import { pickAlias } from '../aws/stack';
import { Exit } from '../exit';
import { EntryCollector, type HistoryDocument, rejectionEntry } from '../documents/history-document';
import { parseRejection, parseStoredDecision, UnreadableRecordError } from '../../../lib/core/rollout/parse';
import { wholeNumber } from './numbers';
import { type Shell, type StackOptions } from './shell';
import { renderHistory } from '../view/history';
import { clean } from '../view/line';

interface HistoryOptions extends StackOptions {
  readonly limit: number;
}

const DEFAULT_LIMIT = 20;
const REJECTIONS = RolloutItem.rejected('');

export function registerHistory(program: Command, shell: Shell): void {
  shell
    .command<HistoryOptions>(
      program,
      'history',
      'what was decided and why, newest last; runs of the same hold are one entry',
      async (options, given) => {
        const { connection, stack } = await shell.open(options);
        const alias = pickAlias(stack, given);
        const records = new Records(connection, stack);
        const unreadable: string[] = [];
        /** One bad record does not hide the others. */
        const read = <T,>(item: string, parse: () => T): T | undefined => {
          try {
            return parse();
          } catch (error) {
            if (!(error instanceof UnreadableRecordError)) {
              throw error;
            }
            unreadable.push(`record ${item} of ${alias} cannot be read: ${error.message}`);
            return undefined;
          }
        };
        const collector = new EntryCollector(options.limit);
        for await (const { item, content } of records.contents(alias, RolloutItem.DECISIONS)) {
          const decision = read(item, () => parseStoredDecision(content));
          if (decision !== undefined && !collector.add(decision)) {
            break;
          }
        }
        const rejected: HistoryDocument['rejected'][number][] = [];
        for await (const { item, content } of records.contents(alias, REJECTIONS)) {
          const rejection = read(item, () => parseRejection(content));
          if (rejection !== undefined) {
            rejected.push(rejectionEntry(rejection));
          }
        }
        const document: HistoryDocument = {
          schema: 1,
          ok: unreadable.length === 0,
          command: 'history',
          stack: stack.name,
          region: stack.region,
          alias,
          ...collector.result(),
          rejected: rejected.sort((one, other) => one.at.localeCompare(other.at)),
          ...(unreadable.length === 0 ? {} : { error: { code: 'RECORD_UNREADABLE', message: unreadable.join('; ') } }),
        };
        const table = renderHistory(document, shell.paint, shell.terminal.interactive ? shell.terminal.columns() : undefined);
        return {
          document,
          text: [table, ...unreadable.map((problem) => shell.paint('red', clean(problem)).text)].join('\n'),
          exit: unreadable.length === 0 ? Exit.OK : Exit.FAILED,
        };
      },
    )
    .option('--limit <n>', 'how many entries', wholeNumber, DEFAULT_LIMIT);
}
