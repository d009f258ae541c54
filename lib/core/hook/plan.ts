/** How a hook judges a deployment of a service of Amazon ECS, as the construct gives it to its function. */
export interface EvidenceHookPlan {
  readonly schema: 1;
  /** The two between which ECS goes back and forth: which of them is the candidate's changes with every deployment. */
  readonly targetGroups: readonly HookTargetGroup[];
  /** Answers that take longer are counted as slow. Absent: none are. */
  readonly slowerThanSeconds?: number;
  /** Chance of rolling a healthy candidate back, over all steps of a deployment. */
  readonly alpha: number;
  /** Requests that the candidate must have had in a step. */
  readonly minimumRequests: number;
  /** How long a step may wait for certainty. */
  readonly waitSeconds: number;
  /** What happens then. */
  readonly inconclusive: 'rollback' | 'advance';
}

/** A target group of an Application Load Balancer. */
export interface HookTargetGroup {
  readonly arn: string;
  /** As its metrics name it and its load balancer. */
  readonly dimensions: { readonly [name: string]: string };
}

/** A step of a deployment that is to be judged. */
export interface HookStep {
  /** Since when the candidate has its share, epoch milliseconds. */
  readonly since: number;
  /** When it was asked about first, after its bake time, epoch milliseconds. */
  readonly askedAt: number;
  /** The candidate's share of the requests, in (0, 1). */
  readonly share: number;
  /** Steps of the deployment that are judged. */
  readonly steps: number;
  readonly candidate: HookTargetGroup;
  readonly production: HookTargetGroup;
}

/** What the hook answers: what comes next, and why. */
export interface HookAnswer {
  readonly status: 'SUCCEEDED' | 'FAILED' | 'IN_PROGRESS';
  readonly sentence: string;
}
