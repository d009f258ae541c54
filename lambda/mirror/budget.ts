import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { BudgetAttribute } from '../../lib/core/names';

/** What is bounded of each: requests of a minute, judgements of a day (UTC). */
export interface BudgetPlan {
  readonly table: string;
  readonly most: number;
  readonly of: 'minute' | 'day';
}

/** How many minutes it counts, how long its counter is kept after its beginning, seconds, and what its key is multiplied by. */
const KINDS = {
  minute: { minutes: 1, keepSeconds: 3_600, sign: 1 },
  // Days are counted beside minutes, under numbers that no minute has.
  day: { minutes: 1_440, keepSeconds: 2 * 86_400, sign: -1 },
} as const;

/** Bounds what is done in a minute or a day, over all instances of the function, by a counter in a table. */
export class Budget {
  constructor(
    private readonly client: Pick<DynamoDBClient, 'send'>,
    private readonly plan: BudgetPlan,
    private readonly now: () => number = Date.now,
  ) {}

  /** Take a place in the current minute or day. Without an answer there is none: an unknown number of requests is no bound. */
  async admit(): Promise<boolean> {
    const { table, most, of } = this.plan;
    const { minutes, keepSeconds, sign } = KINDS[of];
    const period = Math.floor(this.now() / (minutes * 60_000));
    try {
      const { Attributes: attributes } = await this.client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { [BudgetAttribute.MINUTE]: { N: String(sign * period) } },
          UpdateExpression: 'ADD #n :one SET #e = :e',
          ExpressionAttributeNames: { '#n': BudgetAttribute.REQUESTS, '#e': BudgetAttribute.EXPIRES },
          ExpressionAttributeValues: { ':one': { N: '1' }, ':e': { N: String(period * minutes * 60 + keepSeconds) } },
          ReturnValues: 'UPDATED_NEW',
        }),
      );
      return Number(attributes?.[BudgetAttribute.REQUESTS]?.N) <= most;
    } catch {
      return false;
    }
  }
}
