import { GetItemCommand, paginateQuery } from '@aws-sdk/client-dynamodb';
import { RouteAttribute } from '../../../lib/core/names';
import { RolloutAttribute, RolloutItem } from '../../../lib/core/rollout/state';
import type { AliasRecords } from '../documents/status-document';
import type { Connection } from './connection';
import { anyPolicyName, type RolloutStack } from './stack';

/** Reads the two tables. What is in the records is for others to understand. */
export class Records {
  constructor(
    private readonly connection: Connection,
    private readonly stack: RolloutStack,
  ) {}

  async ofAlias(alias: string): Promise<AliasRecords> {
    const [route, state] = await Promise.all([
      this.item(this.stack.routes!, { [RouteAttribute.KEY]: { S: alias } }),
      this.stack.rollouts === undefined
        ? undefined
        : this.item(this.stack.rollouts, { [RolloutAttribute.ALIAS]: { S: alias }, [RolloutAttribute.ITEM]: { S: RolloutItem.STATE } }),
    ]);
    return {
      ...(route === undefined
        ? {}
        : { route: { json: route[RouteAttribute.ROUTE]?.S ?? '', revision: Number(route[RouteAttribute.REVISION]?.N) } }),
      ...(state === undefined ? {} : { state: state[RolloutAttribute.CONTENT]?.S ?? '' }),
    };
  }

  /** Whether a version was rejected, and nobody has allowed another try since. */
  async isRejected(alias: string, version: string): Promise<boolean> {
    const key = { [RolloutAttribute.ALIAS]: { S: alias }, [RolloutAttribute.ITEM]: { S: RolloutItem.rejected(version) } };
    return this.stack.rollouts !== undefined && (await this.item(this.stack.rollouts, key)) !== undefined;
  }

  /** Contents of an alias's items with a prefix, newest first. */
  async *contents(alias: string, prefix: string): AsyncGenerator<{ item: string; content: string }> {
    if (this.stack.rollouts === undefined) {
      return;
    }
    const pages = paginateQuery(
      { client: this.connection.dynamoDb, pageSize: 200 },
      {
        TableName: this.stack.rollouts,
        KeyConditionExpression: '#alias = :alias AND begins_with(#item, :prefix)',
        ExpressionAttributeNames: { '#alias': RolloutAttribute.ALIAS, '#item': RolloutAttribute.ITEM },
        ExpressionAttributeValues: { ':alias': { S: alias }, ':prefix': { S: prefix } },
        ScanIndexForward: false,
        ConsistentRead: true,
      },
    );
    for (;;) {
      const { value: page, done } = await this.connection.call('dynamodb:Query', this.policy(), () => pages.next());
      if (done === true) {
        return;
      }
      for (const item of page.Items ?? []) {
        yield { item: item[RolloutAttribute.ITEM]?.S ?? '', content: item[RolloutAttribute.CONTENT]?.S ?? '' };
      }
    }
  }

  private async item(
    table: string,
    key: { [name: string]: { S: string } },
  ): Promise<{ [name: string]: { S?: string; N?: string } } | undefined> {
    const { Item: item } = await this.connection.call('dynamodb:GetItem', this.policy(), () =>
      this.connection.dynamoDb.send(new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true })),
    );
    return item;
  }

  private policy(): string {
    return anyPolicyName(this.stack);
  }
}
