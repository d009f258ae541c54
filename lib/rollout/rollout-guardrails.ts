import type { Construct } from 'constructs';
import { Dimension, METRIC_NAMESPACE } from '../core/names';
import type { GuardrailPlan } from '../core/guardrails/kinds';
import type { JudgementPlan } from '../core/rollout/plan';
import { sharedStages } from '../core/rollout/stages';
import type { ModelEndpoint } from '../endpoint/model-endpoint';
import type { Target } from '../endpoint/target';
import { CircuitBreakerGuardrail } from '../guardrail/circuit-breaker-guardrail';
import type { BoundGuardrail, GuardrailContext } from '../guardrail/guardrail-kind';
import type { Mistakes } from '../validate/mistakes';
import { comparisonProblems, judgementPlan, labelProblems, uncertifiedSeconds } from './judgement-plan';
import type { RolloutTerms } from './rollout-terms';
import type { RolloutSchedule } from './rollout-schedule';

/** Counts are kept for a day after the rollout could have ended. */
const DAY_SECONDS = 86_400;

/** What judges a rollout. */
export interface JudgedBy {
  readonly guardrails: readonly BoundGuardrail[];
  /** What the controller is told of them. */
  readonly plans: readonly GuardrailPlan[];
  /** Absent where nothing is judged by evidence. */
  readonly judgement?: JudgementPlan;
}

/**
 * Define what a rollout's guardrails need.
 *
 * @param schedule absent where the settings that it depends on are wrong
 */
export function rolloutGuardrails(
  mistakes: Mistakes, scope: Construct, options: RolloutTerms, context: GuardrailContext, schedule: RolloutSchedule | undefined,
): JudgedBy {
  const guardrails = [
    ...(options.circuitBreaker === false ? [] : [new CircuitBreakerGuardrail()]),
    ...(options.guardrails ?? []).map((guardrail) => guardrail._kind()),
  ].flatMap((kind) => {
    // A guardrail whose settings are wrong has said so.
    const bound = mistakes.any && kind.problems().length > 0 ? undefined : mistakes.attempt(() => kind.bind(scope, context));
    mistakes.add(...(bound?.problems ?? []));
    return bound ?? [];
  });
  if (schedule !== undefined) {
    const { deadlineSeconds } = schedule;
    const stages = sharedStages(schedule.stages);
    mistakes.add(
      ...comparisonProblems(guardrails, stages),
      ...labelProblems(guardrails, stages, deadlineSeconds, uncertifiedSeconds(options)),
    );
  }
  return { guardrails, plans: guardrails.flatMap(({ plan }) => plan ?? []), judgement: judgementPlan(options, guardrails) };
}

/**
 * What guardrails are told of a rollout of an endpoint's alias.
 *
 * @param deadlineSeconds for as long what routers count for the guardrails must be kept
 */
export function guardrailContext({ endpoint, alias }: Target, deadlineSeconds: number): GuardrailContext {
  return {
    endpointName: endpoint.endpointName,
    alias: alias.aliasName,
    metrics: endpoint.metrics,
    assignment: alias.assignment,
    countSegments: (segment, slow) => ({
      label: segment._label(),
      counter: alias.attachCounter(segment._counter(deadlineSeconds + DAY_SECONDS, slow)),
      ...(alias.keepsTogether ? { sticky: true } : {}),
    }),
    generative: alias.router.generative,
    streaming: alias.router.streaming,
    whole: wholeOf(endpoint),
  };
}

/** Metrics in which production's requests are counted with the candidate's. */
function wholeOf(endpoint: ModelEndpoint): GuardrailContext['whole'] {
  const { restApiId, restApiName } = endpoint.api;
  return [
    { namespace: METRIC_NAMESPACE, dimensions: { [Dimension.ENDPOINT]: endpoint.endpointName } },
    { namespace: 'AWS/Lambda', dimensions: { FunctionName: endpoint._routerFunction.functionName } },
    { namespace: 'AWS/ApiGateway', dimensions: { ApiName: restApiName } },
    { namespace: 'AWS/ApiGateway', dimensions: { ApiId: restApiId } },
  ];
}
