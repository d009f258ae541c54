import type { RolloutOptions } from './rollout-options';

/** What a rollout is told, of whatever: an endpoint's alias, or something that has no endpoint. */
export type RolloutTerms = Omit<RolloutOptions, 'endpoint'>;
