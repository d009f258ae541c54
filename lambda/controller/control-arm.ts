import { controlOf } from '../../lib/core/rollout/control-arm';
import type { RolloutState } from '../../lib/core/rollout/state';
import type { Variant } from '../../lib/core/routing/route';
import type { BackendClients } from './backends/backend';
import { backendOf } from './backends/backends';
import type { Router } from './readiness';

export interface ControlClients extends Pick<BackendClients, 'lambda'> {
  readonly router: Pick<Router, 'probe'>;
}

/** Start production's version anew. Rejects while it cannot be called, and with a `NoControlError` where there can be none. */
export async function startControl(state: RolloutState, clients: ControlClients): Promise<Variant> {
  const { production: { target }, routerFunction } = state;
  const control = controlOf(state, await backendOf(target).startAnew(target, clients));
  const [problem] = (await clients.router.probe(routerFunction, [control.target])).problems;
  if (problem !== undefined) {
    throw new Error(problem);
  }
  return control;
}

/** Remove it. What is gone already, with its function for instance, is removed. */
export async function removeControl({ control }: RolloutState, clients: Pick<ControlClients, 'lambda'>): Promise<void> {
  if (control !== undefined) {
    await backendOf(control.target).removeAnew(control.target, clients);
  }
}
