import type { HookStep, HookTargetGroup } from '../../lib/core/hook/plan';

/** What Amazon ECS says of a deployment, as far as it is looked at (DescribeServiceDeployments). */
export interface ServiceDeployment {
  readonly status?: string;
  readonly targetServiceRevision?: RevisionInDeployment;
  readonly sourceServiceRevisions?: readonly RevisionInDeployment[];
  readonly deploymentConfiguration?: {
    readonly strategy?: string;
    readonly canaryConfiguration?: { readonly canaryPercent?: number; readonly canaryBakeTimeInMinutes?: number };
    readonly linearConfiguration?: { readonly stepPercent?: number; readonly stepBakeTimeInMinutes?: number };
  };
}

interface RevisionInDeployment {
  readonly arn?: string;
  readonly requestedProductionTrafficWeight?: number;
}

/** A revision (DescribeServiceRevisions). */
export interface ServiceRevision {
  readonly serviceRevisionArn?: string;
  readonly loadBalancers?: readonly { readonly targetGroupArn?: string }[];
  readonly resolvedConfiguration?: { readonly loadBalancers?: readonly { readonly targetGroupArn?: string }[] };
}

/** Where a deployment is, or why there is nothing to compare in it. */
export type Standing = { readonly judged: JudgedStep } | { readonly nothing: string } | { readonly problem: string };

/** The two revisions that have callers, and what their step is like. */
interface JudgedStep extends Pick<HookStep, 'share' | 'steps'> {
  readonly target: string;
  readonly source: string;
  readonly bakeMs: number;
}

/** The defaults of ECS. */
const DEFAULTS = { canaryPercent: 5, canaryBakeMinutes: 10, stepPercent: 10, stepBakeMinutes: 6 };

/**
 * Where a deployment is before its next step.
 *
 * @param weights what the event says of production's traffic, by revision, percent
 */
export function standingOf(deployment: ServiceDeployment, weights: { readonly [revision: string]: number }): Standing {
  const { status = '', targetServiceRevision: target, sourceServiceRevisions: sources = [] } = deployment;
  if (/ROLLBACK|STOP/.test(status)) {
    return { nothing: `the deployment is ${status}: nothing stands in the way of that` };
  }
  const percent = target?.arn === undefined ? undefined : weights[target.arn] ?? target.requestedProductionTrafficWeight;
  if (target?.arn === undefined || percent === undefined) {
    return { problem: 'Amazon ECS does not say which share the new revision has' };
  }
  if (!(percent > 0)) {
    return { nothing: 'the new revision has none of production\'s traffic yet' };
  }
  const [source] = sources;
  if (sources.length !== 1 || source.arn === undefined) {
    return { problem: `the new revision is compared with one other, but the deployment has ${sources.length}` };
  }
  const { deploymentConfiguration: configuration = {} } = deployment;
  const course = courseOf(configuration);
  return course === undefined
    ? { nothing: `strategy ${configuration.strategy ?? 'unknown'} moves all at once: no step in which both revisions have traffic` }
    : {
        judged: {
          target: target.arn, source: source.arn, bakeMs: course.bakeMinutes * 60_000, steps: course.steps,
          share: (percent < 100 ? percent : course.percent) / 100,
        },
      };
}

function courseOf(
  { strategy, canaryConfiguration: canary, linearConfiguration: linear }: NonNullable<ServiceDeployment['deploymentConfiguration']>,
): { readonly percent: number; readonly bakeMinutes: number; readonly steps: number } | undefined {
  if (strategy === 'CANARY') {
    const { canaryPercent: percent, canaryBakeTimeInMinutes: bakeMinutes } = canary ?? {};
    return { percent: percent ?? DEFAULTS.canaryPercent, bakeMinutes: bakeMinutes ?? DEFAULTS.canaryBakeMinutes, steps: 1 };
  }
  const percent = linear?.stepPercent ?? DEFAULTS.stepPercent;
  return strategy === 'LINEAR'
    // The last step has all traffic, and nobody asks after it.
    ? { percent, bakeMinutes: linear?.stepBakeTimeInMinutes ?? DEFAULTS.stepBakeMinutes, steps: Math.max(1, Math.ceil(100 / percent) - 1) }
    : undefined;
}

/** The target group of a revision, of the two that the hook knows; undefined where it has none or both. */
export function targetGroupOf(
  { loadBalancers = [], resolvedConfiguration }: ServiceRevision, known: readonly HookTargetGroup[],
): HookTargetGroup | undefined {
  const resolved = resolvedConfiguration?.loadBalancers ?? [];
  const arns = new Set((resolved.length > 0 ? resolved : loadBalancers).map(({ targetGroupArn }) => targetGroupArn));
  const found = known.filter(({ arn }) => arns.has(arn));
  return found.length === 1 ? found[0] : undefined;
}
