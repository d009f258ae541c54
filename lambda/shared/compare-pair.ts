import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { Pair } from '../../lib/core/comparison/asked';
import { compare } from '../../lib/core/comparison/compare';
import { comparisonEvent, readComparisonAnswer } from '../../lib/core/comparison/custom';
import type { ComparisonOutcome } from '../../lib/core/comparison/outcome';
import type { ComparisonPlan, FunctionComparisonPlan } from '../../lib/core/comparison/plan';
import { askFunction } from './ask-function';

/**
 * Compare two answers, by asking a function of the user's where the plan says so. Never rejects and never takes longer than the plan says:
 * a failure of the function is an outcome of its own.
 */
export async function comparePair(
  client: Pick<LambdaClient, 'send'>, plan: ComparisonPlan | FunctionComparisonPlan, pair: Pair,
): Promise<ComparisonOutcome> {
  if (plan.kind !== 'function') {
    return compare(plan, pair.production, pair.shadow);
  }
  const answer = await askFunction(client, plan, comparisonEvent(pair, plan.withRequest));
  return typeof answer === 'string' ? readComparisonAnswer(answer) : answer;
}
