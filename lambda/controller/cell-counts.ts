import { type AttributeValue, type DynamoDBClient, QueryCommand, type QueryCommandOutput } from '@aws-sdk/client-dynamodb';
import { type CellCounts, COUNTED_MS, type CounterReading } from '../../lib/core/counters/cells';
import type { CounterPlan } from '../../lib/core/counters/plan';
import { CounterAttribute, counterItem } from '../../lib/core/names';

/** What routers have counted by key. */
export interface CellCountsReader {
  /**
   * The minutes that begin in a time, epoch milliseconds, in order; those in which nothing was counted are left out. Rejects if they cannot
   * be read:
   * half an answer would be taken for silence.
   */
  read(plan: CounterPlan, key: string, time: { readonly start: number; readonly until: number }): Promise<readonly CounterReading[]>;
}

/** `<version>n<cell>`, `<version>x<cell>`, `<version>s<threshold>_<cell>`: see countAttribute. */
const COUNT = /^([\w-]{6})(n|x|s(\d+)_)(\d+)$/;
const CELL_NAME = /^v(\d+)$/;

/** Routers give counts up that they could not write for a quarter of an hour: what is older than this stays as it is. */
export const CHANGING_MS = 20 * 60_000;
/** Readings that are kept, some kB each. */
const MOST_KEPT = 10_000;

/**
 * Reads counts from DynamoDB. A rollout is judged anew from its first minute at every judgement; minutes that cannot change any more are
 * read once and kept as long as the function lives, so that a rollout of days does not read its whole past every minute.
 */
export class DynamoDbCellCounts implements CellCountsReader {
  private readonly kept = new Map<string, readonly CounterReading[]>();

  constructor(
    private readonly client: Pick<DynamoDBClient, 'send'>,
    private readonly now: () => number = Date.now,
  ) {}

  async read(
    plan: CounterPlan,
    key: string,
    { start, until }: { readonly start: number; readonly until: number },
  ): Promise<readonly CounterReading[]> {
    const first = Math.ceil(start / COUNTED_MS) * COUNTED_MS;
    const id = JSON.stringify([plan.table, plan.name, key, first]);
    const known = (this.kept.get(id) ?? []).filter(({ at }) => at < until);
    const settled = this.now() - CHANGING_MS;
    const fresh = await this.query(plan, key, Math.max(first, (known.at(-1)?.at ?? -Infinity) + COUNTED_MS), until);
    const all = known.length === 0 ? fresh : [...known, ...fresh];
    this.keep(
      id,
      all.filter(({ at }) => at < settled),
    );
    return all;
  }

  private keep(id: string, readings: readonly CounterReading[]): void {
    if (readings.length > (this.kept.get(id)?.length ?? 0)) {
      this.kept.delete(id);
      this.kept.set(id, readings);
    }
    let total = [...this.kept.values()].reduce((sum, { length }) => sum + length, 0);
    for (const [oldest, { length }] of this.kept) {
      if (total <= MOST_KEPT) {
        break;
      }
      this.kept.delete(oldest);
      total -= length;
    }
  }

  private async query(
    { table, name, cells }: Pick<CounterPlan, 'table' | 'name' | 'cells'>,
    key: string,
    start: number,
    until: number,
  ): Promise<CounterReading[]> {
    const readings: CounterReading[] = [];
    if (until <= start) {
      return readings;
    }
    let from: QueryCommandOutput['LastEvaluatedKey'];
    do {
      const page: QueryCommandOutput = await this.client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: '#a = :a AND #i BETWEEN :from AND :to',
          ExpressionAttributeNames: { '#a': CounterAttribute.ALIAS, '#i': CounterAttribute.ITEM },
          ExpressionAttributeValues: {
            ':a': { S: key },
            ':from': { S: counterItem(name, start) },
            ':to': { S: counterItem(name, until - 1) },
          },
          ExclusiveStartKey: from,
        }),
      );
      readings.push(...(page.Items ?? []).map((item) => readingOf(item, cells)));
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
    return readings;
  }
}

function readingOf(item: { readonly [name: string]: AttributeValue }, cells: number): CounterReading {
  const versions = new Map<string, { requests: number[]; bad: number[][] }>();
  const names = new Map<number, string>();
  const zeros = (): number[] => new Array<number>(cells).fill(0);
  for (const [attribute, value] of Object.entries(item)) {
    const [, tag, kind, threshold, cellText] = COUNT.exec(attribute) ?? [];
    if (tag === undefined) {
      const named = CELL_NAME.exec(attribute)?.[1];
      if (named !== undefined && value.S !== undefined) {
        names.set(Number(named), value.S);
      }
      continue;
    }
    const cell = Number(cellText);
    const counts = versions.get(tag) ?? { requests: zeros(), bad: [zeros()] };
    versions.set(tag, counts);
    if (kind === 'n') {
      counts.requests[cell] = Number(value.N);
    } else {
      const outcome = kind === 'x' ? 0 : Number(threshold) + 1;
      while (counts.bad.length <= outcome) {
        counts.bad.push(zeros());
      }
      counts.bad[outcome][cell] = Number(value.N);
    }
  }
  return { at: minuteOf(item[CounterAttribute.ITEM].S ?? ''), versions: versions satisfies ReadonlyMap<string, CellCounts>, names };
}

/** Start of the minute in an item's sort key, epoch milliseconds. */
function minuteOf(item: string): number {
  return Number(item.slice(item.lastIndexOf('#') + 1)) * COUNTED_MS;
}
