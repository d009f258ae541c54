import type { AskEvent, AskResult } from '../../../lambda/shared/router-protocol';
import { MOST_WARM_UP_REQUESTS } from '../../../lib/core/aws-limits';
import { variant } from '../../fixtures/serving';
import { Sandbox, Services } from '../../fixtures/sandbox';

const { target } = variant('candidate');
const asking = (times: number): AskEvent => ({ modelRollout: 'ask', target, body: '{}', contentType: 'application/json', inferenceId: 'warm', timeoutMs: 20_000, times });
const ENV = { MODEL_ROLLOUT_TABLE: 'routes', MODEL_ROLLOUT_ENDPOINT: 'fraud', MODEL_ROLLOUT_TIMEOUT_MS: '28500' };

let services: Services;
let sandbox: Sandbox;
afterEach(async () => {
  sandbox.stop();
  await services.close();
});

test('all requests of a warm-up are at the version at the same time, and are waited for', async () => {
  const waiting: (() => void)[] = [];
  services = await Services.start((_request, _body, response) => {
    waiting.push(() => response.end('{"y":1}'));
    // Nobody is answered before all are there: so many environments have started.
    if (waiting.length === MOST_WARM_UP_REQUESTS) {
      waiting.forEach((answer) => answer());
    }
  });
  sandbox = await Sandbox.start('router', services.url, ENV);
  expect((await sandbox.invoke(asking(MOST_WARM_UP_REQUESTS))) as AskResult).toMatchObject({ failed: 0, outcome: { kind: 'answer', status: 200 } });
  expect(waiting).toHaveLength(MOST_WARM_UP_REQUESTS);
});

test('requests of a warm-up that fail are counted, and logged with the reason', async () => {
  let asked = 0;
  services = await Services.start((_request, _body, response) => {
    const failing = ++asked % 3 === 0;
    response.writeHead(200, failing ? { 'x-amz-function-error': 'Unhandled' } : {}).end(failing ? '{"errorType":"E","errorMessage":"m"}' : '{"y":1}');
  });
  sandbox = await Sandbox.start('router', services.url, ENV);
  expect((await sandbox.invoke(asking(30))) as AskResult).toMatchObject({ failed: 10 });
  // What is written to one stream and to another may come in any order.
  await sandbox.invoke(asking(1));
  expect(sandbox.log).toContainEqual(expect.objectContaining({ message: 'requests of a warm-up failed', failed: 10, times: 30 }));
});

test('bytes are asked for as they are and come back as they are, and of an answer that Lambda would not return it is told that there was one', async () => {
  let answer = Buffer.from([0, 255, 1, 254]);
  const asked: Buffer[] = [];
  services = await Services.start((_request, body, response) => {
    asked.push(body);
    response.end(JSON.stringify({ statusCode: 200, headers: { 'content-type': 'application/octet-stream' }, body: answer.toString('base64'), isBase64Encoded: true }));
  });
  sandbox = await Sandbox.start('router', services.url, ENV);
  const event: AskEvent = {
    ...asking(1), target: { ...target, contract: 'http' } as AskEvent['target'], body: Buffer.from([9, 200, 0]).toString('base64'), isBase64Encoded: true, contentType: 'image/png',
  };
  expect(await sandbox.invoke(event)).toMatchObject({ outcome: { kind: 'answer', status: 200, body: answer.toString('base64') } });
  expect(JSON.parse(asked[0].toString())).toMatchObject({ body: Buffer.from([9, 200, 0]).toString('base64'), isBase64Encoded: true });
  answer = Buffer.alloc(4_710_000);
  expect(await sandbox.invoke(event)).toMatchObject({ outcome: { kind: 'answer', status: 200, body: '', omitted: true } });
});
