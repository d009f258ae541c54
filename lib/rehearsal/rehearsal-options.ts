import type { RehearsalScenario } from './rehearsal-scenario';
import type { RehearsalExpectations } from './expectations';

/** A rehearsal that `model-rollout rehearse` holds a rollout against. */
export interface RehearsalOptions {
  /**
   * What must hold in every scenario that has no expectations of its own. Probabilities are refused when the 95 % interval of what was seen
   * is above the limit.
   */
  readonly expect: RehearsalExpectations;

  /**
   * What happens in the rehearsals.
   *
   * @default - healthy, worse and broken
   */
  readonly scenarios?: RehearsalScenario[];

  /**
   * Rehearsals of each scenario, 1 to 100,000. The more, the smaller a difference from the limits is told from chance.
   *
   * @default 200
   */
  readonly runs?: number;

  /**
   * The same seed is the same rehearsal: a whole number from 1 to 1,000,000.
   *
   * @default 1
   */
  readonly seed?: number;

  /**
   * Requests per second that the alias gets, all versions together.
   *
   * @default - the rollout's expectedRequestsPerSecond, or 10
   */
  readonly requestsPerSecond?: number;

  /**
   * Share of its requests that production fails, from 0 to below 1.
   *
   * @default - the rollout's expectedErrorRate, or 0.01
   */
  readonly productionErrorRate?: number;
}
