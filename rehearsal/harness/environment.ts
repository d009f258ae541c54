import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { abort } from '../../lambda/abort/abort';
import type { ControllerPorts } from '../../lambda/controller/ports';
import { runTask } from '../../lambda/controller/tasks';
import { gate, type GatePorts, type GateResult } from '../../lambda/gate/gate';
import { operate } from '../../lambda/operate/operate';
import type { TaskEvent, TaskResult } from '../../lib/core/rollout/execution';
import type { OrderEvent, OrderResult } from '../../lib/core/rollout/orders';
import type { Callback, Outcome } from '../../lib/core/rollout/state';
import type { Machine } from '../assembly/machine';
import type { Stores } from './memory-stores';
import { walk, type Walk, type WalkOptions } from './walk';

/** What only the outside can tell the controller. */
export type Outside = Pick<ControllerPorts, 'observe' | 'baseline' | 'usualLoad' | 'foresee' | 'replay' | 'warmUp' | 'startControl'>
  & Partial<Pick<
    ControllerPorts,
    'readiness' | 'checkGates' | 'release' | 'isUpdating' | 'notify' | 'keepEvidence' | 'sealEvidence' | 'tellRegistry'
  >>;

/** An execution of the controller's machine. */
export interface Execution {
  readonly name: string;
  readonly input: TaskResult;
}

/** What CloudFormation says of an alias. */
export interface AliasRequest extends Pick<CloudFormationCustomResourceEvent, 'RequestType' | 'RequestId'> {
  readonly ResourceProperties: object;
  readonly OldResourceProperties?: object;
}

/** How executions are followed. */
export interface FollowOptions extends Pick<WalkOptions, 'stop'> {
  /** Before each task. */
  readonly before?: (event: TaskEvent) => Promise<void>;
  /** What a machine's waiting is. @default - the time passes */
  readonly wait?: (seconds: number) => Promise<void>;
}

/**
 * Gate, controller, abort and operate as they are, over tables in memory and a clock of its own. What the outside says, and how time
 * passes, is its users': rehearsals simulate it, tests set it.
 */
export abstract class Environment {
  /** Executions of the controller that were started, in their order. */
  readonly started: Execution[] = [];
  /** What CloudFormation was told. */
  readonly answers: { readonly callback: Callback; readonly outcome: Outcome }[] = [];
  stackStatus = 'UPDATE_IN_PROGRESS';
  abstract readonly routes: Stores['routes'];
  abstract readonly rollouts: Stores['rollouts'];
  /** Epoch milliseconds. */
  abstract readonly now: number;

  /** @param table of the routes */
  constructor(private readonly table: string) {}

  /** What the controller is told. */
  protected abstract outside(): Outside;

  /** Let time pass. */
  protected abstract sleep(ms: number): Promise<void>;

  /** CloudFormation creates, updates or deletes an alias. */
  request(event: AliasRequest): Promise<GateResult> {
    return gate(
      {
        StackId: 'stack',
        LogicalResourceId: 'Route',
        ResponseURL: 'https://cloudformation.invalid/answer',
        OldResourceProperties: {},
        ...event,
      } as unknown as CloudFormationCustomResourceEvent,
      this.gatePorts(),
    );
  }

  /** A task of the controller. */
  carryOut(event: TaskEvent): Promise<TaskResult> {
    return runTask(event, this.ports());
  }

  /** Somebody, or an alarm, gives an order. */
  obey(order: OrderEvent): Promise<OrderResult> {
    const { routes, rollouts, table } = this;
    const now = (): number => this.now;
    return order.verb === 'abort' ? abort(order, { table, routes, now }) : operate(order, { rollouts, now });
  }

  /** The controller's executions one after the other, with those that they hand over to. */
  async follow(machine: Machine, { stop, before, wait = (seconds) => this.sleep(1_000 * seconds) }: FollowOptions = {}): Promise<Walk[]> {
    const walks: Walk[] = [];
    for (let execution = 0; execution < this.started.length; execution++) {
      const invoke: WalkOptions['invoke'] = async (payload) => {
        const event = payload as unknown as TaskEvent;
        await before?.(event);
        return { ...(await this.carryOut(event)) };
      };
      walks.push(await walk(machine, { ...this.started[execution].input }, { invoke, wait, stop }));
    }
    return walks;
  }

  ports(): ControllerPorts {
    const { table, routes, rollouts } = this;
    return {
      readiness: async () => ({ ready: true, failed: false }),
      checkGates: async () => [],
      release: async () => {},
      isUpdating: async () => false,
      notify: async () => {},
      keepEvidence: async (state) => state,
      sealEvidence: async () => undefined,
      tellRegistry: async () => undefined,
      ...this.outside(),
      table,
      routes,
      rollouts,
      report: async (callback, outcome) => void this.answers.push({ callback, outcome }),
      start: async (name, input) => {
        if (!this.started.some((execution) => execution.name === name)) {
          this.started.push({ name, input: input as TaskResult });
        }
      },
      now: () => this.now,
      info: () => {},
      warn: () => {},
    };
  }

  gatePorts(): GatePorts {
    return {
      records: this.routes,
      rollouts: this.rollouts,
      probe: async () => ({ problems: [] }),
      aliasProblem: async () => undefined,
      start: this.ports().start,
      stackStatus: async () => this.stackStatus,
      warn: () => {},
      sleep: (ms) => this.sleep(ms),
      now: () => this.now,
    };
  }
}
