import {
  ConditionalCheckFailedException, DeleteItemCommand, GetItemCommand, PutItemCommand, QueryCommand, ScanCommand, UpdateItemCommand, type AttributeValue,
} from '@aws-sdk/client-dynamodb';

type Item = { [name: string]: AttributeValue };

/**
 * Tables in memory behind the calls that the stores make, with DynamoDB's conditions, so that the real stores run over it in virtual
 * time. `fault` is asked before every call and may throw.
 */
export class MemoryDynamoDb {
  private readonly tables = new Map<string, Map<string, Item>>();
  fault: (call: string, table: string, key: string) => void = () => {};
  /** Called after every write, with what is stored now. */
  written: (table: string, item: Item | undefined) => void = () => {};

  readonly send = (async (command: { readonly input: object }): Promise<object> => {
    const input = command.input as { TableName: string; Key?: Item; Item?: Item };
    const table = this.tables.get(input.TableName) ?? new Map<string, Item>();
    this.tables.set(input.TableName, table);
    const key = keyOf(input.Key ?? input.Item ?? {});
    this.fault(command.constructor.name, input.TableName, key);
    if (command instanceof GetItemCommand) {
      return { Item: table.get(key) };
    }
    if (command instanceof DeleteItemCommand) {
      table.delete(key);
      this.written(input.TableName, undefined);
      return {};
    }
    if (command instanceof PutItemCommand) {
      if (!allowed(command, table.get(key))) {
        throw new ConditionalCheckFailedException({ message: 'The conditional request failed', $metadata: {} });
      }
      table.set(key, structuredClone(input.Item!));
      this.written(input.TableName, input.Item);
      return {};
    }
    if (command instanceof UpdateItemCommand) {
      table.set(key, updated(command, table.get(key) ?? input.Key!));
      return {};
    }
    if (command instanceof QueryCommand) {
      const { ':a': alias, ':i': prefix, ':from': from, ':to': to } = command.input.ExpressionAttributeValues!;
      const isAsked = (item: string): boolean => (prefix === undefined ? item >= from.S! && item <= to.S! : item.startsWith(prefix.S!));
      return { Items: [...table.values()].filter((item) => item.alias.S === alias.S && isAsked(item.item.S!)).sort((a, b) => (a.item.S! < b.item.S! ? -1 : 1)) };
    }
    if (command instanceof ScanCommand) {
      return { Items: [...table.values()] };
    }
    throw new Error(`${command.constructor.name} is not something that the stores call`);
  }) as never;

  /** Every item of a table. */
  items(table: string): Item[] {
    return [...(this.tables.get(table)?.values() ?? [])];
  }
}

function keyOf(item: Item): string {
  return `${item.alias?.S ?? item.inference?.S}|${item.item?.S ?? ''}`;
}

/** `ADD #a :a, … SET #b = :b, …`, as counters are written. */
function updated({ input }: UpdateItemCommand, item: Item): Item {
  const [, added, set] = /^ADD (.+) SET (.+)$/.exec(input.UpdateExpression!)!;
  const result = { ...item };
  const [names, values] = [input.ExpressionAttributeNames!, input.ExpressionAttributeValues!];
  for (const [name, value] of added.split(', ').map((each) => each.split(' '))) {
    result[names[name]] = { N: String(Number(result[names[name]]?.N ?? 0) + Number(values[value].N)) };
  }
  for (const [name, value] of set.split(', ').map((each) => each.split(' = '))) {
    result[names[name]] = values[value];
  }
  return result;
}

/** The two conditions that the stores use: nothing is there, or this revision is. */
function allowed({ input }: PutItemCommand, current: Item | undefined): boolean {
  const condition = input.ConditionExpression;
  if (condition === undefined) {
    return true;
  }
  return condition.startsWith('attribute_not_exists')
    ? current === undefined
    : current?.revision?.N === input.ExpressionAttributeValues![':r'].N;
}
