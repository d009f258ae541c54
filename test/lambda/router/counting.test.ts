import { setTimeout as sleep } from 'node:timers/promises';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { versionTag } from '../../../lib/core/counters/cells';
import { apiEvent, route, variant } from '../../fixtures/serving';
import { Sandbox, Services } from '../../fixtures/sandbox';

/*
 * The bundle that ships counts by key against a table that is slow, or that loses connections. Its clock runs sixty times as fast, so that
 * ten seconds pass in a moment.
 */

const FAST = 'data:text/javascript,const now = Date.now, start = now(); Date.now = () => start + 60 * (now() - start);';
const production = variant('production');
const counted = route([production], {
  counters: [{ name: 'tenants', table: 'counters', by: { source: 'header', name: 'x-tenant' }, cells: 3, values: ['a', 'b'], keepSeconds: 3_600 }],
});

interface Update {
  readonly ExpressionAttributeNames: { readonly [name: string]: string };
  readonly ExpressionAttributeValues: { readonly [value: string]: { readonly N?: string } };
  readonly UpdateExpression: string;
}

let updates: Update[];
let services: Services;
let sandbox: Sandbox;
/** What becomes of a write that has been carried out: its answer, when it comes. */
let answers: 'at once' | 'never' | 'broken';

beforeEach(async () => {
  updates = [];
  answers = 'at once';
  services = await Services.start((request, body, response) => {
    const target = String(request.headers['x-amz-target'] ?? '');
    if (target.endsWith('UpdateItem')) {
      updates.push(JSON.parse(body.toString()) as Update);
      if (answers === 'broken') {
        request.socket.destroy();
      } else if (answers === 'at once') {
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}');
      }
    } else if (target.endsWith('GetItem')) {
      const { revision, ...content } = counted;
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify({ Item: { alias: { S: 'fraud/live' }, revision: { N: String(revision) }, route: { S: JSON.stringify(content) } } }));
    } else {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"y":1}');
    }
  });
  sandbox = await Sandbox.start('router', services.url, {
    MODEL_ROLLOUT_TABLE: 'routes', MODEL_ROLLOUT_ENDPOINT: 'fraud', MODEL_ROLLOUT_TIMEOUT_MS: '20000', NODE_OPTIONS: `--import=${FAST.replaceAll(' ', '%20')}`,
  });
});
afterEach(async () => {
  sandbox.stop();
  await services.close();
});

const ask = async (tenant: string): Promise<void> => {
  expect((await sandbox.invoke(apiEvent({ headers: { 'x-tenant': tenant } })) as APIGatewayProxyResult).statusCode).toBe(200);
};
/** What the table was told to add, whether or not the router learnt of it. */
const added = (cell: number): number =>
  updates.reduce((sum, { UpdateExpression: expression, ExpressionAttributeNames: names, ExpressionAttributeValues: values }) => {
    const placeholder = Object.keys(names).find((name) => names[name] === `${versionTag(production.version)}n${cell}`);
    const value = placeholder && new RegExp(`${placeholder} (:\\d+)`).exec(expression)?.[1];
    return sum + Number((value && values[value].N) ?? 0);
  }, 0);
/** Ten seconds and more, of the router's. */
const later = (): Promise<void> => sleep(250);
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) {
    await sleep(20);
  }
};

test('what earlier requests left is written beside the next one', async () => {
  await ask('a');
  await ask('a');
  await ask('somebody');
  expect(updates).toEqual([]);
  await later();
  await ask('b');
  await until(() => added(2) === 1);
  expect([added(0), added(1)]).toEqual([2, 0]);
  await later();
  await ask('b');
  await until(() => added(1) === 1);
  expect(added(0)).toBe(2);
});

test('nobody waits for a table that does not answer, and nothing is written twice', async () => {
  answers = 'never';
  await ask('a');
  await later();
  const before = Date.now();
  await ask('a');
  await until(() => updates.length === 1);
  await later();
  await ask('a');
  expect(Date.now() - before).toBeLessThan(5_000);
  expect(added(0)).toBe(1);
});

test('what was carried out although the connection broke is not written again', async () => {
  answers = 'broken';
  await ask('a');
  await later();
  await ask('a');
  await until(() => sandbox.log.some(({ message }) => message === 'counts not written'));
  answers = 'at once';
  await later();
  await ask('b');
  await until(() => added(0) === 2);
  expect(sandbox.log.filter(({ message }) => message === 'counts not written')).toMatchObject([{ counter: 'tenants', alias: 'fraud/live', kept: false }]);
  await later();
  await ask('b');
  await until(() => added(1) >= 1);
  expect(added(0)).toBe(2);
});

test('a function that is frozen while it writes answers its next caller as ever', async () => {
  await ask('a');
  await later();
  await ask('a');
  const thawed = await sandbox.thawedWith(apiEvent({ headers: { 'x-tenant': 'b' } }), () => services.end('RST')) as APIGatewayProxyResult;
  expect(thawed.statusCode).toBe(200);
  await later();
  await ask('b');
  await sleep(300);
  expect(added(0)).toBeLessThanOrEqual(2);
});
