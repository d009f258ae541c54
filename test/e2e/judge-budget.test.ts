import { CreateTableCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { JudgeBudget, type JudgeLimits } from '../../lambda/mirror/judge-budget';
import { clientConfig, type Emulator, startEmulator } from '../../scripts/emulator/emulator';

/** What may be spent on a judge, counted in a table of the emulator's DynamoDB, whose conditions decide. */

const DAY = 86_400_000;

let emulator: Emulator;
let client: DynamoDBClient;
let tables = 0;

beforeAll(async () => {
  emulator = await startEmulator();
  client = new DynamoDBClient(clientConfig(emulator));
});

afterAll(async () => {
  client?.destroy();
  await emulator?.stop();
});

/** As many instances of a mirror as are asked for, with a table of their own. */
async function budgets(
  limits: JudgeLimits, count: number, now: () => number = () => 20_000 * DAY,
): Promise<{ table: string; all: JudgeBudget[] }> {
  const table = `budget-${++tables}`;
  await client.send(new CreateTableCommand({
    TableName: table, BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'minute', KeyType: 'HASH' }], AttributeDefinitions: [{ AttributeName: 'minute', AttributeType: 'N' }],
  }));
  return { table, all: Array.from({ length: count }, () => new JudgeBudget(client, table, limits, now)) };
}

const spent = async (table: string, day: number): Promise<{ pairs: number; tokens: number }> => {
  const asked = new GetItemCommand({ TableName: table, Key: { minute: { N: String(-day) } }, ConsistentRead: true });
  const { Item: item } = await client.send(asked);
  return { pairs: Number(item?.requests?.N), tokens: Number(item?.tokens?.N) };
};

test('has room for so many pairs, over all instances at once, and again the next day', async () => {
  let now = 20_000 * DAY;
  const { table, all } = await budgets({ pairs: 3 }, 8, () => now);
  const taken = await Promise.all(all.map((budget) => budget.take(500)));
  expect(taken.filter((room) => room === 'pairs')).toHaveLength(5);
  expect(await spent(table, 20_000)).toEqual({ pairs: 3, tokens: 0 });
  now += DAY;
  expect(await all[0].take(500)).toEqual({ day: 20_001, tokens: 0 });
});

test('has room for so many tokens, takes all that a pair can need, and is given back the rest', async () => {
  const { table, all: [budget, other] } = await budgets({ pairs: 100, tokens: 1_000 }, 2);
  const room = await budget.take(800);
  expect(room).toEqual({ day: 20_000, tokens: 800 });
  expect(await other.take(300)).toBe('tokens');
  await budget.giveBack(room as never, 250);
  expect(await other.take(700)).toEqual({ day: 20_000, tokens: 700 });
  expect(await spent(table, 20_000)).toEqual({ pairs: 2, tokens: 950 });
});

test('is never exceeded, however many ask at once, and says which bound it was', async () => {
  const { table, all } = await budgets({ pairs: 50, tokens: 1_000 }, 30);
  const taken = await Promise.all(all.map((budget) => budget.take(90)));
  expect(taken.filter((room) => room === 'tokens')).toHaveLength(19);
  expect(await spent(table, 20_000)).toEqual({ pairs: 11, tokens: 990 });
});

test('has no room for a pair that needs more than a day has', async () => {
  const { all: [budget] } = await budgets({ pairs: 5, tokens: 100 }, 1);
  expect(await budget.take(101)).toBe('tokens');
});

test('has none where the table is gone, and giving back to it fails nobody', async () => {
  const budget = new JudgeBudget(client, 'nowhere', { pairs: 5, tokens: 100 });
  expect(await budget.take(1)).toBe('table');
  await expect(budget.giveBack({ day: 1, tokens: 9 }, 1)).resolves.toBeUndefined();
});
