import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { BudgetAttribute } from '../../lib/core/names';

/** What is bounded of each minute. */
export interface BudgetPlan {
  readonly table: string;
  readonly most: number;
}

/** How long a counter is kept after its minute, seconds. */
const KEPT_SECONDS = 3_600;

/** Bounds what is done in a minute, over all instances of the function, by a counter in a table. */
export class Budget {
  constructor(
    private readonly client: Pick<DynamoDBClient, 'send'>,
    private readonly plan: BudgetPlan,
    private readonly now: () => number = Date.now,
  ) {}

  /** Take a place in the current minute. Without an answer there is none: an unknown number of requests is no bound. */
  async admit(): Promise<boolean> {
    const { table, most } = this.plan;
    const minute = Math.floor(this.now() / 60_000);
    try {
      const { Attributes: attributes } = await this.client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { [BudgetAttribute.MINUTE]: { N: String(minute) } },
          UpdateExpression: 'ADD #n :one SET #e = :e',
          ExpressionAttributeNames: { '#n': BudgetAttribute.REQUESTS, '#e': BudgetAttribute.EXPIRES },
          ExpressionAttributeValues: { ':one': { N: '1' }, ':e': { N: String(minute * 60 + KEPT_SECONDS) } },
          ReturnValues: 'UPDATED_NEW',
        }),
      );
      return Number(attributes?.[BudgetAttribute.REQUESTS]?.N) <= most;
    } catch {
      return false;
    }
  }
}
