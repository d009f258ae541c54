import type { DynamoDBClient} from '@aws-sdk/client-dynamodb';
import {
  ConditionalCheckFailedException, DeleteItemCommand, GetItemCommand, PutItemCommand, ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb';
import { RouteAttribute } from '../../lib/core/names';

/** A route record as stored: the route is not parsed, so that an unreadable one can be replaced. */
export interface StoredRoute {
  readonly revision: number;
  readonly json: string;
}

/** The route table, as its writer sees it. */
export class RouteRecords {
  constructor(private readonly client: Pick<DynamoDBClient, 'send'>) {}

  async read(table: string, key: string): Promise<StoredRoute | undefined> {
    const { Item: item } = await this.client.send(
      new GetItemCommand({ TableName: table, Key: { [RouteAttribute.KEY]: { S: key } }, ConsistentRead: true }),
    );
    return item === undefined
      ? undefined
      : { revision: Number(item[RouteAttribute.REVISION]?.N ?? 0), json: item[RouteAttribute.ROUTE]?.S ?? '' };
  }

  /** Replace the record that was read; false when somebody else was faster. */
  async write(table: string, key: string, replaced: StoredRoute | undefined, json: string): Promise<boolean> {
    try {
      await this.client.send(
        new PutItemCommand({
          TableName: table,
          Item: {
            [RouteAttribute.KEY]: { S: key },
            [RouteAttribute.REVISION]: { N: String((replaced?.revision ?? 0) + 1) },
            [RouteAttribute.ROUTE]: { S: json },
          },
          ExpressionAttributeNames: replaced === undefined ? { '#k': RouteAttribute.KEY } : { '#r': RouteAttribute.REVISION },
          ...(replaced === undefined
            ? { ConditionExpression: 'attribute_not_exists(#k)' }
            : { ConditionExpression: '#r = :r', ExpressionAttributeValues: { ':r': { N: String(replaced.revision) } } }),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException || (error as Error).name === 'ConditionalCheckFailedException') {
        return false;
      }
      throw error;
    }
  }

  /** Remove the record. A record, or a table, that is gone already is what was wanted. */
  async remove(table: string, key: string): Promise<void> {
    try {
      await this.client.send(new DeleteItemCommand({ TableName: table, Key: { [RouteAttribute.KEY]: { S: key } } }));
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException) && (error as Error).name !== 'ResourceNotFoundException') {
        throw error;
      }
    }
  }
}
