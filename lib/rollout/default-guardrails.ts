import type { EndpointAlias } from '../endpoint/endpoint-alias';
import { Guardrail } from '../guardrail/guardrail';
import type { RolloutOptions } from './rollout-options';
import type { RolloutCourse } from './rollout-course';

/**
 * What a rollout does that was told nothing of guardrails: it compares, wherever production keeps requests to compare with. It is the same
 * rollout as one that lists these guardrails: writing a default out changes nothing. Of models that generate text it compares what does not
 * hang on how much they say.
 *
 * @param alias where it is sticky, equal keys meet the same variant: requests of one caller come together, and the split of requests is
 * only that of callers
 */
export function withDefaultGuardrails(
  options: RolloutOptions,
  course: Pick<RolloutCourse, 'finalPercent'>,
  { sticky, router: { generative, streaming } }: Pick<EndpointAlias, 'sticky' | 'router'>,
): RolloutOptions {
  if (options.guardrails !== undefined || !(course.finalPercent < 100)) {
    return options;
  }
  const times = streaming ? [Guardrail.firstToken(), Guardrail.timePerToken()] : [];
  const judged = generative ? [...times, Guardrail.finishReasons()] : [Guardrail.latency()];
  return { ...options, guardrails: [Guardrail.errorRate(), ...judged, ...(sticky ? [] : [Guardrail.sampleRatio()])] };
}
