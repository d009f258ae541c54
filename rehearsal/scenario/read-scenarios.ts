import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import type { RecordedRehearsal } from '../../lib/core/rehearsal/recorded';
import { RehearsalError } from '../rehearsal-error';
import { builtInScenarios, USUAL } from '../../lib/core/rehearsal/built-in';
import { type Schema, schemaProblems } from './check-schema';
import { isLog, type RecordedLog, readLog } from './read-log';
import {
  type Behaviour, type Callers, type Candidate, type Environments, type Expectations, type Generating, type Instances,
  isWorse, type Labels, type Minute, type Scenario, type Traffic,
} from '../../lib/core/rehearsal/scenario';
import schema from './scenarios.schema.json';

/** As in the file. */
interface Declared extends Partial<
  Omit<Scenario, 'traffic' | 'production' | 'candidate' | 'labels' | 'startsAt' | 'callers' | 'wander' | 'environments' | 'instances'>
> {
  readonly like?: string;
  readonly traffic?: Partial<Omit<Traffic, 'recorded'>> & { readonly recorded?: string; readonly recordedShare?: number };
  readonly production?: DeclaredBehaviour<Behaviour>;
  readonly candidate?: DeclaredBehaviour<Candidate>;
  readonly labels?: Partial<Labels>;
  readonly callers?: Partial<Callers>;
  readonly wander?: Partial<NonNullable<Scenario['wander']>>;
  readonly environments?: Partial<Environments>;
  readonly instances?: Partial<Instances>;
  readonly startsAt?: string;
}

/** A behaviour, of which only what is other than usual is declared. */
type DeclaredBehaviour<Of extends Behaviour> = Partial<Omit<Of, 'generation'>> & { readonly generation?: Partial<Generating> };

const ALIKE: Callers = { count: 1_000, skew: 1, brokenShare: 0, failureSpread: 0, latencySpread: 0 };
const COLD: Environments = {
  initMs: { medianMs: 4_500, p99Ms: 8_000 },
  idleMinutes: 7,
  candidateFactor: 1,
  cacheFactor: 1,
  cacheRequests: 0,
};
const SCALED: Instances = { usual: 4, startMinutes: 8 };
const STEADY: NonNullable<Scenario['wander']> = { latency: 0, failures: 0, minutes: 10 };

interface ScenarioFile {
  readonly usual?: Declared;
  readonly builtIn?: readonly string[];
  readonly scenarios?: readonly (Declared & { readonly name: string })[];
  readonly expect?: Expectations;
}

/** The scenarios of a YAML or JSON file. Throws a {@link RehearsalError} that names everything that is wrong with it. */
export function readScenarios(path: string): Scenario[] {
  return scenariosOf(parse(path), path);
}

/** The scenarios that an app declares of a rollout, those of its files included. */
export function declaredScenarios({ alias, scenarios, files }: RecordedRehearsal): Scenario[] {
  const what = `the rehearsal of ${alias}`;
  const own = scenarios.scenarios.length === 0 ? [] : scenariosOf(scenarios, what);
  const all = [...own, ...files.flatMap(readScenarios).map((scenario) => ({ ...scenario, expect: scenario.expect ?? scenarios.expect }))];
  const twice = namedTwice(all);
  return twice.length > 0 ? fail(what, twice) : all;
}

function fail(what: string, problems: readonly string[]): never {
  throw new RehearsalError('BAD_SCENARIO', `${what} cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
}

/** What a file holds, or an app declares in its place. `path` names it, and is beside the files that it names. */
function scenariosOf(file: unknown, path: string): Scenario[] {
  const problems = schemaProblems(file, schema as Schema);
  if (problems.length > 0) {
    fail(path, problems);
  }
  const { usual: declared = {}, builtIn, scenarios = [], expect } = file as ScenarioFile;
  const usual = { ...merge(USUAL, declared, path), ...(expect === undefined ? {} : { expect }) };
  const known = builtInScenarios(usual);
  const names = known.map(({ name }) => name);
  const unknown = [...(builtIn ?? []), ...scenarios.flatMap(({ like }) => like ?? [])].filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    fail(path, unknown.map((name) => `there is no built-in scenario ${JSON.stringify(name)}; there are ${names.join(', ')}`));
  }
  const own = scenarios.map(({ like, ...scenario }) => {
    // Its name says it already where it is the same.
    const description = like === undefined || like === scenario.name ? '' : `like ${like}`;
    return merge({ ...(known.find(({ name }) => name === like) ?? usual), description }, scenario, path);
  });
  const chosen = known.filter(({ name }) => builtIn?.includes(name) ?? scenarios.length === 0);
  const all = [...chosen, ...own];
  const faults = [...all.flatMap(scenarioProblems), ...namedTwice(all), ...healthyOfBadName(own, known)];
  return faults.length > 0 ? fail(path, faults) : all;
}

function namedTwice(scenarios: readonly Scenario[]): string[] {
  const twice = scenarios.map(({ name }) => name).filter((name, index, list) => list.indexOf(name) !== index);
  return [...new Set(twice)].map((name) => `two scenarios are called ${JSON.stringify(name)}; reports could not tell them apart`);
}

/** Who names a built-in scenario and forgets `like` would rehearse a healthy candidate, and believe that the bad one is caught. */
function healthyOfBadName(own: readonly Scenario[], known: readonly Scenario[]): string[] {
  return own
    .filter((scenario) => !isWorse(scenario) && known.some((builtIn) => builtIn.name === scenario.name && isWorse(builtIn)))
    .map(({ name }) => `scenario ${JSON.stringify(name)} has the name of a built-in one`
        + `, but its candidate is healthy; add "like: ${name}", or give it another name`);
}

/** What the schema cannot say. */
function scenarioProblems({ name, production, candidate, labels, startsAt, badInputs }: Scenario): string[] {
  const of = `of scenario ${JSON.stringify(name)}`;
  return [
    ...[
      ['production', production],
      ['candidate', candidate],
    ].flatMap(([side, behaviour]) => {
      const { latency, generation: { firstToken, perToken, tokensIn, tokensOut, cutOff, filtered, toolCalls } } = behaviour as Behaviour;
      const times = Object.entries({ latency, 'generation.firstToken': firstToken, 'generation.perToken': perToken });
      const tokens = Object.entries({ 'generation.tokensIn': tokensIn, 'generation.tokensOut': tokensOut });
      const ended = cutOff + filtered + toolCalls;
      return [
        ...times.flatMap(([name, { medianMs, p99Ms }]) =>
          (p99Ms < medianMs ? [`${side as string}.${name} ${of}: p99Ms is ${p99Ms}, below the median of ${medianMs}`] : [])),
        ...tokens.flatMap(([name, { median, p99 }]) =>
          (p99 < median ? [`${side as string}.${name} ${of}: p99 is ${p99}, below the median of ${median}`] : [])),
        ...(ended > 1
          ? [`${side as string}.generation ${of}: cutOff, filtered and toolCalls are ${Number(ended.toPrecision(6))}, more than all`]
          : []),
      ];
    }),
    ...(labels.p99Minutes < labels.medianMinutes
      ? [`labels ${of}: p99Minutes is ${labels.p99Minutes}, below the median of ${labels.medianMinutes}`]
      : []),
    ...(badInputs > Math.min(production.errorRate, candidate.errorRate)
      ? [
          `badInputs ${of} is ${badInputs}, but is a part of what both versions fail, of which production's errorRate is `
            + `${production.errorRate} and the candidate's ${candidate.errorRate}`,
        ]
      : []),
    ...(Number.isNaN(startsAt) ? [`startsAt ${of} is not a time such as 2026-01-13T09:00:00Z`] : []),
  ];
}

function merge(base: Scenario, declared: Declared, path: string): Scenario {
  const {
    traffic: { recorded: file, recordedShare = 1, ...traffic } = {},
    production,
    candidate,
    labels,
    callers,
    wander,
    environments,
    instances,
    startsAt,
    ...rest
  } = declared;
  const recorded: Partial<RecordedLog> = file === undefined ? {} : readRecorded(resolve(dirname(path), file), recordedShare);
  const behaviour = {
    ...base.production, ...recorded.production, ...production,
    generation: { ...base.production.generation, ...production?.generation },
  };
  // A candidate that behaved as production goes on doing so.
  const follows = <Part>(was: Part, of: Part, now: Part): Part => (JSON.stringify(was) === JSON.stringify(of) ? now : was);
  return {
    ...base,
    ...rest,
    traffic: { ...base.traffic, ...traffic, recorded: recorded.minutes ?? base.traffic.recorded },
    production: behaviour,
    candidate: {
      ...base.candidate,
      errorRate: follows(base.candidate.errorRate, base.production.errorRate, behaviour.errorRate),
      latency: follows(base.candidate.latency, base.production.latency, behaviour.latency),
      accuracy: follows(base.candidate.accuracy, base.production.accuracy, behaviour.accuracy),
      rating: follows(base.candidate.rating, base.production.rating, behaviour.rating),
      agreement: follows(base.candidate.agreement, base.production.agreement, behaviour.agreement),
      ...recorded.candidate,
      ...candidate,
      generation: {
        ...follows(base.candidate.generation, base.production.generation, behaviour.generation),
        ...candidate?.generation,
      },
    },
    labels: { ...base.labels, ...recorded.labels, ...labels },
    ...(callers === undefined ? {} : { callers: { ...ALIKE, ...base.callers, ...callers } }),
    ...(wander === undefined ? {} : { wander: { ...STEADY, ...base.wander, ...wander } }),
    ...(environments === undefined ? {} : { environments: { ...COLD, ...base.environments, ...environments } }),
    ...(instances === undefined ? {} : { instances: { ...SCALED, ...base.instances, ...instances } }),
    startsAt: startsAt === undefined ? base.startsAt : Date.parse(startsAt),
  };
}

function parse(path: string): unknown {
  try {
    return parseYaml(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new RehearsalError('BAD_SCENARIO', `${path} cannot be read: ${(error as Error).message}`);
  }
}

/** What was recorded: minutes in a table, or the lines of an inference log, which tell of both versions and of labels too. */
function readRecorded(path: string, share: number): Partial<RecordedLog> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new RehearsalError('BAD_SCENARIO', `${path} cannot be read: ${(error as Error).message}`);
  }
  return isLog(text) ? readLog(text, path, share) : { minutes: minutesOf(text, path) };
}

/** Recorded minutes: CSV with a header, of which `requests` and `failures` are read. */
function minutesOf(text: string, path: string): Minute[] {
  const [header = '', ...lines] = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const columns = header.split(',').map((column) => column.trim().toLowerCase());
  const [requests, failures] = [columns.indexOf('requests'), columns.indexOf('failures')];
  if (requests < 0 || lines.length === 0) {
    throw new RehearsalError(
      'BAD_SCENARIO',
      `${path} must have a header with the column "requests" and a line per minute; its first line is ${JSON.stringify(header)}`,
    );
  }
  return lines.map((line, index) => {
    const cells = line.split(',');
    const minute = { requests: Number(cells[requests]), ...(failures < 0 ? {} : { failures: Number(cells[failures]) }) };
    if (!(minute.requests >= 0) || (minute.failures !== undefined && !(minute.failures >= 0 && minute.failures <= minute.requests))) {
      throw new RehearsalError(
        'BAD_SCENARIO',
        `${path}, line ${index + 2}: ${JSON.stringify(line)} is not a minute with at least 0 requests and as many failures at the most`,
      );
    }
    return minute;
  });
}
