import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { changeUntilItStands, ContentionError, putNext, type VersionedRecord } from '../../../../lambda/shared/records/versioned-table';
import { MemoryDynamoDb } from '../../../../rehearsal/harness/memory-dynamodb';

interface Counter {
  readonly revision: number;
  readonly count: number;
}

const ATTRIBUTES = { key: 'alias', revision: 'revision' };

/** A counter in a table, which others may change between a read and the write; each of their changes adds a hundred. */
function counter(others = 0): { record: VersionedRecord<Counter, number>; count: () => number | undefined; reads: () => number } {
  const db = new MemoryDynamoDb();
  let [left, reads] = [others, 0];
  const read = async (): Promise<Counter | undefined> => {
    const { Item: item } = await (
      db.send as unknown as (command: GetItemCommand) => Promise<{ Item?: { [name: string]: { N?: string } } }>
    )(new GetItemCommand({ TableName: 't', Key: { alias: { S: 'a' } } }));
    return item && { revision: Number(item.revision.N), count: Number(item.count.N) };
  };
  const put = (replaced: Counter | undefined, count: number): Promise<boolean> =>
    putNext(db as never, 't', { alias: { S: 'a' }, count: { N: String(count) } }, ATTRIBUTES, replaced);
  return {
    record: {
      what: 'the counter',
      read: () => {
        reads++;
        return read();
      },
      write: async (replaced, count) => {
        if (left-- > 0) {
          const standing = await read();
          await put(standing, (standing?.count ?? 0) + 100);
        }
        return put(replaced, count);
      },
    },
    count: () => (db.items('t')[0] === undefined ? undefined : Number(db.items('t')[0].count.N)),
    reads: () => reads,
  };
}

const atOnce = async (): Promise<void> => {};
const next = (stored: Counter | undefined): number => (stored?.count ?? 0) + 1;

test('a change of what is not there yet is the first revision, and later ones follow', async () => {
  const { record, count } = counter();
  expect([await changeUntilItStands(record, next), await changeUntilItStands(record, next)]).toEqual([1, 2]);
  expect(count()).toBe(2);
});

test('nothing that others write meanwhile is lost, whether the record was there or not', async () => {
  for (const others of [1, 3, 9]) {
    const { record, count, reads } = counter(others);
    expect(await changeUntilItStands(record, next, atOnce)).toBe(100 * others + 1);
    expect([count(), reads()]).toEqual([100 * others + 1, others + 1]);
  }
});

test('a writer that others overtake ten times gives up and says of what, and waits longer each time before', async () => {
  const { record, count } = counter(10);
  const waits: number[] = [];
  const change = changeUntilItStands(record, next, async (ms) => waits.push(ms));
  await expect(change).rejects.toThrow(new ContentionError('the counter was changed by others 10 times in a row'));
  expect(count()).toBe(1_000);
  expect(waits).toEqual([20, 40, 60, 80, 100, 120, 140, 160, 180, 200]);
});

test('a change that has become unnecessary writes nothing', async () => {
  const { record, count } = counter(1);
  expect(await changeUntilItStands(record, (stored) => (stored === undefined ? 1 : undefined), atOnce)).toBeUndefined();
  expect(count()).toBe(100);
});

test('many writers at once are all counted', async () => {
  const { record, count } = counter();
  await Promise.all(Array.from({ length: 5 }, () => changeUntilItStands(record, next, atOnce)));
  expect(count()).toBe(5);
});

test('a failure that is no conflict is not tried again', async () => {
  const { record, reads } = counter();
  await expect(changeUntilItStands({ ...record, write: () => Promise.reject(new Error('throttled')) }, next)).rejects.toThrow('throttled');
  expect(reads()).toBe(1);
});
