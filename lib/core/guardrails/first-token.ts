import { slowerKind, type SlowerPlan } from './slower';

/** Streamed answers whose first token comes later than production's did before the rollout. */
export interface FirstTokenPlan extends SlowerPlan {
  readonly kind: 'first-token';
}

export const firstToken = slowerKind<FirstTokenPlan>({
  timing: 'first-token', factory: 'firstToken', values: 'first tokens', slower: 'first tokens after', sees: 'first-token',
});
