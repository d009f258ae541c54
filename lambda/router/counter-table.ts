import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { CounterAttribute } from '../../lib/core/names';

/** What is added to an item: numbers, and texts in the place of those before. */
export interface Additions {
  readonly numbers: ReadonlyMap<string, number>;
  readonly names: ReadonlyMap<string, string>;
}

export interface CounterKey {
  readonly key: string;
  readonly item: string;
  /** Epoch seconds. */
  readonly expires: number;
}

export interface CounterTable {
  /** Cut into what one call takes. */
  parts(additions: Additions): Additions[];
  /** Rejects when it was not added, or nobody knows: see {@link isRefused}. */
  add(table: string, key: CounterKey, additions: Additions): Promise<void>;
}

/** An expression has at most 4 kB and 300 operators. */
const ATTRIBUTES_PER_CALL = 280;

/** Codes of a connection that was never there. */
const NEVER_SENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'];

/**
 * Whether it is certain that nothing was added: the service said so, or was not reached. After a time-out or a broken connection nobody
 * knows.
 */
export function isRefused(error: unknown): boolean {
  const { $fault: fault, code } = error as { $fault?: unknown; code?: unknown };
  return fault === 'client' || NEVER_SENT.includes(code as string);
}

/**
 * Adds to counters of DynamoDB, never twice: the SDK does not try again, and every call has a connection of its own. One that the service
 * closed while the function was frozen would lose what is sent over it.
 */
export class DynamoDbCounterTable implements CounterTable {
  private client?: Pick<DynamoDBClient, 'send'>;

  /** @param connect called once, when there is something to add */
  constructor(private readonly connect: () => Pick<DynamoDBClient, 'send'> = newClient) {}

  parts({ numbers, names }: Additions): Additions[] {
    const all = [...numbers].sort(([a], [b]) => cellText(a).localeCompare(cellText(b)));
    const parts: Additions[] = [];
    while (all.length > 0) {
      let end = Math.min(ATTRIBUTES_PER_CALL, all.length);
      // What was counted of a cell is written together or not at all.
      while (end < all.length && end > 1 && cellText(all[end][0]) === cellText(all[end - 1][0])) {
        end--;
      }
      parts.push({ numbers: new Map(all.splice(0, end)), names: parts.length === 0 ? names : new Map() });
    }
    return parts;
  }

  async add(table: string, { key, item, expires }: CounterKey, { numbers, names }: Additions): Promise<void> {
    const values = new Map<number, string>();
    const attributes: { [placeholder: string]: string } = { '#e': CounterAttribute.EXPIRES };
    const added = [...numbers].map(([attribute, number], index) => {
      attributes[`#${index}`] = attribute;
      values.set(number, `:${number}`);
      return `#${index} :${number}`;
    });
    const set = [...names.keys()].map((attribute, index) => {
      attributes[`#v${index}`] = attribute;
      return `#v${index} = :v${index}`;
    });
    this.client ??= this.connect();
    await this.client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { [CounterAttribute.ALIAS]: { S: key }, [CounterAttribute.ITEM]: { S: item } },
        UpdateExpression: `ADD ${added.join(', ')} SET ${['#e = :e', ...set].join(', ')}`,
        ExpressionAttributeNames: attributes,
        ExpressionAttributeValues: {
          ':e': { N: String(Math.ceil(expires)) },
          ...Object.fromEntries([...values].map(([number, placeholder]) => [placeholder, { N: String(number) }])),
          ...Object.fromEntries([...names.values()].map((name, index) => [`:v${index}`, { S: name }])),
        },
      }),
    );
  }
}

/** The cell at the end of an attribute's name. */
function cellText(attribute: string): string {
  return /\d+$/.exec(attribute)?.[0] ?? '';
}

function newClient(): DynamoDBClient {
  const agent = { keepAlive: false };
  return new DynamoDBClient({
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 10_000, throwOnRequestTimeout: true, httpAgent: agent, httpsAgent: agent },
  });
}
