import { instancesFor } from '../../lib/core/rollout/capacity';
import type { GateReading } from '../../lib/core/rollout/evidence';
import type { RolloutState } from '../../lib/core/rollout/state';
import { type BackendClients, NOT_OURS } from './backends/backend';
import { backendOf } from './backends/backends';

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
    const { unit } = backendOf(target);
    return held === undefined ? [] : [{ name, verdict: 'pass', reason: `${held} ${unit} stay until the rollout has ended` }];
  } catch (error) {
    return NOT_OURS.has((error as Error).name)
      ? []
      : [{ name, verdict: 'wait', reason: `it could not be held: ${(error as Error).name}: ${(error as Error).message}` }];
  }
}

/**
 * Raise the candidate's least number of instances or copies to what the next share needs, and say whether they are there. Autoscaling alone
 * would only begin when the requests have come. What cannot be had is asked for again at every tick: capacity that is scarce comes late,
 * and the share that waits for it is no failure. Never rejects.
 */
export async function raiseCapacity(state: RolloutState, nextPercent: number, clients: BackendClients): Promise<GateReading[]> {
  const { plan: { capacity }, production, candidate: { target } } = state;
  if (capacity === undefined) {
    return [];
  }
  const name = 'capacity';
  const { unit } = backendOf(target);
  try {
    const serving = await backendOf(production.target).instances(production.target, clients);
    const needed = Math.max(1, instancesFor(nextPercent, serving ?? capacity.min, capacity));
    const present = (await backendOf(target).instances(target, clients)) ?? 0;
    if (present >= needed) {
      return [{ name, verdict: 'pass', reason: `${present} ${unit} for ${nextPercent} %` }];
    }
    await backendOf(target).scaleWithin(target, { min: needed, max: capacity.max }, clients);
    const why = await backendOf(target).shortage(target, clients);
    const missing = `${present} of ${needed} ${unit} that ${nextPercent} % needs are in service`;
    return [{ name, verdict: 'wait', reason: why === undefined ? missing : `${missing}; SageMaker says: ${why}` }];
  } catch (error) {
    return [{ name, verdict: 'wait', reason: `the ${unit} are not known: ${(error as Error).name}: ${(error as Error).message}` }];
  }
}

/**
 * A candidate without any copy, because it was created with none or has scaled to zero, gets what its first share needs. Why it cannot
 * answer until then, in a sentence; undefined for one that has some.
 */
export async function wake(state: RolloutState, clients: BackendClients): Promise<string | undefined> {
  const { plan: { stages, capacity }, candidate: { target } } = state;
  if (capacity === undefined || (await backendOf(target).instances(target, clients)) !== 0) {
    return undefined;
  }
  const first = stages.find(({ percent }) => percent > 0)?.percent ?? 100;
  const [reading] = await raiseCapacity(state, first, clients);
  return reading.reason;
}

/** Give the declared limits of both versions back. Rejects once both were tried. */
export async function releaseCapacity(
  { production: { target }, candidate, plan: { capacity } }: RolloutState,
  clients: BackendClients,
): Promise<void> {
  const tried = await Promise.allSettled([
    backendOf(target).letGo(target, clients),
    capacity && backendOf(candidate.target).scaleWithin(candidate.target, capacity, clients),
  ]);
  const failed = tried.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    throw failed.reason;
  }
}
