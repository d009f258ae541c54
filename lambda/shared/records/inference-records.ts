import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { Change, Effect, Inference } from '../../../lib/core/feedback/inference';
import { InferenceAttribute } from '../../../lib/core/names';
import { changeUntilItStands, putNext } from './versioned-table';

/** A router has not much time for it, and few write about one inference. */
const NO_WAIT = (): Promise<void> => Promise.resolve();

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
    { table, inferenceId, by, expectNew = false }: ChangedRecord,
    expiresAt: (inference: Inference) => number,
    change: (known: Inference | undefined) => Change | undefined,
  ): Promise<Effect | undefined> {
    let effect: Effect | undefined;
    let blind = expectNew;
    await changeUntilItStands<Stored, Inference>(
      {
        what: `inference ${inferenceId}`,
        read: async () => {
          const stored = blind ? undefined : await this.read(table, inferenceId);
          blind = false;
          return stored;
        },
        write: (replaced, inference) => this.write(table, inferenceId, replaced, inference, expiresAt(inference)),
      },
      (stored) => {
        if (stored?.inference.last?.by === by) {
          effect = stored.inference.last.effect;
          return undefined;
        }
        const changed = change(stored?.inference);
        effect = changed?.effect;
        return changed && { ...changed.inference, last: { by, effect: changed.effect } };
      },
      NO_WAIT,
    );
    return effect;
  }

  private async read(table: string, inferenceId: string): Promise<Stored | undefined> {
    const { Item: item } = await this.client.send(
      new GetItemCommand({ TableName: table, Key: { [InferenceAttribute.INFERENCE]: { S: inferenceId } }, ConsistentRead: true }),
    );
    return item === undefined
      ? undefined
      : {
          revision: Number(item[InferenceAttribute.REVISION]?.N),
          inference: JSON.parse(item[InferenceAttribute.CONTENT]?.S ?? '') as Inference,
        };
  }

  /** Replace what was read; false when somebody else was faster. */
  private write(
    table: string,
    inferenceId: string,
    replaced: Stored | undefined,
    inference: Inference,
    expiresAt: number,
  ): Promise<boolean> {
    const item = {
      [InferenceAttribute.INFERENCE]: { S: inferenceId },
      [InferenceAttribute.CONTENT]: { S: JSON.stringify(inference) },
      [InferenceAttribute.EXPIRES]: { N: String(Math.ceil(expiresAt / 1_000)) },
    };
    return putNext(this.client, table, item, { key: InferenceAttribute.INFERENCE, revision: InferenceAttribute.REVISION }, replaced);
  }
}
