import { Template } from 'aws-cdk-lib/assertions';
import { Duration, Lazy } from 'aws-cdk-lib/core';
import { type AdaptiveShiftOptions, BlueGreenRollout, CanaryRollout, type CanaryRolloutProps, Guardrail, GuardrailAction, TrafficShift } from '../../lib';
import { newEndpoint, newStack, planOf } from '../fixtures/stacks';

const expected: AdaptiveShiftOptions = { harmBudget: 200, expectedRequestsPerSecond: 100, expectedErrorRate: 0.01 };

function steps(props: Partial<AdaptiveShiftOptions> = {}, rollout: Partial<CanaryRolloutProps> = {}): [percent: number, seconds: number][] {
  const stack = newStack();
  new CanaryRollout(stack, 'Rollout', { endpoint: newEndpoint(stack), shift: TrafficShift.adaptive({ ...expected, ...props }), ...rollout });
  return planOf(Template.fromStack(stack)).stages.map(({ percent, bakeSeconds }) => [percent, bakeSeconds]);
}

test('steps follow from the budget, and the final bake from the rollout', () => {
  expect(steps()).toEqual([[0.66, 300], [3.3, 300], [16, 788], [80, 600]]);
  expect(steps({ maxStartPercent: 0.5, growth: 20, minBakeTime: Duration.minutes(2), reactionTime: Duration.minutes(2) })).toEqual([
    [0.5, 203],
    [10, 779],
    [80, 600],
  ]);
});

test('a comparison with the certainty to itself, or one that tolerates less, needs less time', () => {
  const last = (guardrail: Guardrail): number => steps({}, { guardrails: [guardrail] })[2][1];
  expect(last(Guardrail.errorRate())).toBeLessThan(788);
  expect(last(Guardrail.errorRate({ maxRatio: 1, tolerance: 0 }))).toBeLessThan(last(Guardrail.errorRate()));
});

describe('mistakes', () => {
  test.each<[string, Partial<AdaptiveShiftOptions>, RegExp]>([
    ['no harm', { harmBudget: 0 }, /harmBudget of the traffic shift is 0 failed requests/],
    ['harm that is none', { harmBudget: NaN }, /harmBudget of the traffic shift is NaN/],
    ['harm that nobody knows', { harmBudget: Lazy.number({ produce: () => 1 }) }, /harmBudget of the traffic shift is known only at deployment/],
    ['no traffic', { expectedRequestsPerSecond: 0 }, /expectedRequestsPerSecond of the traffic shift is 0/],
    ['a percentage of errors', { expectedErrorRate: 1 }, /it is a share, not percent/],
    ['shares that hardly grow', { growth: 1.1 }, /growth of the traffic shift is 1.1 times, but must be between 1.2 and 100/],
    ['a first share of most', { maxStartPercent: 60 }, /maxStartPercent of the traffic shift is 60 %/],
    ['no reaction time', { reactionTime: Duration.seconds(0) }, /reactionTime of the traffic shift is 0 s/],
    ['a regression that is tolerated', { expectedErrorRate: 0.0001 }, /detectableRegression of the traffic shift is 2 times 0.01 % failures.* tolerates 0.061 %; raise detectableRegression above 6.1/],
    ['a budget that tolerance uses up', { expectedRequestsPerSecond: 1_000 }, /harmBudget of the traffic shift is 200, but at 1000 requests a second and 80 % of them.* up to 36[01] failed requests/],
    ['a first share of nearly nothing', { harmBudget: 1e-4, expectedRequestsPerSecond: 1, expectedErrorRate: 0.01, reactionTime: Duration.days(1) }, /harmBudget of the traffic shift is 0.0001, but/],
    ['steps longer than a deployment', { expectedRequestsPerSecond: 1, detectableRegression: 1.5 }, /a deployment waits for 12 h at the most.*declare the new model as candidate/],
  ])('fails for %s', (_, props, message) => expect(() => steps(props)).toThrow(message));

  test.each<[string, Partial<CanaryRolloutProps>]>([
    ['no guardrails', { guardrails: [] }],
    ['a limit', { guardrails: [Guardrail.errorPercentAbove(1)] }],
    ['a comparison that only holds', { guardrails: [Guardrail.errorRate({ action: GuardrailAction.HOLD })] }],
    ['no holdback', { holdbackPercent: 0 }],
  ])('fails with %s', (_, rollout) => expect(() => steps({}, rollout)).toThrow(/the rollout does not compare errors; add that guardrail/));

  test('fails in a blue/green rollout, in which nothing is compared', () => {
    const stack = newStack();
    expect(() => new BlueGreenRollout(stack, 'Rollout', { endpoint: newEndpoint(stack), shift: TrafficShift.adaptive(expected) })).toThrow(/does not compare errors/);
  });
});
