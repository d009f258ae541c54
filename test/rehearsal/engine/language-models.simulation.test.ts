import { Template } from 'aws-cdk-lib/assertions';
import { Duration } from 'aws-cdk-lib/core';
import { CanaryRollout, Guardrail, TrafficShift } from '../../../lib/index';
import { rolloutsOf } from '../../../rehearsal/assembly/find-rollouts';
import type { FoundRollout } from '../../../rehearsal/assembly/found-rollout';
import { rehearse } from '../../../rehearsal/engine/rehearse';
import type { Run } from '../../../rehearsal/engine/run';
import { blindSpot } from '../../../rehearsal/results/blind-spots';
import { builtInScenarios, USUAL } from '../../../lib/core/rehearsal/built-in';
import { type Generating, isWorse, type Scenario } from '../../../lib/core/rehearsal/scenario';
import { newEndpoint, newStack } from '../../fixtures/stacks';

// Whole rollouts of a language model, as an app declares them: what its users would see.

const NAME = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
const prices = { inputPerMillion: 1, outputPerMillion: 5, asOf: '2026-11-01' };
const ALL = [
  Guardrail.errorRate(), Guardrail.firstToken(), Guardrail.timePerToken(), Guardrail.finishReasons(), Guardrail.schema(NAME),
  Guardrail.tokens(), Guardrail.cost({ prices }),
];

/** @param guardrails those that such a rollout has by default if there are none */
function rolloutWith(guardrails?: Guardrail[]): FoundRollout {
  const stack = newStack();
  new CanaryRollout(stack, 'ChatRollout', {
    endpoint: newEndpoint(stack, { responseStreaming: true, generative: true }),
    shift: TrafficShift.steps([10, 50], { bakeTime: Duration.minutes(10) }),
    guardrails,
  });
  return rolloutsOf('Stack', Template.fromStack(stack).toJSON())[0];
}

const { generation } = USUAL.production;
const traffic = { ...USUAL.traffic, requestsPerSecond: 20 };

function candidateWith(change: Partial<Generating>, usual: Partial<Generating> = {}): Scenario {
  const production = { ...generation, ...usual };
  return {
    ...USUAL, traffic, name: JSON.stringify(change), production: { ...USUAL.production, generation: production },
    candidate: { ...USUAL.candidate, generation: { ...production, ...change } },
  };
}

async function runs(rollout: FoundRollout, scenario: Scenario, count: number): Promise<Run[]> {
  const all: Run[] = [];
  for (let seed = 1; seed <= count; seed++) {
    all.push(await rehearse(rollout, scenario, { seed }));
  }
  return all;
}

const longer = { tokensOut: { median: 600, p99: 3_600 } };

test('a candidate that says three times as much is promoted: it is not slower', async () => {
  const scenario = candidateWith(longer);
  expect(isWorse(scenario)).toBe(false);
  const seen = await runs(rolloutWith(), scenario, 10);
  expect(seen.map(({ verdict, sentence }) => [verdict, sentence])).toEqual(seen.map(() => ['promoted', expect.any(String)]));
});

describe.each<[string, Scenario, RegExp]>([
  ['whose first token comes half as late again', candidateWith({ firstToken: { medianMs: 600, p99Ms: 2_250 } }), /first tokens after \d+/],
  ['whose tokens take half as long again', candidateWith({ perToken: { medianMs: 30, p99Ms: 67 } }), /answers with a token in more than \d+/],
  ['that is cut off three times as often', candidateWith({ cutOff: 0.06 }), /answers cut off: \d+/],
  ['that refuses five times as often', candidateWith({ filtered: 0.025 }), /answers refused or filtered: \d+/],
])('by default a candidate %s', (_, scenario, words) => {
  test('is rolled back, and the sentence says why', async () => {
    const seen = await runs(rolloutWith(), scenario, 6);
    expect(seen.map(({ verdict }) => verdict)).toEqual(seen.map(() => 'rolled back'));
    expect(seen.map(({ sentence }) => sentence)).toEqual(seen.map(() => expect.stringMatching(words)));
  });
});

test.each(['slower', 'slow-tail'])('the built-in scenario %s is one of tokens too', async (name) => {
  const scenario = builtInScenarios({ ...USUAL, traffic }).find((each) => each.name === name)!;
  const seen = await runs(rolloutWith(), scenario, 6);
  expect(seen.map(({ verdict }) => verdict)).toEqual(seen.map(() => 'rolled back'));
});

describe.each<[string, Scenario, RegExp, Guardrail[]]>([
  ['that breaks its schema in one answer of ten', candidateWith({ unstructured: 0.1 }), /answers that break the schema: \d+/, [Guardrail.schema(NAME)]],
  ['that says three times as much, where tokens are limited', candidateWith(longer), /tokens of an answer/, [Guardrail.tokens()]],
  ['that costs more because it says more', candidateWith(longer), /cost of 1,000 requests in USD \(prices of 2026-11-01\)/, [Guardrail.cost({ prices })]],
  [
    'at twice the price', candidateWith({}), /cost of 1,000 requests in EUR/,
    [Guardrail.cost({ prices, candidatePrices: { ...prices, inputPerMillion: 2, outputPerMillion: 10 }, currency: 'EUR' })],
  ],
])('a candidate %s', (_, scenario, words, guardrails) => {
  test('is rolled back, and the sentence says why', async () => {
    const seen = await runs(rolloutWith(guardrails), scenario, 6);
    expect(seen.map(({ verdict }) => verdict)).toEqual(seen.map(() => 'rolled back'));
    expect(seen.map(({ sentence }) => sentence)).toEqual(seen.map(() => expect.stringMatching(words)));
  });
});

test('a model that is half as dear and says half as much again is promoted: it costs less', async () => {
  const scenario = candidateWith({ tokensOut: { median: 300, p99: 1_800 } });
  const half = { ...prices, inputPerMillion: 0.5, outputPerMillion: 2.5 };
  const seen = await runs(rolloutWith([Guardrail.cost({ prices, candidatePrices: half })]), scenario, 6);
  expect(seen.map(({ verdict }) => verdict)).toEqual(seen.map(() => 'promoted'));
});

test('healthy candidates are rolled back as seldom as is promised, with all of these guardrails together', async () => {
  const seen = await runs(rolloutWith(ALL), candidateWith({}), 200);
  const verdicts = seen.map(({ verdict }) => verdict);
  // One in a hundred is promised; eight or more of 200 at that rate have a chance of less than one in a thousand.
  expect(verdicts.filter((verdict) => verdict === 'rolled back').length).toBeLessThan(8);
  expect(verdicts.filter((verdict) => verdict === 'promoted').length).toBeGreaterThan(180);
});

test('a plan that does not look says so', () => {
  const plan = (guardrails: Guardrail[]): FoundRollout['plan'] => rolloutWith(guardrails).plan;
  const blind: Partial<Generating>[] = [
    { firstToken: { medianMs: 600, p99Ms: 2_250 } }, { perToken: { medianMs: 30, p99Ms: 67 } }, { cutOff: 0.1 }, { unstructured: 0.1 },
  ];
  const remedies = [/Guardrail\.firstToken/, /Guardrail\.timePerToken/, /Guardrail\.finishReasons/, /Guardrail\.schema/];
  const errors = plan([Guardrail.errorRate()]);
  expect(blind.map((change) => blindSpot(errors, candidateWith(change)))).toEqual(remedies.map((words) => expect.stringMatching(words)));
  expect(blind.map((change) => blindSpot(plan(ALL), candidateWith(change)))).toEqual(blind.map(() => undefined));
});
