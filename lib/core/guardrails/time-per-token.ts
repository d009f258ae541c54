import { slowerKind, type SlowerPlan } from './slower';

/** Streamed answers whose tokens take longer, each, than production's did before the rollout: however many there are. */
export interface TimePerTokenPlan extends SlowerPlan {
  readonly kind: 'time-per-token';
}

export const timePerToken = slowerKind<TimePerTokenPlan>({
  timing: 'token', factory: 'timePerToken', values: 'times per token', slower: 'answers with a token in more than', sees: 'time-per-token',
});
