// `npm run test:aws`: sees for itself what the documentation takes AWS's word for, in a real account; with --dry-run on the emulator.
import Table from 'cli-table3';
import { Command } from 'commander';
import { createInterface } from 'node:readline/promises';
import { startEmulator } from '../../scripts/emulator/emulator';
import { PrerequisiteError } from '../../scripts/emulator/prerequisites';
import { Account } from './checks/account';
import type { Check } from './checks/check';
import { registry } from './checks/registry';
import { rollouts } from './checks/rollouts';
import { sageMaker } from './checks/sagemaker';
import { serving } from './checks/serving';

const CHECKS: readonly Check[] = [...serving, ...rollouts, ...sageMaker, ...registry];

interface Options {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly only?: readonly string[];
  readonly list?: boolean;
}

type Verdict = 'seen' | 'NOT SEEN' | 'skipped';
interface Row { readonly check: Check; readonly verdict: Verdict; readonly what: string }

async function main(options: Options): Promise<number> {
  const unknown = (options.only ?? []).filter((id) => !CHECKS.some((check) => check.id === id));
  if (unknown.length > 0) {
    console.error(`there is no check ${unknown.join(', ')}; there are ${CHECKS.map(({ id }) => id).join(', ')}`);
    return 2;
  }
  const checks = CHECKS.filter(({ id }) => options.only === undefined || options.only.includes(id));
  if (options.list === true) {
    console.log(checks.map(({ id, claim }) => `${id.padEnd(22)}${claim}`).join('\n'));
    return 0;
  }
  if (options.dryRun !== true && !(await agreed(checks, options.yes === true))) {
    return 1;
  }
  const account = options.dryRun === true
    ? new Account(await startEmulator(), true)
    : new Account({ url: '', env: process.env, stop: async () => {} }, false);
  let interrupted = false;
  const interrupt = (): void => {
    console.error(interrupted ? 'still removing what was deployed' : 'interrupted: what was deployed is removed, which takes minutes');
    interrupted = true;
    account.interrupt();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const rows: Row[] = [];
  try {
    await account.open();
    for (const check of checks) {
      if (interrupted) {
        break;
      }
      rows.push(await seeFor(check, account));
      const last = checks.filter(({ stack }) => stack === check.stack).at(-1) === check;
      if (last) {
        rows.push(...await removed(check, account));
      }
    }
  } finally {
    const ends = await account.destroy();
    for (const [stack, end] of Object.entries(ends)) {
      console.log(`${stack} ${end}`);
    }
    await account.close();
  }
  console.log(tableOf(rows));
  return interrupted ? 130 : Number(rows.some(({ verdict }) => verdict === 'NOT SEEN'));
}

async function agreed(checks: readonly Check[], yes: boolean): Promise<boolean> {
  const total = (of: (check: Check) => number): number => checks.reduce((sum, check) => sum + of(check), 0);
  const stacks = [...new Set(checks.map(({ stack }) => stack))];
  console.log(`${checks.length} checks deploy ${stacks.join(', ')} one after the other into the account of your environment (bootstrapped for the CDK, us-east-1 unless CHECK_IMAGE names an image of your Region).`);
  console.log(`They take about ${Math.ceil(total(({ minutes }) => minutes))} minutes and cost about $${total(({ dollars }) => dollars).toFixed(2)}. Everything is removed at the end, also after Ctrl-C.`);
  if (yes) {
    return true;
  }
  const ask = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await ask.question('Go on? [y/N] ');
  ask.close();
  return /^y(es)?$/i.test(answer.trim());
}

async function seeFor(check: Check, account: Account): Promise<Row> {
  if (account.isEmulated && check.onlyOnAws !== undefined) {
    return { check, verdict: 'skipped', what: check.onlyOnAws };
  }
  console.log(`${check.id}: ${check.how}`);
  try {
    return { check, verdict: 'seen', what: await check.run(account) };
  } catch (error) {
    return { check, verdict: 'NOT SEEN', what: String(error).slice(0, 1_500) };
  }
}

/** That a stack goes, and goes without help, is a claim as well. */
async function removed({ stack, onlyOnAws }: Check, account: Account): Promise<Row[]> {
  if (account.isEmulated && onlyOnAws !== undefined && account.output(stack, 'ApiId') === '') {
    return [];
  }
  const end = await account.remove(stack);
  const check = { id: 'delete', stack, claim: `${stack} can be deleted`, how: 'deletes it', minutes: 0, dollars: 0, run: async () => end };
  return [{ check, verdict: end === 'DELETE_COMPLETE' ? 'seen' : 'NOT SEEN', what: end }];
}

function tableOf(rows: readonly Row[]): string {
  const table = new Table({ head: ['check', 'claim', 'seen', 'how'], style: { head: [], border: [] }, colWidths: [22, 44, 44, 36], wordWrap: true });
  table.push(...rows.map(({ check, verdict, what }) => [check.id, check.claim, `${verdict}: ${what}`, check.how]));
  return table.toString();
}

const program = new Command('test:aws')
  .description('Deploys the smallest stacks that show what rests on AWS\'s documentation alone, checks each claim, and removes everything.')
  .option('--dry-run', 'on the emulator; what it cannot show is skipped with the reason')
  .option('--yes', 'do not ask before it costs money')
  .option('--only <checks...>', 'these checks only')
  .option('--list', 'say which checks there are')
  .action(async (options: Options) => {
    process.exitCode = await main(options);
  });

program.parseAsync().catch((error: unknown) => {
  console.error(error instanceof PrerequisiteError ? error.message : error);
  process.exitCode = 1;
});
