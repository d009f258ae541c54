import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteItemCommand, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { parseState } from '../../../lib/core/rollout/parse';
import {
  type Callback,
  type Rejection,
  RolloutAttribute,
  RolloutItem,
  type RolloutState,
  type Served,
  type StoredDecision,
} from '../../../lib/core/rollout/state';
import { changeUntilItStands, putNext } from './versioned-table';

/** A rollout's state with the revision that a writer must name. */
export interface StoredState {
  readonly revision: number;
  readonly state: RolloutState;
}

/**
 * Change the state of the rollout of an alias until it stands; undefined leaves it alone. Resolves to what was written.
 *
 * @param complete writes elsewhere what the state is to name, before every try to write it, and resolves to the state that names it
 */
export async function changeState(
  rollouts: Pick<RolloutStore, 'readState' | 'writeState'>,
  alias: string,
  change: (state: RolloutState | undefined) => RolloutState | undefined,
  complete: (state: RolloutState) => Promise<RolloutState> = async (state) => state,
): Promise<RolloutState | undefined> {
  let written: RolloutState | undefined;
  const changed = await changeUntilItStands<StoredState, RolloutState>(
    {
      what: `the rollout of ${alias}`,
      read: () => rollouts.readState(alias),
      write: async (replaced, state) => {
        written = await complete(state);
        return rollouts.writeState(replaced, written);
      },
    },
    (stored) => change(stored?.state),
  );
  return changed && written;
}

/** How long decisions are kept, seconds. */
const KEEP_DECISIONS_SECONDS = 180 * 86_400;
/** CloudFormation waits for half a day at the longest. */
const KEEP_CALLBACK_SECONDS = 2 * 86_400;

/** The table of rollouts. */
export class RolloutStore {
  constructor(private readonly client: Pick<DynamoDBClient, 'send'>, private readonly table: string) {}

  async readState(alias: string): Promise<StoredState | undefined> {
    const item = await this.get(alias, RolloutItem.STATE);
    return item === undefined
      ? undefined
      : { revision: Number(item[RolloutAttribute.REVISION]?.N ?? 0), state: parseState(item[RolloutAttribute.CONTENT]?.S ?? 'null') };
  }

  /** Replace the state that was read; false when somebody else was faster. */
  writeState(replaced: StoredState | undefined, state: RolloutState): Promise<boolean> {
    const item = { ...this.key(state.alias, RolloutItem.STATE), [RolloutAttribute.CONTENT]: { S: JSON.stringify(state) } };
    return putNext(this.client, this.table, item, { key: RolloutAttribute.ALIAS, revision: RolloutAttribute.REVISION }, replaced);
  }

  removeState(alias: string): Promise<void> {
    return this.delete(alias, RolloutItem.STATE);
  }

  /** Keep a decision; the same decision again replaces itself. */
  addDecision(alias: string, startedAt: number, index: number, decision: StoredDecision): Promise<void> {
    return this.put(
      alias,
      RolloutItem.decision(startedAt, index),
      decision,
      Math.floor(decision.decision.at / 1_000) + KEEP_DECISIONS_SECONDS,
    );
  }

  async rejection(alias: string, version: string): Promise<Rejection | undefined> {
    const item = await this.get(alias, RolloutItem.rejected(version));
    return item && content<Rejection>(item);
  }

  /** Every rejected version of an alias. */
  async rejections(alias: string): Promise<Rejection[]> {
    return (await this.items(alias, RolloutItem.rejected(''))).map((item) => content<Rejection>(item));
  }

  /** What is known of the versions of an alias that has another name now. */
  async carryOver(from: string, to: string): Promise<void> {
    const known = [...(await this.items(from, RolloutItem.rejected(''))), ...(await this.items(from, RolloutItem.served('')))];
    for (const item of known) {
      await this.client.send(new PutItemCommand({ TableName: this.table, Item: { ...item, [RolloutAttribute.ALIAS]: { S: to } } }));
    }
  }

  /**
   * Where CloudFormation waits for a rollout's end: whoever knows that can answer, so it is nothing of the alias's that people may read.
   */
  addCallback(rolloutId: string, callback: Callback, now: number): Promise<void> {
    return this.put(rolloutId, RolloutItem.CALLBACK, callback, Math.floor(now / 1_000) + KEEP_CALLBACK_SECONDS);
  }

  async callback(rolloutId: string): Promise<Callback | undefined> {
    const item = await this.get(rolloutId, RolloutItem.CALLBACK);
    return item && content<Callback>(item);
  }

  reject(alias: string, rejection: Rejection): Promise<void> {
    return this.put(alias, RolloutItem.rejected(rejection.version), rejection);
  }

  forgive(alias: string, version: string): Promise<void> {
    return this.delete(alias, RolloutItem.rejected(version));
  }

  async served(alias: string, version: string): Promise<Served | undefined> {
    const item = await this.get(alias, RolloutItem.served(version));
    return item && content<Served>(item);
  }

  /** Remember that a version was good until now. */
  addServed(alias: string, served: Served): Promise<void> {
    return this.put(alias, RolloutItem.served(served.version), served, Math.floor(served.until / 1_000) + KEEP_DECISIONS_SECONDS);
  }

  private async items(alias: string, prefix: string): Promise<{ [name: string]: AttributeValue }[]> {
    const found: { [name: string]: AttributeValue }[] = [];
    let start: { [name: string]: AttributeValue } | undefined;
    do {
      const page = await this.client.send(
        new QueryCommand({
          TableName: this.table,
          KeyConditionExpression: '#a = :a AND begins_with(#i, :i)',
          ExpressionAttributeNames: { '#a': RolloutAttribute.ALIAS, '#i': RolloutAttribute.ITEM },
          ExpressionAttributeValues: { ':a': { S: alias }, ':i': { S: prefix } },
          ConsistentRead: true,
          ExclusiveStartKey: start,
        }),
      );
      found.push(...(page.Items ?? []));
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
    return found;
  }

  private key(alias: string, item: string): { [name: string]: AttributeValue } {
    return { [RolloutAttribute.ALIAS]: { S: alias }, [RolloutAttribute.ITEM]: { S: item } };
  }

  private async get(alias: string, item: string): Promise<{ [name: string]: AttributeValue } | undefined> {
    return (await this.client.send(new GetItemCommand({ TableName: this.table, Key: this.key(alias, item), ConsistentRead: true }))).Item;
  }

  private async put(alias: string, item: string, value: unknown, expires?: number): Promise<void> {
    await this.client.send(
      new PutItemCommand({
        TableName: this.table,
        Item: {
          ...this.key(alias, item),
          [RolloutAttribute.CONTENT]: { S: JSON.stringify(value) },
          ...(expires === undefined ? {} : { [RolloutAttribute.EXPIRES]: { N: String(expires) } }),
        },
      }),
    );
  }

  private async delete(alias: string, item: string): Promise<void> {
    await this.client.send(new DeleteItemCommand({ TableName: this.table, Key: this.key(alias, item) }));
  }
}

function content<T>(item: { readonly [name: string]: AttributeValue }): T {
  return JSON.parse(item[RolloutAttribute.CONTENT]?.S ?? 'null') as T;
}
