import { GATE_RESOURCE_TYPE, type GateProperties } from '../../lib/core/gate';
import { CONTROL_PLANE_PREFIX, ControlPlaneId, endpointAndAlias, Env } from '../../lib/core/names';
import { type RecordedRehearsal, REHEARSAL_METADATA } from '../../lib/core/rehearsal/recorded';
import { NO_ROUTER } from '../../lib/core/routing/direct-alias';
import type { DeclaredRoute, Variant } from '../../lib/core/routing/route';
import type { RolloutPlan } from '../../lib/core/rollout/plan';
import type { AlarmDefinition } from './alarm-definition';
import { type AssembledResource, assembledStacks, type AssembledTemplate, isAssembly } from './assembled-stacks';
import type { Machine } from './machine';
import { RehearsalError } from '../rehearsal-error';
import { withAlarmNames } from './alarm-names';
import { alarmOf } from './alarms';
import { capacityOf } from './capacity';
import { flatten } from './flatten';
import type { FoundRollout } from './found-rollout';

/** Every rollout in the templates of a cloud assembly, those of its stages included. Throws a {@link RehearsalError} if there is none. */
export function findRollouts(assembly: string): FoundRollout[] {
  if (!isAssembly(assembly)) {
    throw new RehearsalError(
      'NO_ASSEMBLY',
      `${assembly} is not a cloud assembly: it has no manifest.json; run "cdk synth", or name the app with --app`,
    );
  }
  const stacks = assembledStacks(assembly, (problem) => {
    throw new RehearsalError('NO_ASSEMBLY', problem);
  });
  const rollouts = stacks.flatMap(({ name, templates, metadata }) => {
    const rehearsals = metadata.flatMap(({ type, data }) => (type === REHEARSAL_METADATA ? [data as RecordedRehearsal] : []));
    return templates.flatMap((template) => rolloutsOf(name, template)).map((rollout) => withRehearsal(rollout, rehearsals));
  });
  if (rollouts.length === 0) {
    throw new RehearsalError(
      'NO_ROLLOUT',
      `none of the ${stacks.length} stacks in ${assembly} has a rollout; attach a CanaryRollout or a BlueGreenRollout to a ModelEndpoint`,
    );
  }
  return rollouts;
}

function withRehearsal(rollout: FoundRollout, rehearsals: readonly RecordedRehearsal[]): FoundRollout {
  const rehearsal = rehearsals.find(({ alias }) => flatten(alias) === rollout.alias);
  if (rehearsal !== undefined && rehearsal.schema !== 1) {
    throw new RehearsalError(
      'UNREADABLE_ROLLOUT',
      `the rehearsal of ${rollout.alias} in stack ${rollout.stack} has schema ${String(rehearsal.schema)}, this command knows 1; use `
        + 'the version of the command that the app uses',
    );
  }
  return rehearsal === undefined ? rollout : { ...rollout, rehearsal };
}

/** The rollouts of one template that a router carries out: what rehearsals play is its traffic. */
export function rolloutsOf(stack: string, template: AssembledTemplate): FoundRollout[] {
  const resources = Object.entries(template.Resources ?? {});
  return resources
    .filter(([, { Type: type, Properties: properties }]) =>
      type === GATE_RESOURCE_TYPE && properties?.Plan !== undefined && properties.RouterFunction !== NO_ROUTER)
    .map(([id, { Properties: properties = {} }]) => {
      const flat = Object.fromEntries(
        Object.entries(properties).map(([name, value]) => [name, flatten(value)]),
      ) as unknown as GateProperties;
      const plan = parse<RolloutPlan>(flat.Plan!, `the plan of ${id} in stack ${stack}`);
      if (plan.schema !== 1) {
        throw new RehearsalError(
          'UNREADABLE_ROLLOUT',
          `the plan of ${id} in stack ${stack} has schema ${String(plan.schema)}, this command knows 1; use the version of the command `
            + 'that the app uses',
        );
      }
      const candidate = parse<Variant>(
        flat.Candidate ?? JSON.stringify(parse<DeclaredRoute>(flat.Route, `the route of ${id}`).variants[0]),
        `the candidate of ${id} in stack ${stack}`,
      );
      const capacity = capacityOf(candidate.target, resources);
      const timeoutMs = timeoutOf(flat.Alias, resources);
      return {
        stack,
        alias: flat.Alias,
        plan,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        properties: flat,
        machine: machineOf(stack, resources),
        ...(capacity === undefined ? {} : { capacity }),
        ...alarmsOf(plan, flat.Alias, resources),
      };
    });
}

/** The router of an alias has its time from its environment. */
function timeoutOf(alias: string, resources: readonly [string, AssembledResource][]): number | undefined {
  const environments = resources.map(
    ([, { Properties: properties }]) => (properties?.Environment as { Variables?: { [name: string]: unknown } } | undefined)?.Variables,
  );
  const [endpoint] = endpointAndAlias(alias);
  const found = environments.find(
    (variables) => variables?.[Env.TIMEOUT_MS] !== undefined && flatten(variables[Env.ENDPOINT]) === endpoint,
  );
  return found === undefined ? undefined : Number(found[Env.TIMEOUT_MS]);
}

function machineOf(stack: string, resources: readonly [string, AssembledResource][]): Machine {
  const prefix = `${CONTROL_PLANE_PREFIX}${ControlPlaneId.MACHINE}`;
  const found = resources.find(([id, { Type: type }]) => type === 'AWS::StepFunctions::StateMachine' && id.startsWith(prefix));
  if (found === undefined) {
    throw new RehearsalError(
      'UNREADABLE_ROLLOUT',
      `stack ${stack} has a rollout, but no state machine ${prefix}*; it was not defined by this package`,
    );
  }
  return parse<Machine>(flatten(found[1].Properties?.DefinitionString), `the state machine of stack ${stack}`);
}

function alarmsOf(
  plan: RolloutPlan,
  alias: string,
  resources: readonly [string, AssembledResource][],
): Pick<FoundRollout, 'alarms' | 'notSimulated'> {
  const alarms: AlarmDefinition[] = [];
  const notSimulated: { alarm: string; reason: string }[] = [];
  const readable = withAlarmNames(plan);
  const names = plan.guardrails.flatMap((guardrail) => (guardrail.kind === 'alarm' ? [guardrail.alarmName] : []));
  for (const alarm of new Set(names)) {
    const found = resources.find(
      ([id, { Type: type, Properties: properties }]) =>
        type === 'AWS::CloudWatch::Alarm' && (alarm === `<${id}>` || alarm === flatten(properties?.AlarmName)),
    );
    const read = found === undefined
      ? { reason: 'it is not a metric alarm of this stack' }
      : alarmOf(alarm, found[1].Properties ?? {}, alias);
    if ('reason' in read) {
      notSimulated.push({ alarm: readable(alarm), reason: read.reason });
    } else {
      alarms.push(read);
    }
  }
  return { alarms, notSimulated };
}

function parse<T>(json: string, what: string): T {
  try {
    return JSON.parse(json) as T;
  } catch (error) {
    throw new RehearsalError('UNREADABLE_ROLLOUT', `${what} cannot be read: ${(error as Error).message}`);
  }
}
