import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { BudgetAttribute } from '../../lib/core/names';

/** How long the counter of a minute is kept, seconds. */
const KEEP_SECONDS = 3_600;

/** Bounds the requests of a minute, over all instances of the function, by a counter in a table. */
export class MinuteBudget {
  constructor(
    private readonly client: Pick<DynamoDBClient, 'send'>,
    private readonly table: string,
    private readonly most: number,
    private readonly now: () => number = Date.now,
  ) {}

  /** Take a place in the current minute. Without an answer there is none: an unknown number of requests is no bound. */
  async admit(): Promise<boolean> {
    const minute = Math.floor(this.now() / 60_000);
    try {
      const { Attributes: attributes } = await this.client.send(
        new UpdateItemCommand({
          TableName: this.table,
          Key: { [BudgetAttribute.MINUTE]: { N: String(minute) } },
          UpdateExpression: 'ADD #n :one SET #e = :e',
          ExpressionAttributeNames: { '#n': BudgetAttribute.REQUESTS, '#e': BudgetAttribute.EXPIRES },
          ExpressionAttributeValues: { ':one': { N: '1' }, ':e': { N: String(minute * 60 + KEEP_SECONDS) } },
          ReturnValues: 'UPDATED_NEW',
        }),
      );
      return Number(attributes?.[BudgetAttribute.REQUESTS]?.N) <= this.most;
    } catch {
      return false;
    }
  }
}
