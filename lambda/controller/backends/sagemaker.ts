import { DescribeEndpointCommand, DescribeEndpointConfigCommand } from '@aws-sdk/client-sagemaker';
import type { SageMakerTarget } from '../../../lib/core/backends/sagemaker';
import { concurrencyProblem, type ForeseenProblem, instancesProblem } from '../../../lib/core/rollout/capacity';
import { holdPresent, leastOf, letGo, type Scaled, scaleWithin } from './autoscaling';
import { type BackendClients, likeCandidate, type LookedAfter, type RoomQuestion, seen, UNATTENDED } from './backend';

type Clients = Pick<BackendClients, 'sageMaker' | 'scaling' | 'now'>;
type Place = Pick<SageMakerTarget, 'endpointName' | 'targetVariant'>;

/** Endpoints, with instances that autoscaling adds and takes, or without any. */
export const SAGEMAKER: LookedAfter = {
  ...UNATTENDED,

  notInService: async ({ endpointName }: SageMakerTarget, { sageMaker }) => {
    const { EndpointStatus: status, FailureReason: reason } = await sageMaker.send(
      new DescribeEndpointCommand({ EndpointName: endpointName }),
    );
    // An endpoint that is being updated serves as before.
    return status === 'InService' || status === 'Updating'
      ? undefined
      : `SageMaker endpoint ${endpointName} is ${status ?? 'unknown'}${reason === undefined ? '' : `: ${reason}`}`;
  },

  // By its autoscaling for instance. SageMaker does not delete it then.
  isUpdating: async ({ endpointName }: SageMakerTarget, { sageMaker }) =>
    (await sageMaker.send(new DescribeEndpointCommand({ EndpointName: endpointName }))).EndpointStatus === 'Updating',

  instances: async (target: SageMakerTarget, clients) => (await variantOf(target, clients)).present,

  hold: async (target: SageMakerTarget, until, clients) => {
    const { scaled, present } = await variantOf(target, clients);
    return holdPresent(scaled, present, until, clients);
  },

  letGo: async (target: SageMakerTarget, clients) => letGo((await variantOf(target, clients)).scaled, clients),

  scaleWithin: async (target: SageMakerTarget, limits, clients) =>
    scaleWithin((await variantOf(target, clients)).scaled, limits, clients),

  shortage: async (target: SageMakerTarget, clients) => {
    const { shortage } = await variantOf(target, clients);
    return shortage;
  },

  room: async (question, clients) => (await roomOf(question, clients)).filter((problem) => problem !== undefined),
};

/** A variant of an endpoint, as it is. */
interface EndpointVariant {
  readonly scaled: Scaled;
  readonly name: string;
  /** Name of the endpoint's configuration. */
  readonly config: string;
  readonly present?: number;
  /** Requests at a time, of one without instances. */
  readonly serverless?: number;
  /** What SageMaker says of a change that goes on, or that failed. */
  readonly shortage?: string;
}

async function variantOf({ endpointName, targetVariant }: Place, { sageMaker }: Pick<Clients, 'sageMaker'>): Promise<EndpointVariant> {
  const { ProductionVariants: variants = [], EndpointConfigName: config = '', FailureReason: failure } = await sageMaker.send(
    new DescribeEndpointCommand({ EndpointName: endpointName }),
  );
  const variant = targetVariant === undefined ? variants[0] : variants.find(({ VariantName: name }) => name === targetVariant);
  const name = variant?.VariantName ?? targetVariant ?? '';
  return {
    scaled: scaledBy(endpointName, name),
    name,
    config,
    present: variant?.CurrentInstanceCount,
    serverless: variant?.CurrentServerlessConfig?.MaxConcurrency,
    shortage: failure ?? variant?.VariantStatus?.findLast(({ StatusMessage: message }) => message !== undefined)?.StatusMessage,
  };
}

function scaledBy(endpointName: string, variantName: string): Scaled {
  return {
    ServiceNamespace: 'sagemaker',
    ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
    ResourceId: `endpoint/${endpointName}/variant/${variantName}`,
  };
}

async function roomOf(
  { candidate, production, percent, load, capacity, instanceRequestsPerMinute }: RoomQuestion,
  clients: Clients,
): Promise<(ForeseenProblem | undefined)[]> {
  const endpoint = likeCandidate(candidate as SageMakerTarget, production);
  const [mine, theirs] = await Promise.all([
    seen(() => machinesOf(candidate as SageMakerTarget, clients)),
    endpoint && seen(() => machinesOf(endpoint, clients)),
  ]);
  if (mine === undefined) {
    return [];
  }
  if (mine.serverless !== undefined) {
    return [concurrencyProblem({ setting: 'maxConcurrency', most: mine.serverless }, percent, load, theirs?.serverless)];
  }
  const most = capacity?.max ?? mine.present;
  const alike = theirs?.present !== undefined && theirs.type !== undefined && theirs.type === mine.type;
  return most === undefined
    ? []
    : [
        instancesProblem(
          {
            most,
            scales: capacity !== undefined,
            ...(instanceRequestsPerMinute === undefined ? {} : { requestsPerMinute: instanceRequestsPerMinute }),
            ...(alike
              ? { production: { present: theirs.present!, scales: (await seen(() => isScaled(endpoint!, clients))) ?? false } }
              : {}),
          },
          percent,
          load,
        ),
      ];
}

/** Whether the number of instances follows the load. */
async function isScaled(target: Place, clients: Clients): Promise<boolean> {
  return (await leastOf((await variantOf(target, clients)).scaled, clients)) !== undefined;
}

interface Machines {
  readonly present?: number;
  readonly type?: string;
  /** Requests at a time, of an endpoint without instances. */
  readonly serverless?: number;
}

async function machinesOf(target: Place, clients: Clients): Promise<Machines> {
  const { config, name, present, serverless } = await variantOf(target, clients);
  if (serverless !== undefined) {
    return { serverless };
  }
  const { ProductionVariants: variants = [] } = await clients.sageMaker.send(
    new DescribeEndpointConfigCommand({ EndpointConfigName: config }),
  );
  return { present, type: variants.find(({ VariantName: of }) => of === name)?.InstanceType };
}
