import { Duration, Lazy } from 'aws-cdk-lib/core';
import { CanaryRollout, type CanaryRolloutProps, Guardrail, GuardrailAction, type InstanceCount, Model, ModelImage, TrafficShift, InconclusiveAction } from '../../lib';
import { inline, newEndpoint, newStack, warnings } from '../fixtures/stacks';

type Props = Omit<CanaryRolloutProps, 'endpoint'>;

const said = (props: Props): string[] => {
  const stack = newStack();
  new CanaryRollout(stack, 'Rollout', { endpoint: newEndpoint(stack), ...props });
  return warnings(stack);
};

const compared = [Guardrail.errorRate(), Guardrail.latency()];
const slow = { expectedRequestsPerSecond: 10, expectedErrorRate: 0.01 };
const fast = { expectedRequestsPerSecond: 1_000, expectedErrorRate: 0.01 };

describe('steps', () => {
  test('that see enough, and a rollout without expectations, are not spoken of', () => {
    expect(said({ ...fast, guardrails: compared })).toEqual([]);
    expect(said({ guardrails: compared })).toEqual([]);
  });

  test('that are too short for the regression, with what they find and what they would take', () => {
    expect(said({ ...slow, detectableRegression: 3 })).toEqual([expect.stringMatching(new RegExp(
      'guardrail "errors" does not find 3 times as many failures \\(3 % instead of 1 %\\) with 95 % probability within the bake time of every step, at 10 requests a second: '
      + '5 % for 5 min finds no less than 10.3 times and would take 1 h 1 min; .*; 80 % for 10 min finds no less than 4.56 times and would take 25 min\\. .*cdk-model-rollout:stepTooShort',
    ))]);
  });

  test('are told when they have their share of the certainty to themselves, and when requests come in bunches', () => {
    const alone = (requestsPerBurst?: number): string =>
      said({
        ...slow, detectableRegression: 3, requestsPerBurst, guardrails: [Guardrail.errorRate()], inconclusive: InconclusiveAction.ADVANCE,
      }).join();
    expect(alone()).toMatch(/25 % for 5 min finds no less than 4\.\d+ times and would take 15 min/);
    expect(alone(2)).toMatch(/would take 30 min/);
  });

  test('in which nothing is found', () => {
    expect(said({ expectedRequestsPerSecond: 0.001, expectedErrorRate: 0.01 })).toEqual([expect.stringMatching(/5 % for 5 min finds nothing and would take more than a year/)]);
  });

  test('that leave a good candidate uncertain, where that has consequences', () => {
    const expected = /not certain of a candidate as good as production.*5 % for 5 min would take 4 h 7 min; .*; 80 % for 10 min would take 1 h 23 min; then the rollout (pauses|is rolled back)\..*stepInconclusive/;
    const uncertain = (props: Props): string[] => said({ ...slow, ...props }).filter((text) => text.includes('stepInconclusive'));
    expect(uncertain({ guardrails: compared, inconclusive: InconclusiveAction.HOLD })).toEqual([expect.stringMatching(expected)]);
    expect(uncertain({ guardrails: compared, inconclusive: InconclusiveAction.ROLLBACK })[0]).toContain('then the rollout is rolled back');
    expect(uncertain({ guardrails: compared, inconclusive: InconclusiveAction.ADVANCE })).toEqual([]);
    expect(uncertain({ guardrails: compared, inconclusive: InconclusiveAction.HOLD, inconclusiveAfter: Duration.hours(5) })).toEqual([]);
    expect(uncertain({ guardrails: compared })).toEqual([]);
    expect(uncertain({})).toEqual([]);
  });

  test('cannot find what is tolerated, however long they are', () => {
    expect(said({ ...fast, detectableRegression: 1.1, guardrails: compared })).toEqual([
      expect.stringMatching(/guardrail "errors" tolerates 1\.1 times production's failures and 0\.05 % of the requests, which 1\.1 times as many failures .* is not above; lower maxRatio/),
    ]);
  });

  test('are of no concern to guardrails that only observe', () => {
    expect(said({ ...slow, guardrails: [Guardrail.errorRate({ action: GuardrailAction.OBSERVE }), Guardrail.latency()] })).toEqual([]);
  });
});

describe('alarms on failures', () => {
  const hour = TrafficShift.canary({ stepPercent: 5, stepBakeTime: Duration.hours(1) });

  test('that go off without cause, with the threshold that would not and what it would miss', () => {
    expect(said({ ...slow, detectableRegression: 3, guardrails: [Guardrail.errorPercentAbove(2)], shift: hour })).toEqual([
      expect.stringMatching(
        new RegExp(
          'guardrail "error-rate" goes off above 2 % and rolls back a candidate as good as production with a chance of 99\\.\\d % in a rollout, at 10 requests a second; ' +
            'from 7\\.\\d+ % on it would be 1 % or less, and it would then miss 3 times as many failures \\(3 % instead of 1 %\\) with a chance of 4\\d\\.\\d %\\..*cdk-model-rollout:alarmTooSensitive',
        ),
      ),
    ]);
  });

  test('that see nothing', () => {
    expect(said({ ...slow, guardrails: [Guardrail.errorPercentAbove(5)] })).toEqual([
      expect.stringMatching(/goes off above 5 % and misses 2 times as many failures .* with a chance of 9\d\.\d % in a rollout.*cdk-model-rollout:alarmBlind/),
    ]);
  });

  test('that do what they should, and a net below a comparison, are not spoken of', () => {
    expect(said({ ...fast, detectableRegression: 3, guardrails: [Guardrail.errorPercentAbove(2)] })).toEqual([]);
    expect(said({ ...fast, guardrails: [Guardrail.errorPercentAbove(10), Guardrail.errorRate()] })).toEqual([]);
  });

  test('are heard of only where they roll back', () => {
    expect(said({ ...slow, guardrails: [Guardrail.errorPercentAbove(5, { action: GuardrailAction.HOLD })] })).toEqual([expect.stringContaining('noRollbackGuardrail')]);
  });

  test('that look at many minutes are not computed', () => {
    expect(said({ ...slow, guardrails: [Guardrail.errorPercentAbove(5, { evaluationMinutes: 1_440 })] }).join()).not.toContain('alarmBlind');
  });
});

describe('capacity', () => {
  const traffic = { expectedRequestsPerSecond: 100, expectedLatency: Duration.millis(200) };
  const saidOf = (model: Model, props: Props = {}): string[] => {
    const stack = newStack();
    new CanaryRollout(stack, 'Rollout', { endpoint: newEndpoint(stack, { model }), guardrails: compared, ...traffic, ...props });
    return warnings(stack).filter((text) => text.includes('tooLittleCapacity'));
  };
  const image = ModelImage.fromUri('111111111111.dkr.ecr.eu-west-1.amazonaws.com/fraud@sha256:' + '0'.repeat(64));
  const instances = (counts: InstanceCount): Model => Model.sageMaker({ image, instanceType: 'ml.m5.large', instances: counts });

  test('that suffices, or that only the account limits, is not spoken of', () => {
    expect(saidOf(inline('v1'))).toEqual([]);
    expect(saidOf(inline('v1', { reservedConcurrency: 34 }))).toEqual([]);
    expect(saidOf(instances({ min: 2 }))).toEqual([]);
    expect(saidOf(instances({ min: 2, max: 8, invocationsPerInstance: 1_000 }))).toEqual([]);
  });

  test('that does not suffice for a step is said with the step before which it would hold', () => {
    expect(saidOf(inline('v1', { reservedConcurrency: 15 }))).toEqual([expect.stringMatching(
      /reservedConcurrency of the candidate is 15, but all of 100 requests a second that take 200 ms are up to 34 at a time, .* the rollout would hold before 50 %\. /,
    )]);
    expect(saidOf(inline('v1', { reservedConcurrency: 30 }))).toEqual([expect.stringContaining('the rollout would hold before the promotion')]);
    expect(saidOf(inline('v1', { reservedConcurrency: 15 }), { preWarm: false })).toEqual([expect.stringContaining('requests would be refused')]);
    expect(saidOf(Model.sageMakerServerless({ image, maxConcurrency: 10 }))).toEqual([expect.stringContaining('maxConcurrency of the candidate is 10')]);
    expect(saidOf(instances({ min: 1, max: 3, invocationsPerInstance: 1_000 }))).toEqual([expect.stringMatching(
      /the candidate has at most 3 instances, but all of 100 requests a second that take 200 ms need 4 of them, at 1500 a minute each, which is 1.5 times invocationsPerInstance; raise instances.max.*before 80 %\. /,
    )]);
    expect(saidOf(instances({ min: 2, invocationsPerInstance: 1_000 }))).toEqual([expect.stringMatching(/has 2 instances, .*raise instances.min/)]);
  });

  test('of requests at a time needs to be told how long they take, the number of instances does not', () => {
    const counted = { expectedLatency: undefined, expectedErrorRate: 0.01 };
    expect(saidOf(inline('v1', { reservedConcurrency: 1 }), counted)).toEqual([]);
    expect(saidOf(instances({ min: 1, invocationsPerInstance: 1_000 }), counted)).toHaveLength(1);
  });

  test('that is kept initialised makes others start cold', () => {
    expect(saidOf(inline('v1', { provisionedConcurrency: 5 }))).toEqual([expect.stringMatching(/provisionedConcurrency of the candidate is 5, .*: the others meet environments that start cold\. At that traffic callers would wait for them/)]);
  });
});

describe('mistakes', () => {
  test.each<[string, Props, RegExp]>([
    ['traffic alone', { expectedRequestsPerSecond: 10 }, /expectedRequestsPerSecond of the rollout is given without expectedErrorRate.*give both or none/],
    ['a latency alone', { expectedLatency: Duration.millis(200) }, /expectedLatency of the rollout is given without expectedRequestsPerSecond/],
    ['no latency', { expectedRequestsPerSecond: 10, expectedLatency: Duration.millis(0) }, /expectedLatency of the rollout is 0 ms/],
    ['errors alone', { expectedErrorRate: 0.01 }, /expectedErrorRate of the rollout is given without expectedRequestsPerSecond/],
    ['a regression alone', { detectableRegression: 2 }, /detectableRegression of the rollout is given without/],
    ['no traffic', { ...slow, expectedRequestsPerSecond: 0 }, /expectedRequestsPerSecond of the rollout is 0/],
    ['no errors', { ...slow, expectedErrorRate: 0 }, /expectedErrorRate of the rollout is 0 of the requests/],
    ['a percentage of errors', { ...slow, expectedErrorRate: 1 }, /it is a share, not percent/],
    ['a regression that is none', { ...slow, detectableRegression: 1 }, /detectableRegression of the rollout is 1/],
    ['traffic that nobody knows', { ...slow, expectedRequestsPerSecond: Lazy.number({ produce: () => 1 }) }, /expectedRequestsPerSecond of the rollout is known only at deployment/],
  ])('fails for %s', (_, props, message) => expect(() => said(props)).toThrow(message));
});
