import type { Command } from 'commander';
import type { OrderCode, Verb } from '../../../lib/core/rollout/orders';
import { caller } from '../aws/caller';
import { sendOrder } from '../aws/orders';
import { pickAlias } from '../aws/stack';
import { CliError, Exit } from '../exit';
import { wholeNumber } from './numbers';
import { nonEmpty, type Shell, type StackOptions } from './shell';
import { clean } from '../view/line';

interface OrderOptions extends StackOptions {
  readonly reason?: string;
  readonly by?: string;
  readonly stage?: number;
  /** Of the model, for `retry`. */
  readonly version?: string;
}

const ORDERS: { readonly [verb in Verb]: string } = {
  abort: 'stop the rollout: production has all requests at once',
  pause: 'hold the rollout where it is; guardrails still protect it',
  resume: 'let a paused rollout go on',
  approve: 'let the next stage begin, where the plan waits for approval',
  promote: 'give the candidate all requests now, without the stages that are left',
  retry: 'let a rejected version be deployed again',
};

/** Codes of refused orders; every other one is a failure. */
const REFUSALS: { readonly [code in OrderCode]?: Exit } = {
  MALFORMED_ORDER: Exit.USAGE,
  ALIAS_NOT_FOUND: Exit.NOT_FOUND,
  NO_ROLLOUT: Exit.NOT_FOUND,
  NOT_REJECTED: Exit.NOT_FOUND,
};

/** What `abort`, `pause`, `resume`, `approve`, `promote` and `retry` print with `--json`: public. */
export interface OrderDocument {
  readonly schema: 1;
  readonly ok: true;
  readonly command: Verb;
  readonly stack: string;
  readonly region: string;
  readonly alias: string;
  readonly code: OrderCode;
  readonly message: string;
}

export function registerOrders(program: Command, shell: Shell): void {
  for (const verb of Object.keys(ORDERS) as Verb[]) {
    const command = shell.command<OrderOptions>(program, verb, ORDERS[verb], async (options, given) => {
      const { connection, stack } = await shell.open(options);
      const alias = pickAlias(stack, given);
      const { ok, code, message } = await sendOrder(connection, stack, {
        verb,
        alias,
        by: options.by || await caller(connection),
        ...(options.reason ? { reason: options.reason } : {}),
        // People count from 1, plans from 0.
        ...(options.stage === undefined ? {} : { stage: options.stage - 1 }),
        ...(options.version === undefined ? {} : { version: options.version }),
      });
      if (!ok) {
        throw new CliError(REFUSALS[code] ?? Exit.FAILED, code, message);
      }
      const document: OrderDocument = { schema: 1, ok: true, command: verb, stack: stack.name, region: stack.region, alias, code, message };
      return { document, text: clean(message), exit: Exit.OK };
    });
    // An order must not fail for want of a reason or a name: empty is as if not given.
    command
      .option('--reason <text>', 'why, for the record')
      .option('--by <name>', 'who, for the record (default: the ARN of the credentials)');
    if (verb === 'approve') {
      command.option('--stage <number>', 'stage that may begin, as status counts them (default: the next one)', wholeNumber);
    } else if (verb === 'retry') {
      command.option(
        '--version <digest>',
        'digest of the rejected version or its beginning, see history (default: the last one that was rejected)',
        nonEmpty,
      );
    }
  }
}
