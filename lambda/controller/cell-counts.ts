import { type AttributeValue, type DynamoDBClient, QueryCommand, type QueryCommandOutput } from '@aws-sdk/client-dynamodb';
import { type CellCounts, COUNTED_MS, type CounterReading } from '../../lib/core/counters/cells';
import type { CounterPlan } from '../../lib/core/counters/plan';
import { CounterAttribute, counterItem } from '../../lib/core/names';

/** What routers have counted by key. */
export interface CellCountsReader {
  /**
   * The minutes that begin in a time, epoch milliseconds, in order; those in which nothing was counted are left out. Rejects if they cannot be read:
   * half an answer would be taken for silence.
   */
  read(plan: Pick<CounterPlan, 'table' | 'name' | 'cells'>, key: string, time: { readonly start: number; readonly until: number }): Promise<readonly CounterReading[]>;
}

/** `<version>n<cell>`, `<version>x<cell>`, `<version>s<threshold>_<cell>`: see countAttribute. */
const COUNT = /^([\w-]{6})(n|x|s(\d+)_)(\d+)$/;
const CELL_NAME = /^v(\d+)$/;

export class DynamoDbCellCounts implements CellCountsReader {
  constructor(private readonly client: Pick<DynamoDBClient, 'send'>) {}

  async read({ table, name, cells }: Pick<CounterPlan, 'table' | 'name' | 'cells'>, key: string, { start, until }: { readonly start: number; readonly until: number }): Promise<readonly CounterReading[]> {
    const readings: CounterReading[] = [];
    if (until <= start) {
      return readings;
    }
    let from: QueryCommandOutput['LastEvaluatedKey'];
    do {
      const page: QueryCommandOutput = await this.client.send(new QueryCommand({
        TableName: table,
        KeyConditionExpression: '#a = :a AND #i BETWEEN :from AND :to',
        ExpressionAttributeNames: { '#a': CounterAttribute.ALIAS, '#i': CounterAttribute.ITEM },
        ExpressionAttributeValues: {
          ':a': { S: key }, ':from': { S: counterItem(name, Math.ceil(start / COUNTED_MS) * COUNTED_MS) }, ':to': { S: counterItem(name, until - 1) },
        },
        ExclusiveStartKey: from,
      }));
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
    if (cell >= cells) {
      // Of a plan that had more: see countersOf for why they are never mixed.
      continue;
    }
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
