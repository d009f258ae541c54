import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Change, Effect, Inference } from '../../../lib/core/feedback/inference';
import { InferenceAttribute } from '../../../lib/core/names';

/** How often others may be faster, one after the other. */
const ATTEMPTS = 10;

/** Others changed the record of an inference faster than this writer, many times in a row. */
export class InferenceContentionError extends Error {
  override readonly name = 'InferenceContentionError';
}

/** The record that a call changes. */
export interface ChangedRecord {
  readonly table: string;
  readonly inferenceId: string;
  /** Who changes, unique to this call: by it a writer recognizes a change of its own whose confirmation was lost. */
  readonly by: string;
  /** Try without reading first. */
  readonly expectNew?: boolean;
}

interface Stored {
  readonly revision: number;
  readonly inference: Inference;
}

/**
 * What is remembered of inferences. Router, mirrors and the feedback function write it; each computes a change from what it has read, which
 * is written only if that still stands. So every change is decided once, in whatever order they come, and counted by who decided it.
 */
export class InferenceRecords {
  constructor(private readonly client: Pick<DynamoDBClient, 'send'>) {}

  /**
   * Make a change, and resolve to what it counts; undefined when there was nothing to change.
   *
   * @param expiresAt until when the record is kept, epoch milliseconds
   * @param change computed from what is known; may be called several times
   */
  async change(
    { table, inferenceId, by, expectNew = false }: ChangedRecord, expiresAt: (inference: Inference) => number, change: (known: Inference | undefined) => Change | undefined,
  ): Promise<Effect | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const stored = expectNew && attempt === 0 ? undefined : await this.read(table, inferenceId);
      if (stored?.inference.last?.by === by) {
        return stored.inference.last.effect;
      }
      const changed = change(stored?.inference);
      if (changed === undefined) {
        return undefined;
      }
      const { inference, effect } = changed;
      if (await this.write(table, inferenceId, stored, { ...inference, last: { by, effect } }, expiresAt(inference))) {
        return effect;
      }
    }
    throw new InferenceContentionError(`inference ${inferenceId} was changed by others ${ATTEMPTS} times in a row`);
  }

  private async read(table: string, inferenceId: string): Promise<Stored | undefined> {
    const { Item: item } = await this.client.send(
      new GetItemCommand({ TableName: table, Key: { [InferenceAttribute.INFERENCE]: { S: inferenceId } }, ConsistentRead: true }),
    );
    return item === undefined
      ? undefined
      : { revision: Number(item[InferenceAttribute.REVISION]?.N), inference: JSON.parse(item[InferenceAttribute.CONTENT]?.S ?? '') as Inference };
  }

  /** Replace what was read; false when somebody else was faster. */
  private async write(table: string, inferenceId: string, replaced: Stored | undefined, inference: Inference, expiresAt: number): Promise<boolean> {
    try {
      await this.client.send(
        new PutItemCommand({
          TableName: table,
          Item: {
            [InferenceAttribute.INFERENCE]: { S: inferenceId },
            [InferenceAttribute.REVISION]: { N: String((replaced?.revision ?? 0) + 1) },
            [InferenceAttribute.CONTENT]: { S: JSON.stringify(inference) },
            [InferenceAttribute.EXPIRES]: { N: String(Math.ceil(expiresAt / 1_000)) },
          },
          ExpressionAttributeNames: { '#k': replaced === undefined ? InferenceAttribute.INFERENCE : InferenceAttribute.REVISION },
          ...(replaced === undefined
            ? { ConditionExpression: 'attribute_not_exists(#k)' }
            : { ConditionExpression: '#k = :r', ExpressionAttributeValues: { ':r': { N: String(replaced.revision) } } }),
        }),
      );
      return true;
    } catch (error) {
      if ((error as Error).name === 'ConditionalCheckFailedException') {
        return false;
      }
      throw error;
    }
  }
}
