import { DescribeInferenceComponentCommand, type DescribeInferenceComponentCommandOutput } from '@aws-sdk/client-sagemaker';
import type { SageMakerComponentTarget } from '../../../lib/core/backends/sagemaker-component';
import { type ForeseenProblem, instancesProblem } from '../../../lib/core/rollout/capacity';
import { holdPresent, leastOf, letGo, type Scaled, scaleWithin } from './autoscaling';
import { type BackendClients, likeCandidate, type LookedAfter, type RoomQuestion, seen, UNATTENDED } from './backend';

type Clients = Pick<BackendClients, 'sageMaker' | 'scaling' | 'now'>;

/** Models on instances that they share: each has copies, which autoscaling adds and takes, or those of the model that it adapts. */
export const SAGEMAKER_COMPONENT: LookedAfter = {
  ...UNATTENDED,
  unit: 'copies',

  notInService: async (target: SageMakerComponentTarget, clients) => {
    const { InferenceComponentStatus: status, FailureReason: reason } = await describe(target, clients);
    // One that is being updated serves as before.
    return status === 'InService' || status === 'Updating'
      ? undefined
      : `inference component ${target.inferenceComponent} is ${status ?? 'unknown'}${reason === undefined ? '' : `: ${reason}`}`;
  },

  // Also by its autoscaling. SageMaker does not delete it then.
  isUpdating: async (target: SageMakerComponentTarget, clients) => {
    const { InferenceComponentStatus: status } = await describe(target, clients);
    return status === 'Updating' || status === 'Creating';
  },

  instances: async (target: SageMakerComponentTarget, clients) => copiesOf(await describe(target, clients)),

  hold: async (target: SageMakerComponentTarget, until, clients) =>
    holdPresent(scaledOf(target), copiesOf(await describe(target, clients)), until, clients),

  letGo: (target: SageMakerComponentTarget, clients) => letGo(scaledOf(target), clients),

  scaleWithin: (target: SageMakerComponentTarget, limits, clients) => scaleWithin(scaledOf(target), limits, clients),

  shortage: async (target: SageMakerComponentTarget, clients) => (await describe(target, clients)).FailureReason,

  room: async (question, clients) => [await roomOf(question, clients)].filter((problem) => problem !== undefined),
};

function describe(
  { inferenceComponent }: SageMakerComponentTarget, { sageMaker }: Pick<Clients, 'sageMaker'>,
): Promise<DescribeInferenceComponentCommandOutput> {
  return sageMaker.send(new DescribeInferenceComponentCommand({ InferenceComponentName: inferenceComponent }));
}

/** Undefined of an adapter, which has those of its base. */
function copiesOf({ RuntimeConfig: runtime, Specification: specification }: DescribeInferenceComponentCommandOutput): number | undefined {
  return specification?.BaseInferenceComponentName === undefined ? runtime?.CurrentCopyCount : undefined;
}

function scaledOf({ inferenceComponent }: SageMakerComponentTarget): Scaled {
  return {
    ServiceNamespace: 'sagemaker',
    ScalableDimension: 'sagemaker:inference-component:DesiredCopyCount',
    ResourceId: `inference-component/${inferenceComponent}`,
  };
}

async function roomOf(
  { candidate, production, percent, load, capacity, instanceRequestsPerMinute: requestsPerMinute }: RoomQuestion, clients: Clients,
): Promise<ForeseenProblem | undefined> {
  const mine = candidate as SageMakerComponentTarget;
  const before = likeCandidate(mine, production);
  const [copies, theirs] = await Promise.all([copiesSeen(mine, clients), before && copiesSeen(before, clients)]);
  const most = capacity?.max ?? copies;
  if (most === undefined) {
    return undefined;
  }
  return instancesProblem(
    {
      most, unit: 'copies', scales: capacity !== undefined,
      ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
      ...(theirs === undefined
        ? {}
        : { production: { present: theirs, scales: (await seen(() => leastOf(scaledOf(before!), clients))) !== undefined } }),
    },
    percent,
    load,
  );
}

function copiesSeen(target: SageMakerComponentTarget, clients: Clients): Promise<number | undefined> {
  return seen(async () => copiesOf(await describe(target, clients)));
}
