import {
  type AliasConfiguration, CreateAliasCommand, DeleteAliasCommand, GetAliasCommand, LambdaClient, UpdateAliasCommand,
} from '@aws-sdk/client-lambda';
import {
  CreateScheduleCommand, type CreateScheduleCommandInput, DeleteScheduleCommand, SchedulerClient, UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { type AliasStamp, readStamp, stampText } from '../../../lib/core/routing/direct';
import type { DirectAlias } from '../../../lib/core/routing/direct-alias';
import type { Aliases, LeaseEnd, StandingAlias } from './aliases';

/** A schedule in the past would be refused; Scheduler keeps its time to a minute. */
const SOONEST_MS = 60_000;

/** Lambda's aliases, and EventBridge Scheduler's schedules, which call Lambda by themselves: nobody of ours need be alive for it. */
export class LambdaAliases implements Aliases {
  constructor(
    private readonly lambda: Pick<LambdaClient, 'send'> = new LambdaClient({ maxAttempts: 5 }),
    private readonly scheduler: Pick<SchedulerClient, 'send'> = new SchedulerClient({ maxAttempts: 5 }),
    private readonly now: () => number = Date.now,
  ) {}

  async look(alias: DirectAlias): Promise<StandingAlias | undefined> {
    const found = await unless('ResourceNotFoundException', () => this.lambda.send(new GetAliasCommand(nameOf(alias))));
    return found && standing(found);
  }

  async create(alias: DirectAlias, stamp: AliasStamp): Promise<void> {
    await this.lambda.send(new CreateAliasCommand({ ...nameOf(alias), ...inputOf(stamp) }));
  }

  async update(alias: DirectAlias, stamp: AliasStamp, revisionId: string): Promise<string | undefined> {
    const updated = await unless('PreconditionFailedException', () =>
      this.lambda.send(new UpdateAliasCommand({ ...nameOf(alias), ...inputOf(stamp), RevisionId: revisionId })));
    return updated?.RevisionId;
  }

  async keepLease(alias: DirectAlias, { until, back, revisionId }: LeaseEnd): Promise<void> {
    const at = new Date(Math.max(until, this.now() + SOONEST_MS)).toISOString().slice(0, 19);
    const schedule: CreateScheduleCommandInput = {
      Name: alias.schedule,
      Description: `Puts an alias back on version ${back.weights.version}, unless a controller lives`,
      ScheduleExpression: `at(${at})`,
      ScheduleExpressionTimezone: 'UTC',
      FlexibleTimeWindow: { Mode: 'OFF' },
      ActionAfterCompletion: 'DELETE',
      Target: {
        Arn: `arn:${alias.roleArn.split(':')[1]}:scheduler:::aws-sdk:lambda:updateAlias`,
        RoleArn: alias.roleArn,
        Input: JSON.stringify({ ...nameOf(alias), ...inputOf(back), ...(revisionId !== undefined && { RevisionId: revisionId }) }),
      },
    };
    const moved = await unless('ResourceNotFoundException', () => this.scheduler.send(new UpdateScheduleCommand(schedule)));
    if (moved === undefined) {
      await this.scheduler.send(new CreateScheduleCommand(schedule));
    }
  }

  async endLease(alias: DirectAlias): Promise<void> {
    await unless('ResourceNotFoundException', () => this.scheduler.send(new DeleteScheduleCommand({ Name: alias.schedule })));
  }

  async remove(alias: DirectAlias): Promise<void> {
    // An alias that is gone already, or its function, is what was wanted.
    await unless('ResourceNotFoundException', () => this.lambda.send(new DeleteAliasCommand(nameOf(alias))));
  }
}

function nameOf({ functionName, aliasName }: DirectAlias): { readonly FunctionName: string; readonly Name: string } {
  return { FunctionName: functionName, Name: aliasName };
}

function inputOf(stamp: AliasStamp): {
  readonly FunctionVersion: string;
  readonly RoutingConfig: { readonly AdditionalVersionWeights: { [version: string]: number } };
  readonly Description: string;
} {
  const { version, others } = stamp.weights;
  return { FunctionVersion: version, RoutingConfig: { AdditionalVersionWeights: { ...others } }, Description: stampText(stamp) };
}

function standing(found: AliasConfiguration): StandingAlias {
  const { FunctionVersion: version, RoutingConfig: routing, Description: description, RevisionId: revisionId } = found;
  const stamp = readStamp(description);
  return {
    weights: { version: version!, others: routing?.AdditionalVersionWeights ?? {} },
    revisionId: revisionId!,
    ...(stamp && { stamp }),
  };
}

async function unless<T>(refusal: string, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if ((error as Error).name !== refusal) {
      throw error;
    }
    return undefined;
  }
}
