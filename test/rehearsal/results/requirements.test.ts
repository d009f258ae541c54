import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { App, CfnParameter, Duration, NestedStack, type Stack, Stage } from 'aws-cdk-lib/core';
import { BlueGreenRollout, BuiltInScenario, CanaryRollout, type CanaryRolloutProps, Guardrail, type RehearsalOptions, RehearsalScenario, type Rollout, TrafficShift } from '../../../lib/index';
import { findRollouts } from '../../../rehearsal/assembly/find-rollouts';
import { builtInScenarios } from '../../../lib/core/rehearsal/built-in';
import { declaredScenarios } from '../../../rehearsal/scenario/read-scenarios';
import { isWorse, type Scenario } from '../../../lib/core/rehearsal/scenario';
import { newEndpoint, newStack } from '../../fixtures/stacks';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'requirements-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function canary(stack: Stack, props: Partial<CanaryRolloutProps> = {}): CanaryRollout {
  return new CanaryRollout(stack, 'R', {
    endpoint: props.endpoint ?? newEndpoint(stack),
    shift: TrafficShift.steps([10], { bakeTime: Duration.minutes(10) }),
    guardrails: [Guardrail.errorPercentAbove(5)],
    ...props,
  });
}

/** What the command finds of a rollout in a stack of an app. */
function found(define: (app: App) => void): { alias: string; stack: string; runs?: number; seed?: number; scenarios: Scenario[] }[] {
  const app = new App({ outdir: join(folder, 'cdk.out') });
  define(app);
  app.synth();
  return findRollouts(join(folder, 'cdk.out')).map(({ alias, stack, rehearsal }) => ({
    alias,
    stack,
    runs: rehearsal?.runs,
    seed: rehearsal?.seed,
    scenarios: rehearsal === undefined ? [] : declaredScenarios(rehearsal),
  }));
}

const expect01: RehearsalOptions = { expect: { falseRollbackRate: 0.01, detectWithin: Duration.minutes(10), maxBadResponses: 50 } };

test('what is required is in the cloud assembly, with the traffic that the rollout expects', () => {
  const [{ runs, seed, scenarios }] = found((app) => canary(newStack('Shop', app), { expectedRequestsPerSecond: 40, expectedErrorRate: 0.002 }).rehearse(expect01));
  expect({ runs, seed }).toEqual({ runs: 200, seed: 1 });
  expect(
    scenarios.map(({ name, traffic: { requestsPerSecond }, production, candidate }) => [
      name,
      requestsPerSecond,
      production.errorRate,
      candidate.errorRate,
    ]),
  ).toEqual([
    ['healthy', 40, 0.002, 0.002],
    ['worse', 40, 0.002, 0.006],
    ['broken', 40, 0.002, 1],
  ]);
  expect(scenarios.map((scenario) => scenario.expect)).toEqual(
    Array.from({ length: 3 }, () => ({ falseRollbackRate: 0.01, detectWithinMinutes: 10, maxBadResponses: 50 })),
  );
});

test('scenarios have parameters and expectations of their own', () => {
  const [{ runs, seed, scenarios }] = found((app) =>
    canary(newStack('Shop', app)).rehearse({
      expect: { falseRollbackRate: 0.02 },
      scenarios: [
        RehearsalScenario.healthy({ name: 'busy', requestsPerSecond: 400 }),
        RehearsalScenario.worse({
          candidateErrorRate: 0.2,
          onset: Duration.minutes(15),
          metricDelay: Duration.minutes(2),
          expect: { missRate: 0 },
        }),
        RehearsalScenario.slower(),
        RehearsalScenario.builtIn(BuiltInScenario.OUTAGE),
      ],
      runs: 30,
      seed: 9,
      requestsPerSecond: 5,
      productionErrorRate: 0.05,
    }),
  );
  expect({ runs, seed }).toEqual({ runs: 30, seed: 9 });
  expect(scenarios).toMatchObject([
    { name: 'busy', traffic: { requestsPerSecond: 400 }, candidate: { errorRate: 0.05 }, expect: { falseRollbackRate: 0.02 } },
    { name: 'worse', traffic: { requestsPerSecond: 5 }, candidate: { errorRate: 0.2, onsetMinute: 15 }, metricDelaySeconds: 120, expect: { missRate: 0 } },
    { name: 'slower', candidate: { errorRate: 0.05, latency: { medianMs: 160 } } },
    { name: 'outage', outages: [{ errorRate: 0.1 }] },
  ]);
});

test('scenarios of a file come along, with what the app expects where the file expects nothing', () => {
  const file = join(folder, 'scenarios.yaml');
  writeFileSync(file, 'scenarios: [{ name: black-friday, like: spike }, { name: half-as-bad, like: worse, expect: { missRate: 0.1 } }]');
  const [{ scenarios }] = found((app) => canary(newStack('Shop', app)).rehearse({ ...expect01, scenarios: [RehearsalScenario.broken(), RehearsalScenario.fromFile(relative(process.cwd(), file))] }));
  expect(scenarios.map((scenario) => [scenario.name, Object.keys(scenario.expect!)])).toEqual([
    ['broken', ['falseRollbackRate', 'detectWithinMinutes', 'maxBadResponses']],
    ['black-friday', ['falseRollbackRate', 'detectWithinMinutes', 'maxBadResponses']],
    ['half-as-bad', ['missRate']],
  ]);
});

test('rollouts in stages and nested stacks, and blue/green ones, have requirements too', () => {
  const rollouts = found((app) => {
    const named = (stack: Stack, endpointName: string): CanaryRollout => canary(stack, { endpoint: newEndpoint(stack, { endpointName }) });
    named(newStack('Plain', app), 'plain').rehearse({ ...expect01, seed: 2 });
    named(newStack('Prod', new Stage(app, 'Stage') as unknown as App), 'prod').rehearse({ ...expect01, seed: 3 });
    named(new NestedStack(newStack('Parent', app), 'Nested'), 'nested').rehearse({ ...expect01, seed: 4 });
    const green = newStack('Green', app);
    new BlueGreenRollout(green, 'R', { endpoint: newEndpoint(green), guardrails: [Guardrail.errorPercentAbove(5)] }).rehearse({ ...expect01, seed: 5 });
  });
  expect(Object.fromEntries(rollouts.map(({ stack, seed }) => [stack, seed]))).toEqual({ 'Stage-Prod': 3, Plain: 2, Parent: 4, Green: 5 });
});

test('a requirement changes nothing that is deployed', () => {
  const template = (options?: RehearsalOptions): unknown => {
    const stack = newStack();
    const rollout = canary(stack);
    if (options !== undefined) {
      rollout.rehearse(options);
    }
    return Template.fromStack(stack).toJSON();
  };
  expect(template(expect01)).toEqual(template());
});

test('the enumeration has the scenarios that the command knows, and synthesis knows which candidates are worse', () => {
  const known = builtInScenarios();
  expect(Object.values(BuiltInScenario).sort()).toEqual(known.map(({ name }) => name).sort());
  for (const scenario of Object.values(BuiltInScenario)) {
    const worse = RehearsalScenario.builtIn(scenario)._bind().worse(0.01);
    expect([scenario, worse]).toEqual([scenario, isWorse(known.find(({ name }) => name === scenario)!)]);
  }
});

describe('at synthesis', () => {
  const of =
    (options: RehearsalOptions, rollout: (stack: Stack) => Rollout = canary): (() => void) =>
    () =>
      rollout(newStack()).rehearse(options);

  test.each<[string, RehearsalOptions, RegExp]>([
    ['expectations that expect nothing', { expect: {} }, /expect of the rehearsal expects nothing; give at least one/],
    ['percent for a share', { expect: { falseRollbackRate: 1.5 } }, /falseRollbackRate of the rehearsal is 1.5 of the rollouts, but must be between 0 and 1; it is a share/],
    ['a miss below zero', { expect: { missRate: -0.1 } }, /missRate of the rehearsal is -0.1/],
    ['no time to detect', { expect: { detectWithin: Duration.seconds(0) } }, /detectWithin of the rehearsal is 0 s, but must be between 1/],
    ['no number', { expect: { maxBadResponses: NaN } }, /maxBadResponses of the rehearsal is NaN/],
    ['no scenarios', { expect: { missRate: 0 }, scenarios: [] }, /has no scenarios/],
    ['no runs', { expect: { missRate: 0 }, runs: 0 }, /runs of the rehearsal is 0/],
    ['half a run', { expect: { missRate: 0 }, runs: 1.5 }, /runs of the rehearsal is 1.5, but must be a whole number between 1 and 100000/],
    ['a seed below one', { expect: { missRate: 0 }, seed: 0 }, /seed of the rehearsal is 0/],
    ['traffic below zero', { expect: { missRate: 0 }, requestsPerSecond: -1 }, /requestsPerSecond of the rehearsal is -1/],
    ['production that fails all', { expect: { missRate: 0 }, productionErrorRate: 1 }, /productionErrorRate of the rehearsal is 1 of/],
    ['names twice', { expect: { missRate: 0 }, scenarios: [RehearsalScenario.worse(), RehearsalScenario.worse()] }, /two scenarios of the rehearsal are called "worse"/],
    ['an empty name', { expect: { falseRollbackRate: 0 }, scenarios: [RehearsalScenario.healthy({ name: ' ' })] }, /name of rehearsal scenario " " must be a text/],
    ['a scenario\'s values', { expect: { missRate: 0 }, scenarios: [RehearsalScenario.worse(), RehearsalScenario.worse({ name: 'other', candidateErrorRate: 3, expect: {} })] }, /2 problems:\n.*candidateErrorRate of rehearsal scenario "other" is 3.*\n.*expect of rehearsal scenario "other" expects nothing/],
    ['a file that is not there', { expect: { missRate: 0 }, scenarios: [RehearsalScenario.fromFile('nowhere.yaml')] }, /there is no scenario file "nowhere.yaml"/],
    ['expectations that cannot be missed', { expect: { missRate: 0, maxBadResponses: 3 }, scenarios: [RehearsalScenario.healthy(), RehearsalScenario.worse({ candidateErrorRate: 0.001 })] }, /missRate, maxBadResponses of the rehearsal can never be missed/],
    ['a scenario\'s expectations that cannot be missed', { expect: { falseRollbackRate: 0 }, scenarios: [RehearsalScenario.healthy({ expect: { missRate: 0 } })] }, /missRate of rehearsal scenario "healthy" can never be missed/],
  ])('fails on %s', (_, options, sentence) => {
    expect(of(options)).toThrow(sentence);
  });

  test('fails on what only the deployment knows', () => {
    const stack = newStack();
    const parameter = new CfnParameter(stack, 'P', { type: 'Number' }).valueAsNumber;
    expect(() => canary(stack).rehearse({ expect: { missRate: parameter, detectWithin: Duration.seconds(parameter) }, runs: parameter }))
      .toThrow(/3 problems:\n.*missRate of the rehearsal is known only at deployment.*\n.*detectWithin of the rehearsal is known only.*\n.*runs of the rehearsal is known only/);
  });

  test('fails on a second rehearsal of a rollout', () => {
    const rollout = canary(newStack());
    rollout.rehearse(expect01);
    expect(() => rollout.rehearse(expect01)).toThrow(/has a rehearsal already; call rehearse once/);
  });
});
