import { Template } from 'aws-cdk-lib/assertions';
import { Lazy } from 'aws-cdk-lib/core';
import { Assignment, CanaryRollout, FinishReason, Guardrail, GuardrailAction, type ModelEndpointProps, RegressionDirection } from '../../lib';
import type { GuardrailPlan } from '../../lib/core/guardrails/kinds';
import { newEndpoint, newStack, planOf } from '../fixtures/stacks';

const STREAMS = { responseStreaming: true, generative: true };
const prices = { inputPerMillion: 3, outputPerMillion: 15, asOf: '2026-11-01' };

/** What the controller is told of guardrails, without the circuit breaker. */
function planned(guardrails: Guardrail[] | undefined, endpoint: Partial<ModelEndpointProps> = STREAMS): GuardrailPlan[] {
  const stack = newStack();
  new CanaryRollout(stack, 'Rollout', { endpoint: newEndpoint(stack, endpoint), guardrails });
  return planOf(Template.fromStack(stack)).guardrails.slice(1);
}

const bounds = { allowed: { ratio: 1.1, tolerance: 0.0005 }, margin: { ratio: 1.5, tolerance: 0.001 } };

describe('a rollout that was told nothing of guardrails', () => {
  test('judges streams of a language model by first token, time per token and why answers end, and not by latency', () => {
    expect(planned(undefined)).toEqual([
      { name: 'errors', action: 'rollback', kind: 'errors', ...bounds },
      { name: 'first-token', action: 'rollback', kind: 'first-token', quantiles: [0.5, 0.9, 0.99], slowdown: 1.1, ...bounds },
      { name: 'time-per-token', action: 'rollback', kind: 'time-per-token', quantiles: [0.5, 0.9, 0.99], slowdown: 1.1, ...bounds },
      { name: 'finish-reasons', action: 'rollback', kind: 'finish-reasons', reasons: ['length', 'filter', 'other'], ...bounds },
    ]);
  });

  test('judges whole answers by why they end: how long they take hangs on how long they are', () => {
    expect(planned(undefined, { generative: true }).map(({ name }) => name)).toEqual(['errors', 'finish-reasons']);
  });

  const others: [string, Partial<ModelEndpointProps>][] = [
    ['of other models', {}], ['of other models that stream', { responseStreaming: true }],
  ];
  test.each(others)('%s is as it was', (_, endpoint) => {
    expect(planned(undefined, endpoint).map(({ name }) => name)).toEqual(['errors', 'latency']);
  });

  test('is the same as one that lists them', () => {
    const listed = [
      Guardrail.errorRate(), Guardrail.firstToken(), Guardrail.timePerToken(), Guardrail.finishReasons(), Guardrail.sampleRatio(),
    ];
    expect(planned(listed)).toEqual(planned(undefined));
  });
});

test('what is told becomes the plan', () => {
  expect(planned([
    Guardrail.firstToken({ quantiles: [0.9], maxRatio: 1.5, name: 'ttft', action: GuardrailAction.HOLD }),
    Guardrail.finishReasons({ reasons: [FinishReason.TOOL, FinishReason.STOP], maxRatio: 2, tolerance: 0.01 }),
    Guardrail.tokens({ regression: RegressionDirection.DECREASE, maxChange: 0.3 }),
    Guardrail.cost({ prices, candidatePrices: { inputPerMillion: 0, outputPerMillion: 4, asOf: '2026-09-30' }, currency: 'EUR', maxChange: 0, certifiedChange: 0.2 }),
    Guardrail.schema({ $ref: '#/$defs/name', $defs: { name: { type: 'string' } } }, { tolerance: 0 }),
  ])).toEqual([
    { name: 'ttft', action: 'hold', kind: 'first-token', quantiles: [0.9], slowdown: 1.5, ...bounds },
    {
      name: 'finish-reasons', action: 'rollback', kind: 'finish-reasons', reasons: ['tool', 'stop'],
      allowed: { ratio: 2, tolerance: 0.01 }, margin: { ratio: 2.727273, tolerance: 0.02 },
    },
    { name: 'tokens', action: 'rollback', kind: 'tokens', worse: 'lower', allowed: 0.7, margin: 0.4 },
    {
      name: 'cost', action: 'rollback', kind: 'cost', worse: 'higher', allowed: 1, margin: 1.2, currency: 'EUR', asOf: '2026-09-30',
      production: { in: 3, out: 15 }, candidate: { in: 0, out: 4 },
    },
    {
      name: 'schema', action: 'rollback', kind: 'schema', schema: { $ref: '#/$defs/name', $defs: { name: { type: 'string' } } },
      allowed: { ratio: 1.1, tolerance: 0 }, margin: { ratio: 1.5, tolerance: 0 },
    },
  ]);
});

describe('mistakes are told at synthesis, with value, limit and remedy', () => {
  test.each<[string, () => Guardrail, RegExp, Partial<ModelEndpointProps>?]>([
    ['times of tokens without streams', () => Guardrail.firstToken(), /"first-token" compares when tokens come, but answers .* as a whole; set responseStreaming: true/, { generative: true }],
    ['times of tokens that nobody counts', () => Guardrail.timePerToken(), /"time-per-token" .* does not read; set generative: true/, { responseStreaming: true }],
    ['reasons that nobody reads', () => Guardrail.finishReasons(), /"finish-reasons" .* set generative: true/, {}],
    ['tokens that nobody counts', () => Guardrail.tokens(), /"tokens" .* set generative: true/, {}],
    ['costs that nobody counts', () => Guardrail.cost({ prices }), /"cost" .* set generative: true/, {}],
    ['answers that nobody reads', () => Guardrail.schema({}), /"schema" .* set generative: true/, {}],
    ['a factor below one', () => Guardrail.firstToken({ maxRatio: 0.9 }), /maxRatio of guardrail "first-token" is 0.9 times production's time to the first token, but must be between 1 and 100/],
    ['a quantile of one', () => Guardrail.timePerToken({ quantiles: [1] }), /quantiles of guardrail "time-per-token" have 1, but must be above 0 and below 1/],
    ['no reasons', () => Guardrail.finishReasons({ reasons: [] }), /reasons of guardrail "finish-reasons" are none .* leave them out for LENGTH, FILTER, OTHER/],
    ['a reason twice', () => Guardrail.finishReasons({ reasons: [FinishReason.STOP, FinishReason.STOP] }), /are STOP, STOP; name each once/],
    ['a change in percent', () => Guardrail.tokens({ maxChange: 20 }), /maxChange of guardrail "tokens" is 20 of production's mean, but must be between 0 and 10; it is a share/],
    ['fewer than no tokens', () => Guardrail.tokens({ maxChange: 1, regression: RegressionDirection.DECREASE }), /maxChange of guardrail "tokens" is 1 .* between 0 and 0.999/],
    ['a certainty that is no wider', () => Guardrail.tokens({ maxChange: 0.5, certifiedChange: 0.5 }), /must rule out a change of 0.5, .* raise certifiedChange/],
    ['a negative price', () => Guardrail.cost({ prices: { ...prices, inputPerMillion: -1 } }), /inputPerMillion of prices of guardrail "cost" is -1/],
    ['a price that is no number', () => Guardrail.cost({ prices: { ...prices, outputPerMillion: NaN } }), /outputPerMillion of prices of guardrail "cost" is NaN/],
    ['a price that is known later', () => Guardrail.cost({ prices: { ...prices, outputPerMillion: Lazy.number({ produce: () => 1 }) } }), /outputPerMillion of prices of guardrail "cost" is known only at deployment/],
    ['prices of nothing', () => Guardrail.cost({ prices: { ...prices, inputPerMillion: 0, outputPerMillion: 0 } }), /are 0 in and out, .* compare Guardrail\.tokens\(\)/],
    ['prices without a date', () => Guardrail.cost({ prices: { ...prices, asOf: 'today' } }), /asOf of prices of guardrail "cost" is "today", but must be the date of the price list, such as 2026-11-01/],
    ['candidate\'s prices without a date', () => Guardrail.cost({ prices, candidatePrices: { ...prices, asOf: '2026-13-01' } }), /asOf of candidatePrices .* is "2026-13-01"/],
    ['a schema that is a list', () => Guardrail.schema([] as never), /the schema of guardrail "schema" is not an object/],
    ['a schema that is too long', () => Guardrail.schema({ description: 'x'.repeat(20_000) }), /has 20\d+ characters, but routes have room for 16384; leave descriptions and examples out/],
    ['a schema with a token', () => Guardrail.schema({ const: Lazy.string({ produce: () => 'x' }) }), /has parts that are known only at deployment/],
    ['a type that there is not', () => Guardrail.schema({ properties: { age: { type: 'int' } } }), /type at #\/properties\/age is "int", but must be one of null, boolean, object, array, number, integer, string/],
    ['a reference to elsewhere', () => Guardrail.schema({ items: { $ref: 'https://example.com/a.json' } }), /\$ref at #\/items is "https:\/\/example.com\/a.json", which is not in the schema; put it into \$defs/],
    ['a reference to nothing', () => Guardrail.schema({ allOf: [{ $ref: '#/$defs/b' }], $defs: { a: {} } }), /\$ref at #\/allOf\/0 is "#\/\$defs\/b"/],
    ['a pattern that is none', () => Guardrail.schema({ patternProperties: { '(': true } }), /a pattern at # is not a regular expression/],
    ['a schema that is a text', () => Guardrail.schema({ properties: { a: 'string' } }), /#\/properties\/a is "string", but must be a schema/],
    ['an enum of one value', () => Guardrail.schema({ enum: 'a' }), /enum at # is not a list of values/],
    ['required that is true', () => Guardrail.schema({ required: true }), /required at # is not a list of names/],
  ])('%s', (_, guardrail, message, endpoint = STREAMS) => {
    expect(() => planned([guardrail()], endpoint)).toThrow(message);
  });

  test('more than routers count', () => {
    const quantiles = [0.5, 0.9, 0.99];
    const times = ['a', 'b', 'c', 'd', 'e'].map((name) => Guardrail.firstToken({ name, quantiles }));
    expect(() => planned(times)).toThrow(/the guardrails on latency and tokens' times have 15 quantiles together, but routers count 12/);
    expect(() => planned(['a', 'b', 'c', 'd', 'e'].map((name) => Guardrail.tokens({ name })))).toThrow(/5 guardrails on tokens and costs, but routers count 4/);
    expect(() => planned(['a', 'b', 'c'].map((name) => Guardrail.schema({}, { name })))).toThrow(/3 guardrails by a schema, but routers check 2 .* anyOf/);
  });
});

test('a schema may refer to itself in every way that there is', () => {
  const schema = {
    $id: 'https://example.com/tree', $anchor: 'tree', type: ['object', 'null'], properties: { 'left/right': { $ref: '#' }, 'down': { $ref: '#tree' } },
    items: [{ type: 'string' }], oneOf: [{ $ref: '#/properties/left~1right' }, true], additionalProperties: { pattern: '^a\\p{L}+$' },
  };
  expect(planned([Guardrail.schema(schema)])).toMatchObject([{ schema }]);
});

test('where callers stay with a version, times are compared by caller, and what is counted by answer says so', () => {
  const stack = newStack();
  const endpoint = newEndpoint(stack, { ...STREAMS, assignment: Assignment.header('x-user') });
  const rollout = new CanaryRollout(stack, 'Rollout', { endpoint });
  expect(rollout.node.findAll().flatMap(({ node }) => node.metadata).map(({ data }) => String(data)).filter((text) => text.includes('stickyEvidence')))
    .toEqual([expect.stringMatching(/finish-reasons counts requests or answers without knowing whose they are/)]);
});
