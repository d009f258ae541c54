import { Guardrail } from '../guardrail/guardrail';
import { type RolloutOptions, Uncertified } from './rollout-options';
import type { RolloutCourse } from './rollout-plan';

/**
 * What a rollout does that was told nothing of guardrails: it compares, wherever production keeps requests to compare with. Nobody asked for
 * certainty then, so that with too little traffic for it the rollout goes on as long as nothing speaks against the candidate; a rollout
 * that was given guardrails waits, because it was promised something.
 *
 * @param sticky equal keys meet the same variant: requests of one caller come together, and the split of requests is only that of callers
 */
export function withDefaultGuardrails(options: RolloutOptions, course: Pick<RolloutCourse, 'finalPercent'>, sticky: boolean): RolloutOptions {
  if (options.guardrails !== undefined || !(course.finalPercent < 100)) {
    return options;
  }
  return {
    ...options,
    guardrails: [Guardrail.errorRate(), Guardrail.latency(), ...(sticky ? [] : [Guardrail.sampleRatio()])],
    uncertified: options.uncertified ?? Uncertified.ADVANCE,
  };
}
