import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { SNSClient } from '@aws-sdk/client-sns';
import { PublishCommand } from '@aws-sdk/client-sns';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { Dimension, endpointAndAlias, Metric, METRIC_NAMESPACE, RolloutEvent } from '../../lib/core/names';
import type { Decision } from '../../lib/core/rollout/decision';
import { gist } from '../../lib/core/rollout/reasons';
import type { RolloutState } from '../../lib/core/rollout/state';

export interface Channels {
  readonly events: Pick<EventBridgeClient, 'send'>;
  readonly sns: Pick<SNSClient, 'send'>;
  readonly warn: (notice: string, details: { readonly [name: string]: unknown }) => void;
}

/** SNS takes at most 100 characters of subject, without line breaks. */
const SUBJECT_CHARACTERS = 100;

/**
 * Publish a decision: an event always, a message where the course changed, weight and evidence as metrics. A channel that fails is logged.
 */
export async function notify(state: RolloutState, decision: Decision, previous: Decision | undefined, channels: Channels): Promise<void> {
  publish(state.alias, decision);
  await Promise.all([
    quietly('an event', channels, () =>
      channels.events.send(
        new PutEventsCommand({
          Entries: [
            {
              Source: RolloutEvent.SOURCE,
              DetailType: RolloutEvent.DECISION,
              Detail: JSON.stringify(detailOf(state, decision)),
              Resources: [],
            },
          ],
        }),
      ),
    ),
    state.plan.topicArn === undefined || !isNews(decision, previous)
      ? undefined
      : quietly('a notification', channels, () =>
          channels.sns.send(
            new PublishCommand({
              TopicArn: state.plan.topicArn,
              Subject: `${state.alias}: ${decision.verdict}`.slice(0, SUBJECT_CHARACTERS),
              Message: JSON.stringify(detailOf(state, decision), null, 2),
            }),
          ),
        ),
  ]);
}

/** Whether people should hear of it: any move, and a hold for another reason than a running bake time. */
export function isNews(decision: Decision, previous: Decision | undefined): boolean {
  const bakes = decision.verdict === 'hold' && decision.reasons?.every(({ kind }) => kind === 'baking') === true;
  return !bakes && (previous === undefined || previous.verdict !== decision.verdict || gist(previous.reasons) !== gist(decision.reasons));
}

function detailOf(state: RolloutState, decision: Decision): object {
  const { evidence: _evidence, ...told } = decision;
  const [endpoint, alias] = endpointAndAlias(state.alias);
  return {
    rolloutId: state.id, endpoint, alias, kind: state.plan.kind,
    productionVersion: state.production.version, candidateVersion: state.candidate.version,
    ...told, evidence: decision.evidence,
  };
}

/** Beyond this an e-value tells nobody more, and CloudWatch takes no infinity. */
const MOST_LOG_EVIDENCE = 1e6;

function publish(key: string, { percent, evidence: { judgement } }: Decision): void {
  const [endpoint, alias] = endpointAndAlias(key);
  const metrics = new Metrics({ namespace: METRIC_NAMESPACE });
  metrics.clearDefaultDimensions();
  metrics.addDimensions({ [Dimension.ENDPOINT]: endpoint, [Dimension.ALIAS]: alias });
  metrics.addMetric(Metric.CANDIDATE_WEIGHT, MetricUnit.Percent, percent);
  if (judgement !== undefined) {
    // Once crossed it stays crossed: an alarm must not depend on having looked at the right minute.
    const value = judgement.crossedAt === undefined ? judgement.logEvidence : judgement.highestLogEvidence;
    metrics.addMetric(Metric.LOG_EVIDENCE, MetricUnit.NoUnit, Math.min(MOST_LOG_EVIDENCE, Math.max(-MOST_LOG_EVIDENCE, value)));
  }
  metrics.publishStoredMetrics();
}

async function quietly(what: string, { warn }: Channels, send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (error) {
    warn(`${what} was not sent`, { error: (error as Error).name, reason: (error as Error).message });
  }
}
