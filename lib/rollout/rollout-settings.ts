import { MOST_WARM_UP_REQUESTS } from '../core/aws-limits';
import { CIRCUIT_BREAKER } from '../guardrail/circuit-breaker-guardrail';
import { wholeProblem } from '../validate/limits';
import { wholeSecondsProblem } from '../validate/seconds';
import { expectationProblems } from './foresight';
import { intervalOf, leaseOf, optionalSeconds, timeBudgetOf, YEAR_SECONDS } from './rollout-course';
import type { RolloutTerms } from './rollout-terms';
import { smokeTestProblems } from './smoke-test';

/** Everything that is wrong with a rollout's settings by themselves, but for those that its schedule is made of. */
export function settingProblems(options: RolloutTerms, timeoutMs: number): string[] {
  return [
    ...wholeSecondsProblem('lease of the rollout', leaseOf(options), 1, YEAR_SECONDS, 'three minutes are the default'),
    ...wholeSecondsProblem(
      'readinessTimeout of the rollout', optionalSeconds(options.readinessTimeout), 1, 86_400, 'five minutes are the default',
    ),
    ...wholeSecondsProblem(
      'rollbackWindow of the rollout', optionalSeconds(options.rollbackWindow), 0, YEAR_SECONDS, 'leave it out for none',
    ),
    ...wholeProblem('minRequests of the rollout', options.minRequests, [0, 1e9], 'requests', 'set how many make a judgement'),
    ...wholeProblem(
      'warmUpRequests of the rollout',
      options.warmUpRequests,
      [0, MOST_WARM_UP_REQUESTS],
      'requests',
      'set how many are sent at once',
    ),
    ...smokeTestProblems(options.smokeTests ?? []),
    ...(options.timeWindows ?? []).flatMap((window) => window._problems()),
    ...(options.guardrails ?? []).flatMap((guardrail) => guardrail._kind().problems()),
    ...nameProblems(options),
    ...expectationProblems(options),
    ...(options.candidate?.validate() ?? []),
    ...(options.productionChange !== undefined && options.candidate === undefined
      ? [
          'productionChange is set, but there is no candidate, so that a changed model is what the rollout is for; leave it out, or '
            + 'declare a candidate',
        ]
      : []),
    ...budgetProblems(options, timeoutMs),
    ...leaseProblems(options),
  ];
}

function nameProblems({ circuitBreaker, guardrails = [] }: RolloutTerms): string[] {
  const names = [...(circuitBreaker === false ? [] : [CIRCUIT_BREAKER]), ...guardrails.map((guardrail) => guardrail._kind().name)];
  return [...new Set(names.filter((each, index) => names.indexOf(each) !== index))].map(
    (name) => `more than one guardrail is named ${JSON.stringify(name)}; give all but one another name`,
  );
}

function budgetProblems(options: RolloutTerms, timeoutMs: number): string[] {
  const budget = timeBudgetOf(options, timeoutMs);
  if (options.candidateTimeBudget?.isUnresolved() === true) {
    return ['candidateTimeBudget is known only at deployment; give a duration'];
  }
  return budget >= 1 && budget < timeoutMs
    ? []
    : [
        `candidateTimeBudget is ${budget} ms, but must be between 1 ms and the ${timeoutMs} ms in which the router must have answered, `
          + 'or nothing is left for production; lower it, or leave it out for nearly all of it',
      ];
}

function leaseProblems(options: RolloutTerms): string[] {
  const [lease, interval] = [leaseOf(options), intervalOf(options)];
  return lease < 2 * interval
    ? [
        `lease of the rollout is ${lease} s, less than two intervals of ${interval} s, so that one late tick would take the candidate's `
          + 'requests away; raise the lease or lower the interval',
      ]
    : [];
}
