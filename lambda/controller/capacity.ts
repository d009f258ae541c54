import type { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import {
  DeleteScheduledActionCommand,
  DescribeScalableTargetsCommand,
  DescribeScheduledActionsCommand,
  PutScheduledActionCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import type { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { DescribeEndpointCommand } from '@aws-sdk/client-sagemaker';
import { instancesFor } from '../../lib/core/rollout/capacity';
import type { GateReading } from '../../lib/core/rollout/evidence';
import type { CapacityPlan } from '../../lib/core/rollout/plan';
import type { RolloutState } from '../../lib/core/rollout/state';
import type { Target } from '../../lib/core/backends/backends';

export interface CapacityClients {
  readonly sageMaker: Pick<SageMakerClient, 'send'>;
  readonly scaling: Pick<ApplicationAutoScalingClient, 'send'>;
  readonly now: () => number;
}

/** What Application Auto Scaling scales: the instances of an endpoint's variant. */
interface Scaled {
  readonly ServiceNamespace: 'sagemaker';
  readonly ScalableDimension: 'sagemaker:variant:DesiredInstanceCount';
  readonly ResourceId: string;
}

/** Name of the scheduled action that gives production's least capacity back, whoever is alive then. */
const RELEASE = 'model-rollout-release';
/** So much later than any rollout can end. */
const RELEASE_MARGIN_SECONDS = 3_600;
/** What the controller may not see is somebody else's, who holds it or does not. */
export const NOT_OURS: ReadonlySet<string> = new Set(['AccessDeniedException', 'AccessDenied']);

/**
 * Keep autoscaling from taking production's instances while others serve its requests, so that the way back is as wide as it was: its least
 * number becomes what it has. Before that, a scheduled action of AWS's own is set that gives the declared one back once the rollout must
 * have ended, so that nobody need be alive for it; it is also where the declared one is remembered. Never rejects.
 */
export async function holdCapacity(state: RolloutState, clients: CapacityClients): Promise<GateReading[]> {
  const { production, plan, startedAt } = state;
  if (production.target.kind !== 'sagemaker') {
    return [];
  }
  const name = 'capacity of production';
  try {
    const { scaled, present } = await variantOf(production.target, clients);
    const declared = (await heldMinimum(scaled, clients)) ?? (await leastOf(scaled, clients));
    if (declared === undefined || present === undefined || present <= declared) {
      return [];
    }
    const until = new Date(startedAt + (plan.deadlineSeconds + plan.drainSeconds + RELEASE_MARGIN_SECONDS) * 1_000);
    await clients.scaling.send(
      new PutScheduledActionCommand({
        ...scaled,
        ScheduledActionName: RELEASE,
        Schedule: `at(${until.toISOString().slice(0, 19)})`,
        ScalableTargetAction: { MinCapacity: declared },
      }),
    );
    await clients.scaling.send(new RegisterScalableTargetCommand({ ...scaled, MinCapacity: present }));
    return [{ name, verdict: 'pass', reason: `${present} instances stay until the rollout has ended` }];
  } catch (error) {
    return NOT_OURS.has((error as Error).name)
      ? []
      : [{ name, verdict: 'wait', reason: `it could not be held: ${(error as Error).name}: ${(error as Error).message}` }];
  }
}

/**
 * Raise the candidate's least number of instances to what the next share needs, and say whether they are there. Autoscaling alone
 * would only begin when the requests have come. Never rejects.
 */
export async function raiseCapacity(state: RolloutState, nextPercent: number, clients: CapacityClients): Promise<GateReading[]> {
  const { capacity } = state.plan;
  if (capacity === undefined) {
    return [];
  }
  const name = 'capacity';
  try {
    const serving = state.production.target.kind === 'sagemaker' ? (await variantOf(state.production.target, clients)).present : undefined;
    const needed = instancesFor(nextPercent, serving ?? capacity.min, capacity);
    const present = (await variantOf(ofPlan(capacity), clients)).present ?? 0;
    if (present >= needed) {
      return [{ name, verdict: 'pass', reason: `${present} instances for ${nextPercent} %` }];
    }
    await clients.scaling.send(
      new RegisterScalableTargetCommand({
        ...scaledBy(capacity.endpointName, capacity.variantName),
        MinCapacity: needed,
        MaxCapacity: capacity.max,
      }),
    );
    return [{ name, verdict: 'wait', reason: `${present} of ${needed} instances that ${nextPercent} % needs are in service` }];
  } catch (error) {
    return [{ name, verdict: 'wait', reason: `the instances are not known: ${(error as Error).name}: ${(error as Error).message}` }];
  }
}

/** Give the declared limits of both versions back. Rejects once both were tried. */
export async function releaseCapacity(state: RolloutState, clients: CapacityClients): Promise<void> {
  const tried = await Promise.allSettled([releaseProduction(state, clients), releaseCandidate(state, clients)]);
  const failed = tried.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    throw failed.reason;
  }
}

async function releaseProduction({ production: { target } }: RolloutState, clients: CapacityClients): Promise<void> {
  if (target.kind !== 'sagemaker') {
    return;
  }
  const { scaled } = await variantOf(target, clients);
  const declared = await heldMinimum(scaled, clients).catch((error: unknown) => {
    if (NOT_OURS.has((error as Error).name)) {
      // What the controller may not see it has not held either.
      return undefined;
    }
    throw error;
  });
  if (declared !== undefined) {
    await clients.scaling.send(new RegisterScalableTargetCommand({ ...scaled, MinCapacity: declared }));
    // Last: until then it is where the declared number is remembered.
    await clients.scaling.send(new DeleteScheduledActionCommand({ ...scaled, ScheduledActionName: RELEASE }));
  }
}

async function releaseCandidate({ plan: { capacity } }: RolloutState, { scaling }: CapacityClients): Promise<void> {
  if (capacity !== undefined) {
    await scaling.send(
      new RegisterScalableTargetCommand({
        ...scaledBy(capacity.endpointName, capacity.variantName),
        MinCapacity: capacity.min,
        MaxCapacity: capacity.max,
      }),
    );
  }
}

/** Whether an endpoint is being changed, by its autoscaling for instance: SageMaker does not delete it then. */
export async function isUpdating(target: Target, { sageMaker }: CapacityClients): Promise<boolean> {
  return target.kind === 'sagemaker'
    && (await sageMaker.send(new DescribeEndpointCommand({ EndpointName: target.endpointName }))).EndpointStatus === 'Updating';
}

type SageMakerTarget = Pick<Extract<Target, { kind: 'sagemaker' }>, 'endpointName' | 'targetVariant'>;

function ofPlan({ endpointName, variantName }: CapacityPlan): SageMakerTarget {
  return { endpointName, targetVariant: variantName };
}

/** A variant of an endpoint, as it is. */
interface EndpointVariant {
  readonly scaled: Scaled;
  readonly name: string;
  /** Name of the endpoint's configuration. */
  readonly config: string;
  readonly present?: number;
  /** Requests at a time, of one without instances. */
  readonly serverless?: number;
}

export async function variantOf(
  { endpointName, targetVariant }: SageMakerTarget,
  { sageMaker }: CapacityClients,
): Promise<EndpointVariant> {
  const { ProductionVariants: variants = [], EndpointConfigName: config = '' } = await sageMaker.send(
    new DescribeEndpointCommand({ EndpointName: endpointName }),
  );
  const variant = targetVariant === undefined ? variants[0] : variants.find(({ VariantName: name }) => name === targetVariant);
  const name = variant?.VariantName ?? targetVariant ?? '';
  return {
    scaled: scaledBy(endpointName, name),
    name,
    config,
    present: variant?.CurrentInstanceCount,
    serverless: variant?.CurrentServerlessConfig?.MaxConcurrency,
  };
}

/** Whether the number of instances follows the load. */
export async function isScaled(target: SageMakerTarget, clients: CapacityClients): Promise<boolean> {
  return (await leastOf((await variantOf(target, clients)).scaled, clients)) !== undefined;
}

function scaledBy(endpointName: string, variantName: string): Scaled {
  return {
    ServiceNamespace: 'sagemaker',
    ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
    ResourceId: `endpoint/${endpointName}/variant/${variantName}`,
  };
}

/** The declared least number while a rollout holds more; undefined if none does. */
async function heldMinimum(scaled: Scaled, { scaling, now }: CapacityClients): Promise<number | undefined> {
  const { ScheduledActions: [action] = [] } = await scaling.send(
    new DescribeScheduledActionsCommand({ ...scaled, ScheduledActionNames: [RELEASE] }),
  );
  // One whose time has come has done its work, and what it says may be of another template.
  const at = Date.parse(`${/^at\((.*)\)$/.exec(action?.Schedule ?? '')?.[1] ?? ''}Z`);
  return at > now() ? action?.ScalableTargetAction?.MinCapacity : undefined;
}

/** Undefined for what does not scale by itself. */
async function leastOf(
  { ServiceNamespace, ScalableDimension, ResourceId }: Scaled,
  { scaling }: CapacityClients,
): Promise<number | undefined> {
  const { ScalableTargets: [target] = [] } = await scaling.send(
    new DescribeScalableTargetsCommand({ ServiceNamespace, ScalableDimension, ResourceIds: [ResourceId] }),
  );
  return target?.MinCapacity;
}
