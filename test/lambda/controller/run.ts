import { App, Stack } from 'aws-cdk-lib/core';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Template } from 'aws-cdk-lib/assertions';
import { RolloutMachine } from '../../../lib/control-plane/rollout-machine';
import type { RolloutPlan } from '../../../lib/core/rollout/plan';
import type { TaskEvent } from '../../../lambda/controller/tasks';
import { type Machine, walk, type Walk } from '../../../rehearsal/engine/walk';
import type { World } from './world';

/** The controller's machine as it is synthesized. */
export const machine = synthesized();

function synthesized(): Machine {
  const stack = new Stack(new App(), 'Stack');
  new RolloutMachine(stack, 'Machine', { controller: lambda.Function.fromFunctionName(stack, 'Controller', 'controller') });
  const [definition] = Object.values(Template.fromStack(stack).findResources('AWS::StepFunctions::StateMachine'));
  const text = definition.Properties.DefinitionString as string | { 'Fn::Join': [string, unknown[]] };
  return JSON.parse(typeof text === 'string' ? text : text['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : 'token')).join('')) as Machine;
}

export interface RunOptions {
  readonly stop?: Parameters<typeof walk>[2]['stop'];
  /** Called whenever the machine waits, at every second of it that matters: its beginning. */
  readonly onWait?: (seconds: number) => Promise<void>;
  readonly invoke?: (event: TaskEvent) => Promise<void>;
}

/** Deploy v2 over v1 and walk the controller's executions to their end, those it hands over to included. */
export async function run(world: World, planned: RolloutPlan, options: RunOptions = {}): Promise<Walk[]> {
  await world.deploy('v1', { type: 'Create', plan: planned });
  await world.deploy('v2', { plan: planned, request: 'change' });
  return follow(world, options);
}

export async function follow(world: World, options: RunOptions = {}): Promise<Walk[]> {
  const walks: Walk[] = [];
  for (let execution = 0; execution < world.started.length; execution++) {
    walks.push(await walk(machine, { ...world.started[execution].input }, {
      invoke: async (payload) => {
        const event = payload as unknown as TaskEvent;
        await options.invoke?.(event);
        return { ...(await world.task(event.task, event)) };
      },
      wait: async (seconds) => {
        await options.onWait?.(seconds);
        world.now += seconds * 1_000;
      },
      stop: options.stop,
    }));
  }
  return walks;
}
