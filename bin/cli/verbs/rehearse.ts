import { realpathSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { findRollouts } from '../../../rehearsal/assembly/find-rollouts';
import type { FoundRollout } from '../../../rehearsal/assembly/found-rollout';
import { appOfSettings, runApp } from '../../../rehearsal/assembly/run-app';
import { RehearsalError } from '../../../rehearsal/rehearsal-error';
import type { RehearsalDocument } from '../../../rehearsal/report/document';
import { reportPage } from '../../../rehearsal/report/html';
import { junit } from '../../../rehearsal/report/junit';
import { renderRehearsal } from '../../../rehearsal/report/table';
import { builtInScenarios } from '../../../lib/core/rehearsal/built-in';
import { concerns } from '../../../rehearsal/scenario/concerns';
import { declaredScenarios, readScenarios } from '../../../rehearsal/scenario/read-scenarios';
import type { Scenario } from '../../../lib/core/rehearsal/scenario';
import { type Course, hold, isSame, type Rehearsed, type Session, sizeOf } from '../../../rehearsal/session/session';
import { Rehearsers } from '../../../rehearsal/session/workers';
import { Exit, EXIT_HELP } from '../exit';
import { explained } from './explained';
import { wholeNumber } from './numbers';
import { type CommandResult, nonEmpty, type Shell } from './shell';
import { writeOptionFile } from './write-file';

interface RehearseOptions {
  readonly assembly?: string;
  readonly app?: string;
  readonly base?: string;
  readonly scenarios?: string;
  readonly scenario?: readonly string[];
  readonly runs?: number;
  readonly seed?: number;
  readonly threads: number;
  readonly junit?: string;
  readonly html?: string;
  readonly json?: boolean;
  readonly peers?: boolean;
}

const RUNS = 200;
const SEED = 1;
const ASSEMBLY = 'cdk.out';

export function registerRehearse(program: Command, shell: Shell): void {
  program
    .command('rehearse')
    .description('let the rollouts of an app happen in virtual time, before anything is deployed')
    .argument('[alias]', 'such as fraud/live (default: every rollout of the app)', nonEmpty)
    .option('--app <command>', 'how the CDK app is run (default: as in cdk.json)', nonEmpty)
    .option('--assembly <folder>', `a cloud assembly that is there already (default without an app: ${ASSEMBLY})`, nonEmpty)
    .option('--base <folder>', 'a cloud assembly to compare with, on the same traffic', nonEmpty)
    .option(
      '-f, --scenarios <file>',
      'YAML or JSON file of scenarios and expectations (default: those that the app requires with rehearse(), or the built-in ones)',
      nonEmpty,
    )
    .option('--scenario <name...>', 'only these', (name: string, others: readonly string[] = []) => [...others, nonEmpty(name)])
    .option('-n, --runs <number>', `rehearsals of each scenario (default: as the app requires, or ${RUNS})`, wholeNumber)
    .option('--seed <number>', `the same seed is the same rehearsal (default: as the app requires, or ${SEED})`, wholeNumber)
    .option('--peers', "also under models of other systems' rules, on the same traffic (default: only with --html)")
    .option('--threads <number>', 'that rehearse at once', wholeNumber, availableParallelism())
    .option('--junit <file>', 'write a report for CI', nonEmpty)
    .option('--html <file>', 'write a page with plots, which needs no network', nonEmpty)
    .option('--json', 'print one JSON document, errors included')
    .addHelpText('after', EXIT_HELP)
    .action((alias: string | undefined, options: RehearseOptions) =>
      shell.report('rehearse', options.json === true, () => explained(() => rehearseAll(shell, alias, options))),
    );
}

async function rehearseAll(shell: Shell, alias: string | undefined, options: RehearseOptions): Promise<CommandResult> {
  const given = options.scenarios === undefined ? undefined : readScenarios(options.scenarios);
  const rollouts = rolloutsOf(alias, options);
  const courses = rollouts.map((rollout) => courseOf(rollout, given, options));
  const bases = options.base === undefined ? [] : basesOf(options.base, rollouts);
  // Better known now than when the work is done and has nowhere to go.
  [options.junit, options.html].forEach((path) => writeOptionFile(path, () => ''));
  const session: Session = {
    rollouts: rollouts.map((rollout, index) => ({
      rollout, course: courses[index], base: bases.find((before) => isSame(before, rollout)),
    })),
    compared: options.base !== undefined,
    peers: options.peers === true || options.html !== undefined,
    plots: options.html !== undefined,
  };
  const { rehearsed, figures, interrupted } = await watched(session, options.threads);
  const unmet = rehearsed.flatMap(({ alias: key, scenarios: summaries }) =>
    summaries.flatMap(({ scenario, unmet: sentences }) => sentences.map((sentence) => `${key}: ${scenario}: ${sentence}`)),
  );
  const end = endOf(unmet, interrupted);
  const document: RehearsalDocument = {
    schema: 1,
    ok: unmet.length === 0 && !interrupted,
    command: 'rehearse',
    runs: courses[0].runs,
    seed: courses[0].seed,
    interrupted,
    rollouts: rehearsed,
    ...(end.error === undefined ? {} : { error: end.error }),
  };
  writeOptionFile(options.junit, () => junit(document));
  writeOptionFile(options.html, () => reportPage(document, figures));
  return {
    document, text: renderRehearsal(options.peers === true ? document : withoutPeers(document), (text) => shell.paint('bold', text).text),
    exit: end.exit,
  };
}

/** Holds the session under a bar, and ends it where somebody interrupts: what was rehearsed until then is told. */
async function watched(session: Session, threads: number): Promise<Rehearsed & { readonly interrupted: boolean }> {
  const rehearsers = new Rehearsers(threadFile(), threads);
  const bar = progress(sizeOf(session));
  let interrupted = false;
  const interrupt = (): void => {
    interrupted = true;
    rehearsers.stop();
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const rehearsed = await hold(session, rehearsers, { at: (scenario) => bar.update({ scenario }), done: (runs) => bar.increment(runs) });
    return { ...rehearsed, interrupted };
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    bar.stop();
    await rehearsers.end();
  }
}

/** What the command came to, for scripts. */
function endOf(
  unmet: readonly string[],
  interrupted: boolean,
): { readonly exit: Exit; readonly error?: NonNullable<RehearsalDocument['error']> } {
  if (unmet.length > 0) {
    return { exit: Exit.UNMET, error: { code: 'EXPECTATIONS_UNMET', message: unmet.join('; ') } };
  }
  return interrupted
    ? { exit: Exit.FAILED, error: { code: 'INTERRUPTED', message: 'interrupted before everything was rehearsed' } }
    : { exit: Exit.OK };
}

/** Rollouts of before the change. Some may be new; where all are, the folder is not what was meant. */
function basesOf(folder: string, rollouts: readonly FoundRollout[]): FoundRollout[] {
  const found = findRollouts(folder);
  if (!rollouts.some((rollout) => found.some((before) => isSame(before, rollout)))) {
    const list = (all: readonly FoundRollout[]): string => all.map(({ stack, alias }) => `${alias} of stack ${stack}`).join(', ');
    throw new RehearsalError(
      'NO_ROLLOUT',
      `${folder} has none of the rollouts that are compared with it (${list(rollouts)}); there is ${list(found)}`,
    );
  }
  return found;
}

/** The page has them anyway; a terminal shows them where they were asked for. */
function withoutPeers(document: RehearsalDocument): RehearsalDocument {
  return { ...document, rollouts: document.rollouts.map(({ peers: _, ...rollout }) => rollout) };
}

/** What options say goes before what the app requires of the rollout, and that before what is built in. */
function courseOf(rollout: FoundRollout, given: readonly Scenario[] | undefined, options: RehearseOptions): Course {
  const { rehearsal } = rollout;
  const required = given === undefined && rehearsal !== undefined ? declaredScenarios(rehearsal) : undefined;
  const builtIn = builtInScenarios();
  const all = given ?? required ?? (options.scenario === undefined ? builtIn.filter((scenario) => concerns(rollout, scenario)) : builtIn);
  return {
    scenarios: options.scenario === undefined ? all : named(options.scenario, required === undefined ? all : withBuiltIn(required)),
    runs: options.runs ?? rehearsal?.runs ?? RUNS,
    seed: options.seed ?? rehearsal?.seed ?? SEED,
    assumed: given === undefined && required === undefined,
  };
}

function withBuiltIn(scenarios: readonly Scenario[]): Scenario[] {
  return [...scenarios, ...builtInScenarios().filter(({ name }) => !scenarios.some((scenario) => scenario.name === name))];
}

function named(names: readonly string[], all: readonly Scenario[]): Scenario[] {
  const unknown = names.find((name) => !all.some((scenario) => scenario.name === name));
  if (unknown !== undefined) {
    throw new RehearsalError(
      'BAD_OPTION',
      `there is no scenario ${JSON.stringify(unknown)}; there are ${all.map(({ name }) => name).join(', ')}`,
    );
  }
  return all.filter(({ name }) => names.includes(name));
}

function rolloutsOf(alias: string | undefined, options: RehearseOptions): FoundRollout[] {
  const found = foundRollouts(options);
  const named = alias === undefined ? found : found.filter((rollout) => rollout.alias === alias || rollout.alias.endsWith(`/${alias}`));
  if (named.length === 0) {
    throw new RehearsalError(
      'NO_ROLLOUT',
      `${JSON.stringify(alias)} has no rollout; there are rollouts of ${found.map((rollout) => rollout.alias).join(', ')}`,
    );
  }
  return named;
}

function foundRollouts({ assembly, app: given }: RehearseOptions): FoundRollout[] {
  if (assembly !== undefined && given !== undefined) {
    throw new RehearsalError('BAD_OPTION', '--app and --assembly exclude each other');
  }
  const app = assembly === undefined ? given ?? appOfSettings() : undefined;
  if (app === undefined) {
    return findRollouts(assembly ?? ASSEMBLY);
  }
  const folder = runApp(app);
  try {
    return findRollouts(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The bundle of this command, which its threads run too; from sources there are no threads. */
function threadFile(): string | undefined {
  const file = realpathSync(process.argv[1] ?? '.');
  return file.endsWith('.mjs') && !process.env.JEST_WORKER_ID ? file : undefined;
}

/** Seen on a terminal only, and there on the other stream than what is printed. */
function progress(total: number): SingleBar {
  const bar = new SingleBar({
    stream: process.stderr,
    format: '{bar} {percentage} %  {scenario}  {eta} s left',
    clearOnComplete: true,
    hideCursor: true,
    noTTYOutput: false,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  });
  bar.start(total, 0, { scenario: '' });
  return bar;
}
