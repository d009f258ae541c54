import { paginateListStackResources, type StackResourceSummary } from '@aws-sdk/client-cloudformation';
import { GATE_RESOURCE_TYPE } from '../../../lib/core/gate';
import { CONTROL_PLANE_PREFIX, ControlPlaneId } from '../../../lib/core/names';
import { CliError, Exit } from '../exit';
import type { Connection } from './connection';

/** What the command needs of a stack. Only the names: nothing has been asked of these resources. */
export interface RolloutStack {
  readonly name: string;
  readonly region: string;
  readonly aliases: readonly string[];
  readonly routes?: string;
  readonly rollouts?: string;
  readonly abort?: string;
  readonly operate?: string;
  /** ARNs of managed policies that the stack offers. */
  readonly policies: { readonly [kind in PolicyKind]?: string };
}

/** Managed policies of the control plane, by construct id: who may stop a rollout, who may move it on. Either may look. */
export const POLICY_IDS = { abort: 'AbortPolicy', operate: 'OperatePolicy' } as const;
export type PolicyKind = keyof typeof POLICY_IDS;

/** The stack of that name, or the one with endpoints that is nested in it. */
export async function findStack(connection: Connection, name: string): Promise<RolloutStack> {
  const region = await connection.region();
  const resources = await resourcesOf(connection, name, region);
  if (hasEndpoints(resources)) {
    return stackOf(name, region, resources);
  }
  const nested = await nestedIn(connection, region, resources);
  if (nested.length > 1) {
    throw new CliError(
      Exit.USAGE,
      'STACK_NEEDED',
      `several stacks nested in ${name} have model endpoints; name one of ${nested.map((stack) => stack.name).join(', ')} with --stack`,
    );
  }
  return nested.length === 1 ? stackOf(nested[0].name, region, nested[0].resources) : stackOf(name, region, resources);
}

interface ListedStack {
  readonly name: string;
  readonly resources: readonly StackResourceSummary[];
}

/** Stacks with endpoints that are nested in one of these resources, at any depth. */
async function nestedIn(connection: Connection, region: string, resources: readonly StackResourceSummary[]): Promise<ListedStack[]> {
  const found: ListedStack[] = [];
  for (const { ResourceType: type, PhysicalResourceId: arn } of resources) {
    const name = type === 'AWS::CloudFormation::Stack' ? arn?.split('/')[1] : undefined;
    if (name !== undefined) {
      const own = await resourcesOf(connection, name, region);
      found.push(...(hasEndpoints(own) ? [{ name, resources: own }] : []), ...await nestedIn(connection, region, own));
    }
  }
  return found;
}

function hasEndpoints(resources: readonly StackResourceSummary[]): boolean {
  return resources.some(({ ResourceType: type }) => type === GATE_RESOURCE_TYPE);
}

async function resourcesOf(connection: Connection, name: string, region: string): Promise<StackResourceSummary[]> {
  const resources = await connection.call('cloudformation:ListStackResources', anyPolicyName({ policies: {} }), async () => {
    try {
      const all: StackResourceSummary[] = [];
      for await (const page of paginateListStackResources({ client: connection.cloudFormation }, { StackName: name })) {
        all.push(...page.StackResourceSummaries ?? []);
      }
      return all;
    } catch (error) {
      if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message)) {
        throw new CliError(
          Exit.NOT_FOUND,
          'STACK_NOT_FOUND',
          `there is no stack ${name} in ${region}: is it in another region (--region) or account (--profile)?`,
        );
      }
      throw error;
    }
  });
  return resources.filter(({ ResourceStatus: status }) => status !== 'DELETE_COMPLETE');
}

/** Pure: the resources of ours among those of a stack. */
export function stackOf(name: string, region: string, resources: readonly StackResourceSummary[]): RolloutStack {
  const shared = (id: string, type: string): string | undefined => {
    const logicalId = new RegExp(`^${CONTROL_PLANE_PREFIX}${id}[0-9A-F]{8}$`);
    return resources.find((resource) => resource.ResourceType === type && logicalId.test(resource.LogicalResourceId ?? ''))
      ?.PhysicalResourceId;
  };
  const table = 'AWS::DynamoDB::Table';
  const lambda = 'AWS::Lambda::Function';
  const policies = Object.entries(POLICY_IDS).map(([kind, id]) => [kind, shared(id, 'AWS::IAM::ManagedPolicy')]);
  const stack = {
    name,
    region,
    // While a resource is being created, its physical id may not be an alias yet.
    aliases: [...new Set(resources.filter(({ ResourceType: type }) => type === GATE_RESOURCE_TYPE)
      .map(({ PhysicalResourceId: id }) => id ?? '').filter((id) => /^[^/]+\/[^/]+$/.test(id)))].sort(),
    routes: shared(ControlPlaneId.ROUTES, table),
    rollouts: shared(ControlPlaneId.ROLLOUTS, table),
    abort: shared(ControlPlaneId.ABORT, lambda),
    operate: shared(ControlPlaneId.OPERATE, lambda),
    policies: Object.fromEntries(policies.filter(([, arn]) => arn !== undefined)) as RolloutStack['policies'],
  };
  if (stack.routes === undefined || stack.aliases.length === 0) {
    throw new CliError(
      Exit.NOT_FOUND,
      'NO_ENDPOINTS',
      `stack ${name} in ${region} has no model endpoint: nothing in it was defined by ModelEndpoint, or its first deployment has not `
        + 'come that far',
    );
  }
  return stack;
}

/** How a sentence calls policies: by the properties of a rollout that define them, with the ARNs of those that are defined. */
export function policyName({ policies }: Pick<RolloutStack, 'policies'>, ...kinds: PolicyKind[]): string {
  const names = kinds.map((kind) => `${kind}Policy${policies[kind] === undefined ? '' : ` (${policies[kind]})`}`);
  return names.length === 1 ? `the rollout's managed policy ${names[0]}` : `the rollout's managed policies ${names.join(' and ')}`;
}

/** Whoever may do something may look. */
export function anyPolicyName(stack: Pick<RolloutStack, 'policies'>): string {
  return policyName(stack, 'abort', 'operate');
}

/** The alias that a person means by `live`, `endpoint/live`, or a part of a generated name: `Fraud/live` for `Shop-Fraud-8E202049/live`. */
export function pickAlias(stack: RolloutStack, given: string | undefined): string {
  const { aliases, name } = stack;
  if (given === undefined) {
    if (aliases.length === 1) {
      return aliases[0];
    }
    throw new CliError(Exit.USAGE, 'ALIAS_NEEDED', `stack ${name} has several aliases; name one of ${aliases.join(', ')}`);
  }
  const meant = aliases.includes(given) ? [given] : aliases.filter((alias) => isMeant(alias, given));
  if (meant.length > 1) {
    throw new CliError(Exit.USAGE, 'ALIAS_AMBIGUOUS', `${given} may be any of ${meant.join(', ')}`);
  }
  if (meant.length === 0) {
    throw new CliError(
      Exit.NOT_FOUND,
      'ALIAS_NOT_FOUND',
      `stack ${name} has no alias ${given}; there ${aliases.length === 1 ? 'is' : 'are'} ${aliases.join(', ')}`,
    );
  }
  return meant[0];
}

function isMeant(alias: string, given: string): boolean {
  const [endpoint, name] = alias.split('/');
  const [before, after] = given.split('/');
  return after === undefined ? name === before : name === after && before !== '' && `-${endpoint}-`.includes(`-${before}-`);
}
