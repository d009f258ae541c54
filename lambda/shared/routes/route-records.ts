import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteItemCommand,
  GetItemCommand,
  ResourceNotFoundException,
  ScanCommand,
  type ScanCommandOutput,
} from '@aws-sdk/client-dynamodb';
import { RouteAttribute } from '../../../lib/core/names';
import { parseMemory, type RouteMemory } from '../../../lib/core/routing/ownership';
import { conditionally, putNext, unchanged } from '../records/versioned-table';

/** A route record as stored: the route is not parsed, so that an unreadable one can be replaced. */
export interface StoredRoute {
  readonly revision: number;
  readonly json: string;
  /** Whose it is, and what the gate has done with it. */
  readonly memory?: RouteMemory;
}

/** The route table, as its writer sees it. */
export class RouteRecords {
  constructor(private readonly client: Pick<DynamoDBClient, 'send'>) {}

  async read(table: string, key: string): Promise<StoredRoute | undefined> {
    const { Item: item } = await this.client.send(
      new GetItemCommand({ TableName: table, Key: { [RouteAttribute.KEY]: { S: key } }, ConsistentRead: true }),
    );
    return item && storedRoute(item);
  }

  /** Every record, by its key. A stack has some tens of them at the most. */
  async all(table: string): Promise<Map<string, StoredRoute>> {
    const found = new Map<string, StoredRoute>();
    let start: ScanCommandOutput['LastEvaluatedKey'];
    do {
      const page: ScanCommandOutput = await this.client.send(
        new ScanCommand({ TableName: table, ConsistentRead: true, ExclusiveStartKey: start }),
      );
      for (const item of page.Items ?? []) {
        found.set(item[RouteAttribute.KEY].S!, storedRoute(item));
      }
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
    return found;
  }

  /** Replace the record that was read; false when somebody else was faster. It stays whose it was, unless `memory` says otherwise. */
  async write(
    table: string,
    key: string,
    replaced: StoredRoute | undefined,
    json: string,
    memory: RouteMemory | undefined = replaced?.memory,
  ): Promise<boolean> {
    const item = {
      [RouteAttribute.KEY]: { S: key },
      [RouteAttribute.ROUTE]: { S: json },
      ...(memory && { [RouteAttribute.MEMORY]: { S: JSON.stringify(memory) } }),
    };
    return putNext(this.client, table, item, { key: RouteAttribute.KEY, revision: RouteAttribute.REVISION }, replaced);
  }

  /**
   * Remove the record, where `read` is given only as it was read; false when somebody has changed it. A record, or a table, that is gone
   * already is what was wanted.
   */
  async remove(table: string, key: string, read?: StoredRoute): Promise<boolean> {
    return conditionally(async () => {
      try {
        await this.client.send(
          new DeleteItemCommand({
            TableName: table,
            Key: { [RouteAttribute.KEY]: { S: key } },
            ...(read && unchanged(RouteAttribute.REVISION, read)),
          }),
        );
      } catch (error) {
        if (!(error instanceof ResourceNotFoundException) && (error as Error).name !== 'ResourceNotFoundException') {
          throw error;
        }
      }
    });
  }
}

function storedRoute(item: { readonly [name: string]: AttributeValue }): StoredRoute {
  const memory = parseMemory(item[RouteAttribute.MEMORY]?.S);
  return { revision: Number(item[RouteAttribute.REVISION]?.N ?? 0), json: item[RouteAttribute.ROUTE]?.S ?? '', ...(memory && { memory }) };
}
