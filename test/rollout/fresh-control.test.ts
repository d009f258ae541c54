import { Template } from 'aws-cdk-lib/assertions';
import { Duration } from 'aws-cdk-lib/core';
import { Assignment, CanaryRollout, type CanaryRolloutProps, Model, ModelEndpoint, type ModelEndpointProps, ModelImage, TrafficShift } from '../../lib';
import { inline, newEndpoint, newStack, planOf, statementsOf } from '../fixtures/stacks';

const synth = (props: Omit<CanaryRolloutProps, 'endpoint'> = {}, endpoint: Partial<ModelEndpointProps> = {}): Template => {
  const stack = newStack();
  new CanaryRollout(stack, 'Rollout', { endpoint: newEndpoint(stack, endpoint), freshControl: true, ...props });
  return Template.fromStack(stack);
};
const stages = (props: Omit<CanaryRolloutProps, 'endpoint'> = {}): number[] => planOf(synth(props)).stages.map(({ percent }) => percent);

test('a candidate and its control share what production does not keep', () => {
  expect(planOf(synth()).control).toBe('fresh');
  expect(stages()).toEqual([5, 25, 40]);
  expect(stages({ holdbackPercent: 50 })).toEqual([5, 25]);
  expect(stages({ freshControl: false })).toEqual([5, 25, 50, 80]);
  expect(planOf(synth({ freshControl: false })).control).toBeUndefined();
});

test('a step beyond that, and a production that keeps nothing, are errors', () => {
  expect(() => synth({ shift: TrafficShift.steps([5, 45], { bakeTime: Duration.minutes(5) }) })).toThrow(/step 2 of the traffic shift is 45 %, but the final bake, which follows by itself, has 40 %/);
  expect(() => synth({ holdbackPercent: 0 })).toThrow(/holdbackPercent is 0 %, but with freshControl production must keep at least 1 %/);
});

test('steps from a harm budget are computed for another comparison', () => {
  expect(() => synth({ shift: TrafficShift.adaptive({ harmBudget: 200, expectedRequestsPerSecond: 100, expectedErrorRate: 0.01 }) })).toThrow(/TrafficShift.adaptive computes .* choose another shift, or leave freshControl out/);
});

test('the controller may publish versions of the stack\'s functions and remove published ones, never a function; without a control it may neither', () => {
  const allowed = (template: Template): [string[], string][] => statementsOf(template, 'ModelRolloutController').map(({ Action: actions, Resource: resource }): [string[], string] => [[actions].flat(), JSON.stringify(resource)])
    .filter(([actions]) => actions.some((action) => action === 'lambda:PublishVersion' || action === 'lambda:DeleteFunction'));
  expect(allowed(synth({ freshControl: false }))).toEqual([]);
  expect(allowed(synth())).toEqual([
    [['lambda:PublishVersion'], expect.stringMatching(/:function:\*-[0-9a-f]{8}-\*"/)],
    [['lambda:DeleteFunction'], expect.stringMatching(/:function:\*-[0-9a-f]{8}-\*:\*"/)],
  ]);
});

const image = ModelImage.fromUri('111111111111.dkr.ecr.eu-west-1.amazonaws.com/fraud@sha256:' + '0'.repeat(64));

test.each<[string, Partial<ModelEndpointProps>, Omit<CanaryRolloutProps, 'endpoint'>, RegExp]>([
  ['instances', { model: Model.sageMaker({ image, instanceType: 'ml.m5.large' }) }, {}, /freshControl starts production's version anew, but a model of alias "live" cannot be: it is not a Lambda function that is defined here/],
  ['serverless endpoints of SageMaker', { model: Model.sageMakerServerless({ image }) }, {}, /it is not a Lambda function that is defined here; leave freshControl out, and raise settlingTime/],
  ['a candidate on instances', {}, { candidate: Model.sageMaker({ image, instanceType: 'ml.m5.large' }) }, /it is not a Lambda function that is defined here/],
  ['provisioned concurrency', { model: inline('v1', { provisionedConcurrency: 2 }) }, {}, /it has snapStart or provisionedConcurrency, and is a published version already/],
  ['callers who stick', { assignment: Assignment.header('x-user') }, {}, /the assignment of alias "live" keeps callers or conversations with a version; leave one of them out/],
])('%s have none', (_, endpoint, props, message) => expect(() => synth(props, endpoint)).toThrow(message));

test('one alias of an endpoint has one: another would share the copy, and lose it with the first rollout that ends', () => {
  const stack = newStack();
  const endpoint = newEndpoint(stack);
  endpoint.addAlias('beta', { model: inline('v1') });
  new CanaryRollout(stack, 'Rollout', { endpoint, freshControl: true });
  const beta = (freshControl: boolean): CanaryRollout => new CanaryRollout(stack, `Beta${freshControl}`, { endpoint, alias: 'beta', freshControl });
  expect(() => beta(true)).toThrow(/freshControl is set for the rollout of alias "beta", and for that of alias "live" as well, .* one fresh copy only; leave it out at one of them/);
  const second = new ModelEndpoint(stack, 'Second', { model: inline('v1') });
  new CanaryRollout(stack, 'Other', { endpoint: second, freshControl: true });
});
