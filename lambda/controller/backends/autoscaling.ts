import {
  DeleteScheduledActionCommand,
  DescribeScalableTargetsCommand,
  DescribeScheduledActionsCommand,
  PutScheduledActionCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { type BackendClients, seen } from './backend';

type Clients = Pick<BackendClients, 'scaling' | 'now'>;

/** What Application Auto Scaling scales: the instances of an endpoint's variant, or the copies of a component. */
export interface Scaled {
  readonly ServiceNamespace: 'sagemaker';
  readonly ScalableDimension: 'sagemaker:variant:DesiredInstanceCount' | 'sagemaker:inference-component:DesiredCopyCount';
  readonly ResourceId: string;
}

/** Name of the scheduled action that gives production's least capacity back, whoever is alive then. */
const RELEASE = 'model-rollout-release';

/**
 * The least number becomes what there is. Before that, a scheduled action of AWS's own is set that gives the declared one back; it is
 * also where the declared one is remembered. How many stay, undefined if there is nothing to hold.
 */
export async function holdPresent(scaled: Scaled, present: number | undefined, until: Date, clients: Clients): Promise<number | undefined> {
  const declared = (await heldMinimum(scaled, clients)) ?? (await leastOf(scaled, clients));
  if (declared === undefined || present === undefined || present <= declared) {
    return undefined;
  }
  await clients.scaling.send(
    new PutScheduledActionCommand({
      ...scaled,
      ScheduledActionName: RELEASE,
      Schedule: `at(${until.toISOString().slice(0, 19)})`,
      ScalableTargetAction: { MinCapacity: declared },
    }),
  );
  await clients.scaling.send(new RegisterScalableTargetCommand({ ...scaled, MinCapacity: present }));
  return present;
}

/** Give the declared number back, if one is remembered. */
export async function letGo(scaled: Scaled, clients: Clients): Promise<void> {
  // What the controller may not see it has not held either.
  const declared = await seen(() => heldMinimum(scaled, clients));
  if (declared !== undefined) {
    await clients.scaling.send(new RegisterScalableTargetCommand({ ...scaled, MinCapacity: declared }));
    // Last: until then it is where the declared number is remembered.
    await clients.scaling.send(new DeleteScheduledActionCommand({ ...scaled, ScheduledActionName: RELEASE }));
  }
}

/** Let it scale within other limits. */
export async function scaleWithin(
  scaled: Scaled,
  limits: { readonly min: number; readonly max: number },
  { scaling }: Pick<Clients, 'scaling'>,
): Promise<void> {
  await scaling.send(new RegisterScalableTargetCommand({ ...scaled, MinCapacity: limits.min, MaxCapacity: limits.max }));
}

/** The least number; undefined for what does not scale by itself. */
export async function leastOf(
  { ServiceNamespace, ScalableDimension, ResourceId }: Scaled,
  { scaling }: Pick<Clients, 'scaling'>,
): Promise<number | undefined> {
  const { ScalableTargets: [target] = [] } = await scaling.send(
    new DescribeScalableTargetsCommand({ ServiceNamespace, ScalableDimension, ResourceIds: [ResourceId] }),
  );
  return target?.MinCapacity;
}

/** The declared least number while a rollout holds more; undefined if none does. */
async function heldMinimum(scaled: Scaled, { scaling, now }: Clients): Promise<number | undefined> {
  const { ScheduledActions: [action] = [] } = await scaling.send(
    new DescribeScheduledActionsCommand({ ...scaled, ScheduledActionNames: [RELEASE] }),
  );
  // One whose time has come has done its work, and what it says may be of another template.
  const at = Date.parse(`${/^at\((.*)\)$/.exec(action?.Schedule ?? '')?.[1] ?? ''}Z`);
  return at > now() ? action?.ScalableTargetAction?.MinCapacity : undefined;
}
