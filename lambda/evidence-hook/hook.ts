import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { judgeStep, stepSources, stepTime, waits } from '../../lib/core/hook/judge-step';
import type { EvidenceHookPlan, HookAnswer, HookStep, HookTargetGroup } from '../../lib/core/hook/plan';
import { readSeries } from '../shared/series';
import { type ServiceDeployment, type ServiceRevision, standingOf, targetGroupOf } from './deployment';

/**
 * What Amazon ECS calls a hook with.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/lambda-lifecycle-hooks.html
 */
export interface LifecycleEvent {
  readonly lifecycleStage?: string;
  /** ARN of the deployment. */
  readonly resourceArn?: string;
  readonly executionDetails?: { readonly productionTrafficWeights?: { readonly [revision: string]: number } };
  /** What the hook answered before, while it was in progress. */
  readonly hookDetails?: { readonly [name: string]: unknown };
}

export interface LifecycleAnswer {
  readonly hookStatus: HookAnswer['status'];
  /** Seconds until the next call. */
  readonly callBackDelay?: number;
  readonly hookDetails?: { readonly [name: string]: unknown };
}

export interface HookPorts {
  readonly ecs: {
    deployment(arn: string): Promise<ServiceDeployment | undefined>;
    revisions(arns: readonly string[]): Promise<readonly ServiceRevision[]>;
  };
  readonly cloudWatch: Pick<CloudWatchClient, 'send'>;
  readonly now: () => number;
  readonly log: (answer: HookAnswer, event: LifecycleEvent) => void;
}

/** The stage that ECS calls before each step of production's traffic. */
const STAGE = 'PRE_PRODUCTION_TRAFFIC_SHIFT';
/** The counts that are judged are those of minutes. */
const CALL_AGAIN_SECONDS = 60;
/** What a step keeps between calls: when it was asked about first, epoch milliseconds. */
const SINCE = 'modelRolloutSince';

/**
 * Whether a deployment of ECS may go a step further. Never rejects: ECS would take that for a verdict. What cannot be read is waited for,
 * as long as the step may wait, and never taken for health.
 */
export async function answerLifecycle(event: LifecycleEvent, plan: EvidenceHookPlan, ports: HookPorts): Promise<LifecycleAnswer> {
  const now = ports.now();
  const kept = event.hookDetails?.[SINCE];
  const asked = typeof kept === 'number' && kept <= now ? kept : now;
  let answer: HookAnswer;
  try {
    answer = await judged(event, plan, ports, { asked, now });
  } catch (error) {
    answer = waits(plan, { askedAt: asked }, now, { sentence: `${(error as Error).name}: ${(error as Error).message}` });
  }
  ports.log(answer, event);
  return answer.status === 'IN_PROGRESS'
    ? { hookStatus: answer.status, callBackDelay: CALL_AGAIN_SECONDS, hookDetails: { ...event.hookDetails, [SINCE]: asked } }
    : { hookStatus: answer.status };
}

async function judged(
  { lifecycleStage, resourceArn, executionDetails }: LifecycleEvent, plan: EvidenceHookPlan, { ecs, cloudWatch }: HookPorts,
  { asked, now }: { readonly asked: number; readonly now: number },
): Promise<HookAnswer> {
  if (lifecycleStage !== STAGE || resourceArn === undefined) {
    const stage = lifecycleStage ?? 'no stage';
    return { status: 'FAILED', sentence: `this hook judges before steps of production's traffic (${STAGE}), not at ${stage}` };
  }
  const deployment = await ecs.deployment(resourceArn);
  const standing = standingOf(deployment ?? {}, executionDetails?.productionTrafficWeights ?? {});
  if ('nothing' in standing) {
    return { status: 'SUCCEEDED', sentence: `nothing to compare: ${standing.nothing}` };
  }
  if ('problem' in standing) {
    return waits(plan, { askedAt: asked }, now, { sentence: standing.problem });
  }
  const { target, source, bakeMs, share, steps } = standing.judged;
  const revisions = await ecs.revisions([target, source]);
  const groupOf = (arn: string): HookTargetGroup | undefined => {
    const revision = revisions.find(({ serviceRevisionArn }) => serviceRevisionArn === arn);
    return revision && targetGroupOf(revision, plan.targetGroups);
  };
  const [candidate, production] = [groupOf(target), groupOf(source)];
  if (candidate === undefined || production === undefined || candidate.arn === production.arn) {
    return waits(plan, { askedAt: asked }, now, { sentence: 'the revisions are not behind the two target groups that the hook was given' });
  }
  // ECS asks when the step's bake time is over.
  const step: HookStep = { since: asked - bakeMs, askedAt: asked, share, steps, candidate, production };
  const series = await readSeries(cloudWatch, stepSources(plan, step), stepTime(step, now));
  return judgeStep(plan, step, series, now);
}
