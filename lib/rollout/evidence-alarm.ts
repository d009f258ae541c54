import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { JudgementPlan } from '../core/rollout/plan';
import { type GuardrailPlan, isEvidence } from '../core/guardrails/kinds';
import type { ModelEndpoint } from '../endpoint/model-endpoint';

/**
 * The alarm on the combined evidence, where something combines. It is no guardrail: the judge reads the evidence itself, and an alarm that
 * is still on from the last rollout says nothing about the next one. It is for others to hear, and for a controller that has judged and
 * then failed to act. EventBridge hears only of changes, so that an old alarm does not stop a new rollout either; without a rollout there
 * is no evidence, and the alarm returns to OK within some minutes.
 */
export function evidenceAlarm(
  scope: Construct,
  endpoint: Pick<ModelEndpoint, 'endpointName' | 'metrics'>,
  aliasName: string,
  plans: readonly GuardrailPlan[],
  judgement: JudgementPlan | undefined,
): Alarm | undefined {
  if (judgement === undefined || !plans.some((plan) => isEvidence(plan) && plan.action === 'rollback')) {
    return undefined;
  }
  return new Alarm(scope, 'Evidence', {
    alarmDescription: `evidence that the candidate of ${endpoint.endpointName}/${aliasName} is worse than production: `
      + `ln(1/${judgement.alpha}) or more`,
    metric: endpoint.metrics.logEvidence({ alias: aliasName, options: { period: Duration.minutes(1) } }),
    threshold: -Math.log(judgement.alpha),
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}
