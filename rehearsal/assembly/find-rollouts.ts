import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GATE_RESOURCE_TYPE, type GateProperties } from '../../lib/core/gate';
import { ControlPlaneId } from '../../lib/core/names';
import type { RolloutPlan } from '../../lib/core/rollout/plan';
import type { AlarmDefinition } from '../engine/alarm-definition';
import type { Machine } from '../engine/walk';
import { RehearsalError } from '../rehearsal-error';
import { alarmOf } from './alarms';
import { flatten } from './flatten';
import type { FoundRollout } from './found-rollout';

interface Resource {
  readonly Type?: string;
  readonly Properties?: { readonly [name: string]: unknown };
}

interface Template {
  readonly Resources?: { readonly [id: string]: Resource };
}

interface Artifact {
  readonly type?: string;
  readonly properties?: { readonly stackName?: string; readonly templateFile?: string; readonly directoryName?: string };
}

/** Every rollout in the templates of a cloud assembly, those of its stages included. Throws a {@link RehearsalError} if there is none. */
export function findRollouts(assembly: string): FoundRollout[] {
  if (!existsSync(join(assembly, 'manifest.json'))) {
    throw new RehearsalError('NO_ASSEMBLY', `${assembly} is no cloud assembly: it has no manifest.json; run "cdk synth", or name the app with --app`);
  }
  const stacks = templatesOf(assembly);
  const rollouts = stacks.flatMap(({ name, template }) => rolloutsOf(name, template));
  if (rollouts.length === 0) {
    throw new RehearsalError(
      'NO_ROLLOUT',
      `none of the ${stacks.length} stacks in ${assembly} has a rollout; attach a CanaryRollout or a BlueGreenRollout to a ModelEndpoint`,
    );
  }
  return rollouts;
}

function templatesOf(folder: string): { name: string; template: Template }[] {
  const { artifacts = {} } = readJson(join(folder, 'manifest.json')) as { artifacts?: { [id: string]: Artifact } };
  return Object.entries(artifacts).flatMap(([id, { type, properties }]) => {
    if (type === 'cdk:cloud-assembly' && properties?.directoryName !== undefined) {
      return templatesOf(join(folder, properties.directoryName));
    }
    return type === 'aws:cloudformation:stack' && properties?.templateFile !== undefined
      ? [{ name: properties.stackName ?? id, template: readJson(join(folder, properties.templateFile)) as Template }]
      : [];
  });
}

/** The rollouts of one template. */
export function rolloutsOf(stack: string, template: Template): FoundRollout[] {
  const resources = Object.entries(template.Resources ?? {});
  return resources
    .filter(([, { Type: type, Properties: properties }]) => type === GATE_RESOURCE_TYPE && properties?.Plan !== undefined)
    .map(([id, { Properties: properties = {} }]) => {
      const flat = Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, flatten(value)])) as unknown as GateProperties;
      const plan = parse<RolloutPlan>(flat.Plan!, `the plan of ${id} in stack ${stack}`);
      if (plan.schema !== 1) {
        throw new RehearsalError('UNREADABLE_ROLLOUT', `the plan of ${id} in stack ${stack} has schema ${String(plan.schema)}, this command knows 1; use the version of the command that the app uses`);
      }
      return { stack, alias: flat.Alias, plan, properties: flat, machine: machineOf(stack, resources), ...alarmsOf(plan, flat.Alias, resources) };
    });
}

function machineOf(stack: string, resources: readonly [string, Resource][]): Machine {
  const prefix = `${ControlPlaneId.ROOT}${ControlPlaneId.MACHINE}`;
  const found = resources.find(([id, { Type: type }]) => type === 'AWS::StepFunctions::StateMachine' && id.startsWith(prefix));
  if (found === undefined) {
    throw new RehearsalError('UNREADABLE_ROLLOUT', `stack ${stack} has a rollout, but no state machine ${prefix}*; it was not defined by this package`);
  }
  return parse<Machine>(flatten(found[1].Properties?.DefinitionString), `the state machine of stack ${stack}`);
}

function alarmsOf(plan: RolloutPlan, alias: string, resources: readonly [string, Resource][]): Pick<FoundRollout, 'alarms' | 'notSimulated'> {
  const alarms: AlarmDefinition[] = [];
  const notSimulated: { alarm: string; reason: string }[] = [];
  const names = plan.guardrails.flatMap((guardrail) => (guardrail.kind === 'alarm' ? [guardrail.alarmName] : []));
  for (const alarm of new Set(names)) {
    const found = resources.find(([id, { Type: type, Properties: properties }]) =>
      type === 'AWS::CloudWatch::Alarm' && (alarm === `<${id}>` || alarm === flatten(properties?.AlarmName)));
    const read = found === undefined
      ? { reason: 'it is no metric alarm of this stack' }
      : alarmOf(alarm, found[1].Properties ?? {}, alias);
    if ('reason' in read) {
      notSimulated.push({ alarm, reason: read.reason });
    } else {
      alarms.push(read);
    }
  }
  return { alarms, notSimulated };
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new RehearsalError('NO_ASSEMBLY', `${path} cannot be read: ${(error as Error).message}`);
  }
}

function parse<T>(json: string, what: string): T {
  try {
    return JSON.parse(json) as T;
  } catch (error) {
    throw new RehearsalError('UNREADABLE_ROLLOUT', `${what} cannot be read: ${(error as Error).message}`);
  }
}
