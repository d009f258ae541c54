import { instancesFor } from '../../lib/core/rollout/capacity';
import type { GateReading } from '../../lib/core/rollout/evidence';
import type { RolloutState } from '../../lib/core/rollout/state';
import { type BackendClients, NOT_OURS } from './backends/backend';
import { backendOf } from './backends/backends';
import { instancesOf, scaleWithin } from './backends/sagemaker';

/** So much later than any rollout can end. */
const RELEASE_MARGIN_SECONDS = 3_600;

/**
 * Keep autoscaling from taking production's instances while others serve its requests, so that the way back is as wide as it was. AWS gives
 * them back once the rollout must have ended, so that nobody need be alive for it. Never rejects.
 */
export async function holdCapacity(
  { production: { target }, plan, startedAt }: RolloutState,
  clients: BackendClients,
): Promise<GateReading[]> {
  const name = 'capacity of production';
  try {
    const until = new Date(startedAt + (plan.deadlineSeconds + plan.drainSeconds + RELEASE_MARGIN_SECONDS) * 1_000);
    const held = await backendOf(target).hold(target, until, clients);
    return held === undefined ? [] : [{ name, verdict: 'pass', reason: `${held} instances stay until the rollout has ended` }];
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
export async function raiseCapacity(state: RolloutState, nextPercent: number, clients: BackendClients): Promise<GateReading[]> {
  const { plan: { capacity }, production: { target } } = state;
  if (capacity === undefined) {
    return [];
  }
  const name = 'capacity';
  try {
    const serving = await backendOf(target).instances(target, clients);
    const needed = instancesFor(nextPercent, serving ?? capacity.min, capacity);
    const present = await instancesOf(capacity, clients);
    if (present >= needed) {
      return [{ name, verdict: 'pass', reason: `${present} instances for ${nextPercent} %` }];
    }
    await scaleWithin(capacity, { min: needed, max: capacity.max }, clients);
    return [{ name, verdict: 'wait', reason: `${present} of ${needed} instances that ${nextPercent} % needs are in service` }];
  } catch (error) {
    return [{ name, verdict: 'wait', reason: `the instances are not known: ${(error as Error).name}: ${(error as Error).message}` }];
  }
}

/** Give the declared limits of both versions back. Rejects once both were tried. */
export async function releaseCapacity(
  { production: { target }, plan: { capacity } }: RolloutState,
  clients: BackendClients,
): Promise<void> {
  const tried = await Promise.allSettled([
    backendOf(target).letGo(target, clients),
    capacity && scaleWithin(capacity, capacity, clients),
  ]);
  const failed = tried.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    throw failed.reason;
  }
}
