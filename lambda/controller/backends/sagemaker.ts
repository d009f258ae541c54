import {
  DeleteScheduledActionCommand,
  DescribeScalableTargetsCommand,
  DescribeScheduledActionsCommand,
  PutScheduledActionCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { DescribeEndpointCommand, DescribeEndpointConfigCommand } from '@aws-sdk/client-sagemaker';
import type { SageMakerTarget } from '../../../lib/core/backends/sagemaker';
import { concurrencyProblem, type ForeseenProblem, instancesProblem } from '../../../lib/core/rollout/capacity';
import type { CapacityPlan } from '../../../lib/core/rollout/plan';
import { type BackendClients, likeCandidate, type LookedAfter, type RoomQuestion, seen, UNATTENDED } from './backend';

type Clients = Pick<BackendClients, 'sageMaker' | 'scaling' | 'now'>;
type Place = Pick<SageMakerTarget, 'endpointName' | 'targetVariant'>;

/** What Application Auto Scaling scales: the instances of an endpoint's variant. */
interface Scaled {
  readonly ServiceNamespace: 'sagemaker';
  readonly ScalableDimension: 'sagemaker:variant:DesiredInstanceCount';
  readonly ResourceId: string;
}

/** Name of the scheduled action that gives production's least capacity back, whoever is alive then. */
const RELEASE = 'model-rollout-release';

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

  /**
   * The least number becomes what there is. Before that, a scheduled action of AWS's own is set that gives the declared one back; it is
   * also where the declared one is remembered.
   */
  hold: async (target: SageMakerTarget, until, clients) => {
    const { scaled, present } = await variantOf(target, clients);
    const declared = (await heldMinimum(scaled, clients)) ?? (await leastOf(scaled, clients));
    if (declared === undefined || present === undefined || present <= declared) {
      return undefined;
    }
    await clients.scaling.send(
      new PutScheduledActionCommand({
        ...scaled,
        ScheduledActionName: RELEASE,
        Schedule: `at(${until.toISOString().slice(0, 19)})`,
        ScalableTargetAction: { MinCapacity: declared },
      }),
    );
    await clients.scaling.send(new RegisterScalableTargetCommand({ ...scaled, MinCapacity: present }));
    return present;
  },

  letGo: async (target: SageMakerTarget, clients) => {
    const { scaled } = await variantOf(target, clients);
    // What the controller may not see it has not held either.
    const declared = await seen(() => heldMinimum(scaled, clients));
    if (declared !== undefined) {
      await clients.scaling.send(new RegisterScalableTargetCommand({ ...scaled, MinCapacity: declared }));
      // Last: until then it is where the declared number is remembered.
      await clients.scaling.send(new DeleteScheduledActionCommand({ ...scaled, ScheduledActionName: RELEASE }));
    }
  },

  room: async (question, clients) => (await roomOf(question, clients)).filter((problem) => problem !== undefined),
};

/** Let the instances of a plan scale within other limits. */
export async function scaleWithin(
  { endpointName, variantName }: CapacityPlan,
  limits: { readonly min: number; readonly max: number },
  { scaling }: Pick<BackendClients, 'scaling'>,
): Promise<void> {
  await scaling.send(
    new RegisterScalableTargetCommand({ ...scaledBy(endpointName, variantName), MinCapacity: limits.min, MaxCapacity: limits.max }),
  );
}

/** How many instances of a plan serve. */
export async function instancesOf({ endpointName, variantName }: CapacityPlan, clients: Clients): Promise<number> {
  return (await variantOf({ endpointName, targetVariant: variantName }, clients)).present ?? 0;
}

/** A variant of an endpoint, as it is. */
interface EndpointVariant {
  readonly scaled: Scaled;
  readonly name: string;
  /** Name of the endpoint's configuration. */
  readonly config: string;
  readonly present?: number;
  /** Requests at a time, of one without instances. */
  readonly serverless?: number;
}

async function variantOf({ endpointName, targetVariant }: Place, { sageMaker }: Pick<Clients, 'sageMaker'>): Promise<EndpointVariant> {
  const { ProductionVariants: variants = [], EndpointConfigName: config = '' } = await sageMaker.send(
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
  };
}

function scaledBy(endpointName: string, variantName: string): Scaled {
  return {
    ServiceNamespace: 'sagemaker',
    ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
    ResourceId: `endpoint/${endpointName}/variant/${variantName}`,
  };
}

/** The declared least number while a rollout holds more; undefined if none does. */
async function heldMinimum(scaled: Scaled, { scaling, now }: Clients): Promise<number | undefined> {
  const { ScheduledActions: [action] = [] } = await scaling.send(
    new DescribeScheduledActionsCommand({ ...scaled, ScheduledActionNames: [RELEASE] }),
  );
  // One whose time has come has done its work, and what it says may be of another template.
  const at = Date.parse(`${/^at\((.*)\)$/.exec(action?.Schedule ?? '')?.[1] ?? ''}Z`);
  return at > now() ? action?.ScalableTargetAction?.MinCapacity : undefined;
}

/** Undefined for what does not scale by itself. */
async function leastOf({ ServiceNamespace, ScalableDimension, ResourceId }: Scaled, { scaling }: Clients): Promise<number | undefined> {
  const { ScalableTargets: [target] = [] } = await scaling.send(
    new DescribeScalableTargetsCommand({ ServiceNamespace, ScalableDimension, ResourceIds: [ResourceId] }),
  );
  return target?.MinCapacity;
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
