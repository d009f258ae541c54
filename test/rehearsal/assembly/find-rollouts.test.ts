import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { App, Duration, Stage } from 'aws-cdk-lib/core';
import { CanaryRollout, Guardrail, TrafficShift } from '../../../lib/index';
import { findRollouts, rolloutsOf } from '../../../rehearsal/assembly/find-rollouts';
import { flatten } from '../../../rehearsal/assembly/flatten';
import { runApp } from '../../../rehearsal/assembly/run-app';
import { newEndpoint, newStack } from '../../fixtures/stacks';
import { foreignAlarm } from '../../fixtures/found-rollouts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rehearsal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('rollouts of stacks and stages are found, with plan, state machine and the alarms that can be simulated', () => {
  const app = new App({ outdir: folder });
  for (const [id, scope] of [['Shop', app], ['Prod', new Stage(app, 'Stage')]] as const) {
    const stack = newStack(id, scope as App);
    new CanaryRollout(stack, 'FraudRollout', {
      endpoint: newEndpoint(stack, { endpointName: id.toLowerCase() }), shift: TrafficShift.steps([10], { bakeTime: Duration.minutes(10) }),
      guardrails: [Guardrail.errorPercentAbove(1), Guardrail.latencyAbove(Duration.millis(300)), Guardrail.alarm(foreignAlarm(stack))],
    });
  }
  app.synth();
  const rollouts = findRollouts(folder);
  expect(rollouts.map(({ stack }) => stack)).toEqual(['Stage-Prod', 'Shop']);
  const [{ alias, plan, machine, alarms, notSimulated }] = rollouts;
  expect(alias).toBe('prod/live');
  expect(plan.stages[0].percent).toBe(10);
  expect(machine.StartAt).toBe('Continued?');
  expect(alarms.map(({ periodSeconds, threshold }) => [periodSeconds, threshold])).toEqual([[10, 50], [60, 1], [60, 300]]);
  expect(Object.values(alarms[2].metrics).map(({ statistic }) => statistic).sort()).toEqual(['Sum', 'p99']);
  // Names of alarms in the plan are references; equal ones are the same alarm.
  expect(plan.guardrails.map((guardrail) => 'alarmName' in guardrail && guardrail.alarmName).slice(0, 3)).toEqual(alarms.map(({ name }) => name));
  expect(notSimulated).toEqual([{ alarm: 'Checkout', reason: 'it watches Shop Errors, which a rehearsal knows nothing of' }]);
});

test('references become stable names', () => {
  expect(flatten({ 'Fn::Join': ['/', ['a', { Ref: 'B' }, { 'Fn::GetAtt': ['C', 'Arn'] }]] })).toBe('a/<B>/<C.Arn>');
  expect(flatten({ 'Fn::Sub': ['${X}-${Y}-${!Z}', { X: { Ref: 'Q' } }] })).toBe('<Q>-<Y>-${Z}');
  expect(JSON.parse(`"${flatten({ 'Fn::Select': [0, { 'Fn::GetAZs': '' }] })}"`)).toContain('Fn::Select');
});

test('fails without an assembly, without a rollout, and on a plan of another time, each with a sentence', () => {
  expect(() => findRollouts(folder)).toThrow(/is not a cloud assembly.*cdk synth/);
  writeFileSync(join(folder, 'manifest.json'), '{"artifacts":{}}');
  expect(() => findRollouts(folder)).toThrow(/none of the 0 stacks .* has a rollout; attach a CanaryRollout/);
  writeFileSync(join(folder, 'manifest.json'), '{');
  expect(() => findRollouts(folder)).toThrow(/cannot be read/);
  const stack = newStack();
  new CanaryRollout(stack, 'R', { endpoint: newEndpoint(stack), shift: TrafficShift.steps([10], { bakeTime: Duration.minutes(10) }) });
  const template = Template.fromStack(stack).toJSON() as { Resources: { [id: string]: { Type: string; Properties: { Plan?: unknown } } } };
  const route = Object.values(template.Resources).find(({ Type: type }) => type === 'Custom::ModelRolloutRoute')!;
  route.Properties.Plan = '{"schema":2}';
  expect(() => rolloutsOf('Stack', template)).toThrow(/has schema 2, this command knows 1/);
});

test('fails with what the app said when it cannot be synthesized', () => {
  expect(() => runApp('node -e "console.error(\'no such model\'); process.exit(3)"')).toThrow(/could not be synthesized: it ended with code 3\nno such model/);
});

test('an app is run with a folder of its own and the context of its settings', () => {
  const where = runApp('node -e "require(\'fs\').writeFileSync(process.env.CDK_OUTDIR + \'/manifest.json\', process.env.CDK_CONTEXT_JSON)"');
  try {
    expect(() => findRollouts(where)).toThrow(/none of the 0 stacks/);
  } finally {
    rmSync(where, { recursive: true });
  }
});
