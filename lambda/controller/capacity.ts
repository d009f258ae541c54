import type { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { RegisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling';
import type { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { DescribeEndpointCommand } from '@aws-sdk/client-sagemaker';
import { instancesFor } from '../../lib/core/rollout/capacity';
import { percentOf } from '../../lib/core/rollout/decide';
import type { GateReading } from '../../lib/core/rollout/evidence';
import type { CapacityPlan } from '../../lib/core/rollout/plan';
import type { RolloutState } from '../../lib/core/rollout/state';

export interface CapacityClients {
  readonly sageMaker: Pick<SageMakerClient, 'send'>;
  readonly scaling: Pick<ApplicationAutoScalingClient, 'send'>;
}

/**
 * Raise the candidate's least number of instances to what the next share needs, and say whether they are there. Autoscaling alone
 * would only begin when the requests have come. Never rejects.
 */
export async function raiseCapacity(state: RolloutState, nextPercent: number, clients: CapacityClients): Promise<GateReading[]> {
  const { capacity, stages } = state.plan;
  if (capacity === undefined) {
    return [];
  }
  const name = 'capacity';
  try {
    const serving = state.production.target.kind === 'sagemaker' ? await instances(state.production.target.endpointName, undefined, clients) : undefined;
    const needed = instancesFor(nextPercent, 100 - percentOf({ stages }, state.stage), serving ?? capacity.min, capacity);
    const present = (await instances(capacity.endpointName, capacity.variantName, clients)) ?? 0;
    if (present >= needed) {
      return [{ name, verdict: 'pass', reason: `${present} instances for ${nextPercent} %` }];
    }
    await setMinimum(capacity, needed, clients);
    return [{ name, verdict: 'wait', reason: `${present} of ${needed} instances that ${nextPercent} % needs are in service` }];
  } catch (error) {
    return [{ name, verdict: 'wait', reason: `the instances are not known: ${(error as Error).name}: ${(error as Error).message}` }];
  }
}

/** Give the declared limits back. */
export async function releaseCapacity({ plan }: RolloutState, clients: CapacityClients): Promise<void> {
  if (plan.capacity !== undefined) {
    await setMinimum(plan.capacity, plan.capacity.min, clients);
  }
}

async function instances(endpointName: string, variantName: string | undefined, { sageMaker }: CapacityClients): Promise<number | undefined> {
  const { ProductionVariants: variants = [] } = await sageMaker.send(new DescribeEndpointCommand({ EndpointName: endpointName }));
  return (variantName === undefined ? variants[0] : variants.find((variant) => variant.VariantName === variantName))?.CurrentInstanceCount;
}

async function setMinimum({ endpointName, variantName, max }: CapacityPlan, min: number, { scaling }: CapacityClients): Promise<void> {
  await scaling.send(
    new RegisterScalableTargetCommand({
      ServiceNamespace: 'sagemaker',
      ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
      ResourceId: `endpoint/${endpointName}/variant/${variantName}`,
      MinCapacity: min,
      MaxCapacity: max,
    }),
  );
}
