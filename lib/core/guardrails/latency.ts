import { ReplayGuardrail } from '../replay/plan';
import { slowerKind, type SlowerPlan } from './slower';

/** Requests whose answer comes, or begins, later than production's did before the rollout. */
export interface LatencyPlan extends SlowerPlan {
  readonly kind: 'latency';
}

export const latency = slowerKind<LatencyPlan>({
  timing: 'answer',
  factory: 'latency',
  values: 'latencies',
  slower: 'requests slower than',
  sees: 'latency',
  replayed: ReplayGuardrail.LATENCY,
});
