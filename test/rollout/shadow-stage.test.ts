import { Template } from 'aws-cdk-lib/assertions';
import { Duration, type Stack } from 'aws-cdk-lib/core';
import {
  BlueGreenRollout,
  CanaryRollout,
  type CanaryRolloutProps,
  Comparison,
  Guardrail,
  Model,
  type ModelEndpoint,
  RolloutApproval,
  ShadowMirror,
  type ShadowStage,
  TrafficShift,
  InconclusiveAction,
} from '../../lib';
import type { MirrorPlan } from '../../lib/core/mirroring/mirror-plan';
import type { DeclaredRoute } from '../../lib/core/routing/route';
import { flat, inline, newEndpoint, newStack, planOf, routeOf, statementsOf, warnings } from '../fixtures/stacks';

const stage: ShadowStage = { bakeTime: Duration.minutes(10), minAgreementRate: 0.95, comparison: Comparison.label('$.label'), sampleRate: 0.5 };

function shadowed(
  overrides: Partial<ShadowStage> = {},
  props: Partial<CanaryRolloutProps> = {},
): { stack: Stack; endpoint: ModelEndpoint; rollout: CanaryRollout; template: () => Template } {
  const stack = newStack();
  const endpoint = newEndpoint(stack);
  const rollout = new CanaryRollout(stack, 'Rollout', { endpoint, shadow: { ...stage, ...overrides }, ...props });
  return { stack, endpoint, rollout, template: () => Template.fromStack(stack) };
}

test('the plan has the shadow before its first share, and the declared route has no mirror', () => {
  const { template } = shadowed();
  const plan = planOf(template());
  const { variants, mirrors } = JSON.parse(flat(routeOf(template()).Properties.Route)) as DeclaredRoute;
  expect(mirrors).toBeUndefined();
  expect(plan.shadow).toEqual({
    mirror: { name: 'candidate', version: variants[0].version, functionArn: expect.stringMatching(/^<RolloutShadowFunction.*Arn>$/), sampleRate: 0.5, filters: [] },
    bakeSeconds: 600,
    guardrails: [{ kind: 'agreement', name: 'agreement', action: 'rollback', shadow: 'candidate', bound: 0.05, margin: 0.1 }],
    judgement: { alpha: 0.005, uncertified: { afterSeconds: 600, policy: 'pause' } },
  });
  // Both stages together roll a healthy candidate back as seldom as promised.
  expect(plan.judgement!.alpha).toBe(0.005);
  expect(plan.stages.map(({ percent }) => percent)).toEqual([5, 25, 50, 80]);
});

test('no second model is declared: the mirror asks the version that the alias declares, by the policy that names the endpoint\'s versions', () => {
  const { template } = shadowed();
  const functions = Object.entries(template().findResources('AWS::Lambda::Function'));
  expect(functions.filter(([, { Properties: { Runtime: runtime, Code: code } }]) => runtime === 'nodejs24.x' && (code as { ZipFile?: string }).ZipFile !== undefined)).toHaveLength(1);
  const [, mirror] = functions.find(([id]) => id.startsWith('RolloutShadowFunction'))!;
  const { Environment: { Variables: variables } } = mirror.Properties as { Environment: { Variables: { [name: string]: unknown } } };
  const plan = JSON.parse(flat(variables.MODEL_ROLLOUT_MIRROR)) as MirrorPlan;
  expect(plan).toMatchObject({ shadow: 'candidate', version: planOf(template()).shadow!.mirror.version, target: { functionArn: expect.stringMatching(/^<FraudVersions/) } });
  const invoke = Object.entries(template().findResources('AWS::IAM::Policy')).filter(([id]) => id.startsWith('FraudVersions'));
  expect(invoke.map(([, { Properties: { Roles: roles } }]) => (roles as object[]).map(flat))).toEqual([[expect.stringMatching(/^<FraudRouter/), expect.stringMatching(/^<RolloutShadowFunctionRole/)]]);
  const [[version]] = functions.filter(([, { DependsOn: after }]) => (after as string[]).includes(invoke[0][0]));
  expect(mirror.DependsOn).toEqual(expect.arrayContaining([version]));
  // The mirror knows the candidate before the alias is put under the rollout.
  expect(routeOf(template()).DependsOn).toEqual(expect.arrayContaining([expect.stringMatching(/^RolloutShadowFunction/)]));
  expect(statementsOf(template(), 'RolloutShadowFunctionRole').map(({ Resource: resource }) => flat(resource)).filter((arn) => arn.startsWith('<FraudRouter'))).toEqual([]);
  expect(warnings(shadowed().stack)).not.toContainEqual(expect.stringContaining('shadowIsProduction'));
});

test('an explicit candidate, on any backend, is what is asked', () => {
  const { template } = shadowed({}, { candidate: Model.fromSageMakerEndpointName('fraud-v3') });
  const candidate = JSON.parse(flat(routeOf(template()).Properties.Candidate)) as { version: string };
  expect(planOf(template()).shadow!.mirror.version).toBe(candidate.version);
  expect(statementsOf(template(), 'RolloutShadowFunctionRole').map(({ Action: action }) => action)).toContain('sagemaker:InvokeEndpoint');
});

test('the stage counts for the time that a deployment must wait', () => {
  const deadline = (bakeTime: Duration): number => planOf(shadowed({ bakeTime }).template()).deadlineSeconds;
  expect(deadline(Duration.minutes(60)) - deadline(Duration.minutes(10))).toBeGreaterThanOrEqual(50 * 60);
  expect(planOf(shadowed({ bakeTime: Duration.hours(5) }).template()).answer).toBe('wait-condition');
});

test('a blue/green rollout has it too, with hooks, approvals and guardrails of its own', () => {
  const stack = newStack();
  const endpoint = newEndpoint(stack);
  new BlueGreenRollout(stack, 'Rollout', {
    endpoint,
    shadow: { ...stage, inconclusive: InconclusiveAction.ROLLBACK, beyondNoise: true, noiseFloorRate: 0.2 },
    approval: RolloutApproval.FIRST_STEP,
    guardrails: [Guardrail.errorPercentAbove(1)],
  });
  const plan = planOf(Template.fromStack(stack));
  expect(plan.shadow).toMatchObject({ guardrails: [{ beyondNoise: true }], judgement: { uncertified: { policy: 'rollback' } } });
  expect(plan.judgement).toBeUndefined();
});

test('its metrics and dashboard are those of every shadow, and it goes with the rollout', () => {
  const { rollout, template } = shadowed();
  expect(rollout.shadow!.metrics.agreementRate().expression).toBe('100 * agreements / comparisons');
  expect(shadowed({}, { dashboard: false }).rollout.shadow!.dashboard).toBeUndefined();
  const without = Template.fromStack((() => {
    const stack = newStack();
    new CanaryRollout(stack, 'Rollout', { endpoint: newEndpoint(stack) });
    return stack;
  })()).toJSON() as { Resources: object };
  const added = Object.keys((template().toJSON() as { Resources: object }).Resources).filter((id) => !(id in without.Resources));
  expect(added.length).toBeGreaterThan(4);
  // With the stage the deployment waits for longer than an hour, by a wait condition.
  expect(added.filter((id) => !/^(?:RolloutShadow|FraudAliaslive(?:Handle|Verdict))/.test(id))).toEqual([]);
});

test('a rollout without a shadow stage has the plan that it had', () => {
  const stack = newStack();
  new CanaryRollout(stack, 'Rollout', { endpoint: newEndpoint(stack), shift: TrafficShift.allAtOnce() });
  const plan = planOf(Template.fromStack(stack));
  expect(plan).not.toHaveProperty('shadow');
  expect(plan.judgement!.alpha).toBe(0.01);
});

describe('a shadow stage', () => {
  test.each<[string, Partial<ShadowStage>, RegExp]>([
    ['lasts no time', { bakeTime: Duration.seconds(0) }, /bakeTime of the shadow stage is 0 s/],
    ['wants percent', { minAgreementRate: 95 }, /minAgreementRate of guardrail "agreement" is 95/],
    ['wants less certainty than nothing', { certifiedAgreementRate: 0.99 }, /certifiedAgreementRate of guardrail "agreement" is 0\.99, but must be below/],
    ['knows no noise', { beyondNoise: true }, /asks nothing twice; set noiseFloorRate/],
    ['samples nothing', { sampleRate: 0 }, /sampleRate is 0/],
    ['cannot end in time', { bakeTime: Duration.hours(13) }, /a deployment waits for 12 h at the most/],
  ])('fails at synthesis when it %s', (_, overrides, message) => expect(() => shadowed(overrides)).toThrow(message));

  test('fails at synthesis with the name of a mirror of the alias, whichever comes first', () => {
    const { stack, endpoint } = shadowed();
    expect(() => new ShadowMirror(stack, 'Mirror', { endpoint, model: inline('v2'), shadowName: 'candidate' })).toThrow(/has a shadow "candidate" already/);
    const other = newStack();
    const mirrored = newEndpoint(other);
    new ShadowMirror(other, 'Mirror', { endpoint: mirrored, model: inline('v2'), shadowName: 'candidate' });
    expect(() => new CanaryRollout(other, 'Rollout', { endpoint: mirrored, shadow: stage })).toThrow(/set shadowName of the shadow stage to another/);
  });
});
