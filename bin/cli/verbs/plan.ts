import type { Command } from 'commander';
import { type Proposal, propose, proposalProblems, type ProposalInput } from '../../../lib/core/rollout/propose';
import { CliError, Exit, EXIT_HELP } from '../exit';
import { numberIn } from './numbers';
import type { CommandResult, Shell } from './shell';
import { renderProposal } from '../view/proposal';
import { proposalCode } from '../view/proposal-code';

interface PlanOptions extends ProposalInput {
  readonly json?: boolean;
}

/** What `plan --json` prints. */
export interface PlanDocument extends Proposal {
  readonly schema: 1;
  readonly ok: true;
  readonly command: 'plan';
  /** To paste into a stack. */
  readonly typescript: string;
}

export function registerPlan(program: Command, shell: Shell): void {
  program
    .command('plan')
    .description('propose the steps of a canary, from traffic, failures and the regression that must be found, and print the TypeScript')
    .requiredOption('--requests-per-second <number>', 'that the alias gets, all versions together; take the busiest hour', quantity)
    .requiredOption('--error-rate <share>', 'of its requests that production fails to answer: 0.01, or 1%', rate)
    .option(
      '--regression <share>',
      'that a candidate fails to answer, which must be found (default: twice --error-rate, or more where that is nearly tolerated)',
      rate,
    )
    .option(
      '--harm-budget <requests>',
      'that a total failure may cost (default: one in a hundred within the four minutes of a reaction, or twice what is tolerated)',
      quantity,
    )
    .option('--json', 'print one JSON document, errors included')
    .addHelpText('after', EXIT_HELP)
    .action((options: PlanOptions) =>
      shell.report('plan', options.json === true, () => Promise.resolve().then(() => plan(shell, options))),
    );
}

function plan(shell: Shell, options: PlanOptions): CommandResult {
  const problems = proposalProblems(options);
  if (problems.length > 0) {
    throw new CliError(Exit.USAGE, 'BAD_OPTION', problems.map(asOptions).join('\n'));
  }
  const proposal = propose(options);
  const typescript = proposalCode(proposal);
  const document: PlanDocument = { schema: 1, ok: true, command: 'plan', ...proposal, typescript };
  return { exit: Exit.OK, document, text: renderProposal(proposal, typescript, shell.paint) };
}

/** With the names by which the command is told. */
function asOptions(problem: string): string {
  return problem.replace(
    /\b(?:requestsPerSecond|errorRate|regression|harmBudget)\b(?!\()/g,
    (name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  );
}

/** What it may be is one of the proposal's own problems. */
const quantity = numberIn();

function rate(text: string): number {
  const points = /^(.+?)\s*%$/.exec(text)?.[1];
  // 1.1 / 100 is not 0.011.
  return points === undefined ? quantity(text) : Number((quantity(points) / 100).toPrecision(12));
}
