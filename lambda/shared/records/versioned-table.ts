import { setTimeout as sleep } from 'node:timers/promises';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';

/** Others changed a record faster than this writer, many times in a row. */
export class ContentionError extends Error {
  override readonly name = 'ContentionError';
}

/** A record under a revision: it is written only over what was read. */
export interface VersionedRecord<Stored, Changed> {
  /** For the error, as in `the route of fraud/live`. */
  readonly what: string;
  readonly read: () => Promise<Stored | undefined>;
  /** Replace what was read; false when somebody else was faster. */
  readonly write: (replaced: Stored | undefined, changed: Changed) => Promise<boolean>;
}

const ATTEMPTS = 10;
const BACK_OFF_MS = 20;

/**
 * Change a record, however many others write it: the change is computed from what was read, and written only if that still stands. `change`
 * may be called several times; undefined leaves the record alone. Resolves to what was written.
 */
export async function changeUntilItStands<Stored, Changed>(
  { what, read, write }: VersionedRecord<Stored, Changed>, change: (stored: Stored | undefined) => Changed | undefined,
  wait: (ms: number) => Promise<unknown> = sleep,
): Promise<Changed | undefined> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const stored = await read();
    const changed = change(stored);
    if (changed === undefined || (await write(stored, changed))) {
      return changed;
    }
    await wait(BACK_OFF_MS * attempt);
  }
  throw new ContentionError(`${what} was changed by others ${ATTEMPTS} times in a row`);
}

/** Attributes by which a table tells whether a record is there, and which revision of it. */
export interface VersionAttributes {
  readonly key: string;
  readonly revision: string;
}

/** Put an item with the next revision; false when the one that was read no longer stands. */
export function putNext(
  client: Pick<DynamoDBClient, 'send'>,
  table: string,
  item: { readonly [name: string]: AttributeValue },
  { key, revision }: VersionAttributes,
  replaced: { readonly revision: number } | undefined,
): Promise<boolean> {
  return conditionally(() =>
    client.send(
      new PutItemCommand({
        TableName: table,
        Item: { ...item, [revision]: { N: String((replaced?.revision ?? 0) + 1) } },
        ...(replaced === undefined
          ? { ConditionExpression: 'attribute_not_exists(#k)', ExpressionAttributeNames: { '#k': key } }
          : unchanged(revision, replaced)),
      }),
    ),
  );
}

/** The condition that the revision that was read still stands. */
export function unchanged(attribute: string, { revision }: { readonly revision: number }): object {
  return {
    ConditionExpression: '#r = :r',
    ExpressionAttributeNames: { '#r': attribute },
    ExpressionAttributeValues: { ':r': { N: String(revision) } },
  };
}

/** False when the condition did not hold. */
export async function conditionally(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if ((error as Error).name === 'ConditionalCheckFailedException') {
      return false;
    }
    throw error;
  }
}
