import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { EndpointMetrics } from '../endpoint/endpoint-metrics';
import type { GuardrailPlan } from '../core/guardrails/kinds';
import { failTogether } from '../validate/fail-together';
import type { BoundGuardrail, GuardrailContext } from '../guardrail/guardrail-kind';

/** Kinds that need nothing that only a router counts. */
const KINDS: ReadonlySet<GuardrailPlan['kind']> = new Set(['errors', 'latency', 'metric', 'mean', 'function', 'alarm']);

/** What guardrails are told of a rollout whose versions callers reach by themselves. */
export function directContext(handler: lambda.Function, alias: string, endpointName: string): GuardrailContext {
  return {
    endpointName,
    alias,
    metrics: EndpointMetrics._of(endpointName),
    assignment: { source: 'inference-id' },
    countSegments: () =>
      failTogether(['segments are counted by a router, and an alias of Lambda has none; leave "by" out'], handler) as never,
    generative: false,
    streaming: false,
    whole: [{ namespace: 'AWS/Lambda', dimensions: { FunctionName: handler.functionName } }],
  };
}

/** Guardrails that would see nothing. */
export function directProblems(guardrails: readonly BoundGuardrail[]): string[] {
  return guardrails.flatMap(({ plan, own }) =>
    (plan !== undefined && (!KINDS.has(plan.kind) || own !== undefined)
      ? [`guardrail ${JSON.stringify(plan.name)} reads what a router counts, and an alias of Lambda has none; take Guardrail.errorRate(), `
          + '.latency(), .sampleRatio(), .metric(), .metricMean(), .function() or .alarm() on an alarm of yours']
      : []));
}
