import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { Size, type Stack } from 'aws-cdk-lib/core';
import { backendOf } from '../../../lambda/controller/backends/backends';
import { callingBackends, crowdedBackends } from '../../../lambda/shared/backends/backends';
import { BACKENDS, factsOf, type Target, type TargetKind } from '../../../lib/core/backends/backends';
import { parseRoute } from '../../../lib/core/routing/parse';
import { BedrockPrompt, Model, ModelImage, SharedCapacity } from '../../../lib/index';
import { capacityOf } from '../../../rehearsal/assembly/capacity';
import { route, variant } from '../../fixtures/serving';
import { inline, newEndpoint, newStack } from '../../fixtures/stacks';

const image = ModelImage.fromUri('111111111111.dkr.ecr.eu-west-1.amazonaws.com/fraud@sha256:' + '0'.repeat(64));
/** A model of each kind, as users give it, in a stack: a kind without one does not compile. */
const MODELS: { readonly [K in TargetKind]: (stack: Stack) => Model } = {
  lambda: () => inline('v1'),
  sagemaker: () => Model.sageMaker({ image, instanceType: 'ml.m5.large' }),
  'sagemaker-component': (stack) => Model.sageMakerComponent({
    on: new SharedCapacity(stack, 'Gpus', { instanceTypes: ['ml.g5.xlarge'] }), image, memorySize: Size.gibibytes(1), accelerators: 1,
  }),
  bedrock: () => Model.bedrock({
    modelId: 'eu.amazon.nova-lite-v1:0', prompt: BedrockPrompt.system('You know {{what}}.', { variables: { what: 'all' } }), maxTokens: 100,
    guardrail: { id: 'abc123', version: '2' }, tools: [{ name: 'look', inputSchema: { type: 'object' } }],
  }),
  http: () => Model.http({ url: 'https://models.example.com/v1/score', headers: { 'X-Tenant': 'shop' }, healthPath: '/health' }),
};
const KINDS = Object.keys(MODELS) as TargetKind[];
const read = (file: string): string => readFileSync(join(__dirname, '..', '..', '..', file), 'utf8');

test('every kind of target is known', () => {
  expect(Object.keys(BACKENDS).sort()).toEqual([...KINDS].sort());
});

test('CONTRIBUTING says where a new kind goes, and names no file that is gone', () => {
  const page = read('CONTRIBUTING.md');
  const from = page.indexOf('## Add a backend');
  const section = page.slice(from, page.indexOf('\n## ', from + 1));
  const files = [...section.matchAll(/`((?:lib|test|docs|lambda|rehearsal)\/[\w/.-]+\.\w+)`/g)].map(([, file]) => file);
  expect(files.length).toBeGreaterThan(6);
  files.forEach((file) => expect(() => read(file)).not.toThrow());
});

describe.each(KINDS)('%s', (kind) => {
  const stack = newStack();
  const endpoint = newEndpoint(stack, { model: MODELS[kind](stack) });
  const target: Target = endpoint._alias('live')!.versionsDeclared[0]._target();
  // As it is in a table once CloudFormation has filled it in.
  const stored = JSON.parse(JSON.stringify(target, (_, value: unknown) => (typeof value === 'string' && value.includes('${Token') ? 'filled-in' : value))) as Target;

  test('is what its model declares, and a route with it is read as it was written', () => {
    expect(target.kind).toBe(kind);
    const { revision, ...declared } = route([variant('live', { target: stored })]);
    expect(parseRoute(JSON.stringify(declared), revision).variants[0].target).toEqual(stored);
    expect(factsOf(target).describe(stored)).toMatch(/\w/);
  });

  test('has another place than its own, with instances where it has some', () => {
    const { elsewhere, fleetOf } = factsOf(target);
    expect(elsewhere(stored, 'before')).not.toEqual(stored);
    expect(fleetOf(elsewhere(stored, 'before')) === undefined).toBe(fleetOf(stored) === undefined);
  });

  test('is called, as one and in crowds', () => {
    const nobody = { send: (async () => ({})) as never };
    for (const backends of [callingBackends(nobody), crowdedBackends(1, () => {})]) {
      expect(backends[kind]).toMatchObject({ invoke: expect.any(Function), stream: expect.any(Function), probe: expect.any(Function) });
    }
  });

  test('is looked after by rollouts', () => {
    expect(Object.keys(backendOf(target)).sort()).toEqual(Object.keys(backendOf({ kind: 'lambda' })).sort());
  });

  test('has a price in rehearsals as far as its template tells', () => {
    const resources = Object.entries(Template.fromStack(stack).toJSON().Resources as { readonly [id: string]: { readonly Type: string } });
    expect(() => capacityOf(stored, resources)).not.toThrow();
  });
});
