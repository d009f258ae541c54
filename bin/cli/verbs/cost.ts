import type { Command } from 'commander';
import { stacksWithEndpoints } from '../assembly';
import { monthlyCost } from '../cost/monthly-cost';
import { pricedOf } from '../cost/priced';
import { readPrices } from '../cost/read-prices';
import { rolloutDollars } from '../cost/rollout-dollars';
import type { CostDocument } from '../documents/cost-document';
import { CliError, Exit, EXIT_HELP } from '../exit';
import { renderCost } from '../view/cost';
import { explained } from './explained';
import { numberIn } from './numbers';
import { type CommandResult, nonEmpty, type Shell } from './shell';

const quantity = numberIn({ min: 0 });

interface CostOptions {
  readonly requestsPerSecond: number;
  readonly modelMs: number;
  readonly requestKb: number;
  readonly responseKb: number;
  readonly rolloutsPerMonth: number;
  readonly assembly: string;
  readonly prices?: string;
  readonly json?: boolean;
}

export function registerCost(program: Command, shell: Shell): void {
  program
    .command('cost')
    .description('what the synthesized stacks cost in a month beside their models, and which options lower it')
    .requiredOption('--requests-per-second <number>', 'that a stack gets, on average over the month', quantity)
    .requiredOption('--model-ms <number>', 'how long the model takes to answer, milliseconds', quantity)
    .option('--request-kb <number>', 'size of a request, kilobytes', quantity, 1)
    .option('--response-kb <number>', 'size of an answer, kilobytes', quantity, 1)
    .option('--rollouts-per-month <number>', 'of each alias that has rollouts', quantity, 4)
    .option('--assembly <folder>', 'cloud assembly that `cdk synth` has written', nonEmpty, 'cdk.out')
    .option('--prices <file>', 'JSON with prices of your own in place of list prices', nonEmpty)
    .option('--json', 'print one JSON document, errors included')
    .addHelpText('after', EXIT_HELP)
    .action((options: CostOptions) =>
      shell.report('cost', options.json === true, () => explained(() => cost(shell, options))),
    );
}

async function cost(shell: Shell, { assembly, prices: file, ...options }: CostOptions): Promise<CommandResult> {
  const found = stacksWithEndpoints(assembly);
  if (found.length === 0) {
    throw new CliError(
      Exit.NOT_FOUND,
      'NO_STACK',
      `${assembly} has no stack with a model endpoint; run \`cdk synth\`, or name the folder with --assembly`,
    );
  }
  const prices = readPrices(file);
  const { requestsPerSecond, modelMs, requestKb, responseKb, rolloutsPerMonth } = options;
  const traffic = { requestsPerSecond, modelMs, requestKb, responseKb, rolloutsPerMonth };
  const stacks: CostDocument['stacks'][number][] = [];
  for (const stack of found) {
    const rollouts = await rolloutDollars(stack, traffic, prices);
    stacks.push({ name: stack.name, ...monthlyCost({ ...pricedOf(stack.templates), rollouts }, traffic, prices) });
  }
  const document: CostDocument = { schema: 1, ok: true, command: 'cost', ...traffic, ownPrices: file !== undefined, stacks };
  return { exit: Exit.OK, document, text: renderCost(document, shell.paint) };
}
