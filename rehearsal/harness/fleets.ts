import {
  DeleteScheduledActionCommand,
  DescribeScalableTargetsCommand,
  DescribeScheduledActionsCommand,
  PutScheduledActionCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import type { BackendClients } from '../../lambda/controller/backends/backend';

/** Minutes for which fewer instances would do, until target tracking takes some away. */
const SCALE_IN_MINUTES = 15;

interface Fleet {
  present: number;
  min: number;
  readonly max: number;
  /** Minutes for which fewer would do. */
  low: number;
  /** When those that were ordered are in service. */
  arriving: number[];
  status?: string;
}

interface FleetsOptions {
  readonly now: () => number;
  /** Requests a minute that autoscaling aims at for an instance. */
  readonly requestsPerMinute: number;
  /** From the order of an instance until it is in service. */
  readonly startMinutes: number;
}

/**
 * Endpoints of SageMaker with target tracking, and what AWS says of them: more instances are ordered at once, fewer are left after a
 * quarter of an hour. An endpoint that scales has more than one number of instances.
 *
 * @see Amazon SageMaker AI developer guide, "Automatic scaling policy overview"; Application Auto Scaling user guide, "Target tracking
 * scaling policies"
 */
export class Fleets implements BackendClients {
  readonly endpoints = new Map<string, Fleet>();
  readonly actions = new Map<string, { at: number; min: number }>();
  denied = false;

  constructor(private readonly options: FleetsOptions) {}

  get now(): () => number {
    return this.options.now;
  }

  add(endpoint: string, min: number, max: number, present: number): void {
    this.endpoints.set(endpoint, { present, min, max, low: 0, arriving: [] });
  }

  /** A minute with so many requests for an endpoint. */
  minute(endpoint: string, requests: number): void {
    const fleet = this.endpoints.get(endpoint)!;
    const action = this.actions.get(endpoint);
    if (action !== undefined && this.now() >= action.at) {
      fleet.min = action.min;
    }
    const needed = Math.max(fleet.min, Math.min(fleet.max, Math.ceil(requests / this.options.requestsPerMinute)));
    while (fleet.present + fleet.arriving.length < needed) {
      fleet.arriving.push(this.now() + this.options.startMinutes * 60_000);
    }
    fleet.present += fleet.arriving.filter((at) => at <= this.now()).length;
    fleet.arriving = fleet.arriving.filter((at) => at > this.now());
    fleet.low = needed < fleet.present ? fleet.low + 1 : 0;
    if (fleet.low >= SCALE_IN_MINUTES) {
      fleet.present = needed;
    }
  }

  /** Functions have no instances. */
  readonly lambda = { send: (() => Promise.reject(new Error('there are no functions'))) as never };
  readonly lately = async (): Promise<number> => 0;

  readonly sageMaker = {
    send: (async ({ input }: { input: { EndpointName: string } }) => {
      const fleet = this.endpoints.get(input.EndpointName)!;
      return {
        EndpointStatus: fleet.status ?? 'InService',
        ProductionVariants: [{ VariantName: 'AllTraffic', CurrentInstanceCount: fleet.present }],
      };
    }) as never,
  };

  readonly scaling = {
    send: (async (command: {
      input: {
        ResourceId?: string;
        ResourceIds?: string[];
        MinCapacity?: number;
        MaxCapacity?: number;
        Schedule?: string;
        ScalableTargetAction?: { MinCapacity: number };
      };
    }) => {
      if (this.denied) {
        throw Object.assign(new Error('no'), { name: 'AccessDeniedException' });
      }
      const { input } = command;
      const endpoint = /^endpoint\/(.*)\/variant\/[^/]*$/.exec(input.ResourceId ?? input.ResourceIds![0])![1];
      const fleet = this.endpoints.get(endpoint)!;
      switch (command.constructor) {
        case DescribeScalableTargetsCommand:
          return { ScalableTargets: fleet.min === fleet.max ? [] : [{ MinCapacity: fleet.min, MaxCapacity: fleet.max }] };
        case DescribeScheduledActionsCommand: {
          const action = this.actions.get(endpoint);
          return {
            ScheduledActions:
              action === undefined
                ? []
                : [
                    {
                      Schedule: `at(${new Date(action.at).toISOString().slice(0, 19)})`,
                      ScalableTargetAction: { MinCapacity: action.min },
                    },
                  ],
          };
        }
        case PutScheduledActionCommand:
          this.actions.set(endpoint, { at: Date.parse(`${input.Schedule!.slice(3, -1)}Z`), min: input.ScalableTargetAction!.MinCapacity });
          return {};
        case DeleteScheduledActionCommand:
          this.actions.delete(endpoint);
          return {};
        case RegisterScalableTargetCommand:
          fleet.min = input.MinCapacity ?? fleet.min;
          return {};
        default:
          throw new Error(`no ${command.constructor.name}`);
      }
    }) as never,
  };
}
