import { Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { type RecordedRehearsal, REHEARSAL_METADATA } from '../core/rehearsal/recorded';
import { failTogether } from '../validate/fail-together';
import { knownProblem } from '../validate/limits';
import { aboutWorse, expectationsProblems, recordedExpectations } from './expectations';
import type { RehearsalOptions } from './rehearsal-options';
import { RehearsalScenario } from './rehearsal-scenario';

const RUNS = 200;
const REQUESTS_PER_SECOND = 10;
const ERROR_RATE = 0.01;

/** What a rollout expects of its traffic. */
interface ExpectedTraffic {
  readonly expectedRequestsPerSecond?: number;
  readonly expectedErrorRate?: number;
}

/**
 * Put what rehearsals must show beside the template, not into it: a changed requirement must not change what is deployed. `rollout` is
 * the construct, `known` what it expects of its traffic.
 */
export function recordRehearsal(
  rollout: Construct, alias: string, known: ExpectedTraffic, options: RehearsalOptions,
): void {
  const {
    expect,
    scenarios = [RehearsalScenario.healthy(), RehearsalScenario.worse(), RehearsalScenario.broken()],
    runs = RUNS,
    seed = 1,
  } = options;
  const requestsPerSecond = options.requestsPerSecond ?? known.expectedRequestsPerSecond ?? REQUESTS_PER_SECOND;
  const errorRate = options.productionErrorRate ?? known.expectedErrorRate ?? ERROR_RATE;
  const bound = scenarios.map((scenario) => scenario._bind());
  const names = bound.flatMap(({ scenario }) => scenario?.name ?? []);
  failTogether(
    [
      ...(rollout.node.metadata.some(({ type }) => type === REHEARSAL_METADATA)
        ? [
            'the rollout has a rehearsal already; call rehearse once, with all scenarios, and give those that must show something else '
              + 'an expect of their own',
          ]
        : []),
      ...expectationsProblems(expect, 'of the rehearsal'),
      ...(scenarios.length === 0
        ? [
            'the rehearsal has no scenarios, so that nothing would be held against what is expected; leave scenarios out for healthy, '
              + 'worse and broken',
          ]
        : []),
      ...knownWholeProblem('runs of the rehearsal', runs, 100_000, 'a few hundred tell a limit of one in a hundred from chance'),
      ...knownWholeProblem('seed of the rehearsal', seed, 1_000_000, 'any of them will do'),
      ...knownProblem(
        'requestsPerSecond of the rehearsal',
        requestsPerSecond,
        [0, 100_000],
        'requests per second',
        'all versions together',
      ),
      ...knownProblem('productionErrorRate of the rehearsal', errorRate, [0, 0.999], 'of the requests', 'it is a share, not percent'),
      ...bound.flatMap(({ problems }) => problems),
      ...[...new Set(names.filter((name, index) => names.indexOf(name) !== index))].map(
        (name) => `two scenarios of the rehearsal are called ${JSON.stringify(name)}; give one of them another name`,
      ),
      ...inVain(
        expect,
        'of the rehearsal',
        bound.length > 0 && !bound.some((scenario) => scenario.expect === undefined && scenario.worse(errorRate)),
      ),
      ...bound.flatMap((scenario) =>
        inVain(scenario.expect ?? {}, `of rehearsal scenario ${JSON.stringify(scenario.scenario?.name)}`, !scenario.worse(errorRate)),
      ),
    ],
    rollout,
  );
  const recorded: RecordedRehearsal = {
    schema: 1,
    alias,
    runs,
    seed,
    scenarios: {
      usual: { traffic: { requestsPerSecond }, production: { errorRate } },
      scenarios: bound.flatMap(({ scenario }) => scenario ?? []),
      expect: recordedExpectations(expect),
    },
    files: bound.flatMap(({ file }) => file ?? []),
  };
  rollout.node.addMetadata(REHEARSAL_METADATA, recorded);
}

function knownWholeProblem(name: string, value: number, most: number, remedy: string): string[] {
  return Token.isUnresolved(value) || Number.isInteger(value)
    ? knownProblem(name, value, [1, most], '', remedy)
    : [`${name} is ${value}, but must be a whole number between 1 and ${most}; ${remedy}`];
}

/** Expectations that no scenario can miss protect nobody. */
function inVain(expect: RehearsalOptions['expect'], of: string, never: boolean): string[] {
  const names = never ? aboutWorse(expect) : [];
  return names.length === 0
    ? []
    : [
        `${names.join(', ')} ${of} can never be missed: no candidate there is worse than production; add RehearsalScenario.worse() or `
          + `leave ${names.length === 1 ? 'it' : 'them'} out`,
      ];
}
