import type { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { SageMakerClient } from '@aws-sdk/client-sagemaker';
import type { Target } from '../../../lib/core/backends/backends';
import type { ForeseenProblem, Load } from '../../../lib/core/rollout/capacity';
import type { CapacityPlan } from '../../../lib/core/rollout/plan';

/** What versions are looked after with. */
export interface BackendClients {
  readonly lambda: Pick<LambdaClient, 'send'>;
  readonly sageMaker: Pick<SageMakerClient, 'send'>;
  readonly scaling: Pick<ApplicationAutoScalingClient, 'send'>;
  /** The most that a metric of AWS's without dimensions has been in the last quarter of an hour. */
  readonly lately: (namespace: string, metricName: string) => Promise<number>;
  readonly now: () => number;
}

/** Whether the candidate has room for a share of an alias's requests. */
export interface RoomQuestion {
  readonly candidate: Target;
  readonly production: Target;
  readonly percent: number;
  /** The share that it has now; absent where nobody asks what it shares with others just now. */
  readonly before?: number;
  readonly load: Load;
  readonly capacity?: CapacityPlan;
  /** What one of the candidate's instances is said to take. */
  readonly instanceRequestsPerMinute?: number;
}

/** How the controller of a rollout looks after versions of a kind. Everything rejects where it cannot be seen or done. */
export interface LookedAfter {
  /** What scales. */
  readonly unit: 'instances' | 'copies';

  /** Why the version cannot serve yet, in a sentence; undefined where it can, or only its router can tell. */
  notInService(target: Target, clients: BackendClients): Promise<string | undefined>;

  /** Whether the version is being changed, and cannot be deleted just now. */
  isUpdating(target: Target, clients: BackendClients): Promise<boolean>;

  /** How many instances or copies serve; undefined where there are none to count. */
  instances(target: Target, clients: BackendClients): Promise<number | undefined>;

  /** Keep autoscaling from taking instances until then, whoever is alive; how many stay, undefined if there is nothing to hold. */
  hold(target: Target, until: Date, clients: BackendClients): Promise<number | undefined>;

  /** Give what is held back. */
  letGo(target: Target, clients: BackendClients): Promise<void>;

  /** Let its instances or copies scale within other limits. */
  scaleWithin(target: Target, limits: { readonly min: number; readonly max: number }, clients: BackendClients): Promise<void>;

  /** Why fewer are there than were ordered, in the service's own words; undefined where it says nothing. */
  shortage(target: Target, clients: BackendClients): Promise<string | undefined>;

  /** Why the candidate has no room for a share, or may have none. */
  room(question: RoomQuestion, clients: BackendClients): Promise<ForeseenProblem[]>;

  /** Start the version anew beside itself. Rejects with a {@link NoControlError} where waiting would not help. */
  startAnew(target: Target, clients: Pick<BackendClients, 'lambda'>): Promise<Target>;

  /** Remove what was started anew, if it is still there. */
  removeAnew(target: Target, clients: Pick<BackendClients, 'lambda'>): Promise<void>;
}

/** Production where it is of the candidate's kind: nothing else that it has says what the candidate needs. */
export function likeCandidate<T extends Target>(candidate: T, production: Target): T | undefined {
  return production.kind === candidate.kind ? (production as T) : undefined;
}

/** There is no fresh control, and waiting would not change that. */
export class NoControlError extends Error {
  override readonly name = 'NoControlError';
}

/** What serves by itself, of which there is one only and a number that nobody here changes. Kinds that need more say what. */
export const UNATTENDED: LookedAfter = {
  unit: 'instances',
  notInService: async () => undefined,
  isUpdating: async () => false,
  instances: async () => undefined,
  hold: async () => undefined,
  letGo: async () => {},
  scaleWithin: async () => {},
  shortage: async () => undefined,
  room: async () => [],
  startAnew: () => Promise.reject(new NoControlError('production is not a Lambda function, and only these can be started anew')),
  removeAnew: async () => {},
};

/** What the controller may not see is somebody else's, who looks after it or does not. */
export const NOT_OURS: ReadonlySet<string> = new Set(['AccessDeniedException', 'AccessDenied']);

/** What can be seen; undefined for what is not there, or is somebody else's. */
export async function seen<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    const { name } = error as Error;
    if (NOT_OURS.has(name) || name === 'ResourceNotFoundException' || name === 'ProvisionedConcurrencyConfigNotFoundException') {
      return undefined;
    }
    throw error;
  }
}
