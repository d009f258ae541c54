import { setTimeout as sleep } from 'node:timers/promises';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { join } from 'node:path';
import { ShadowMetric } from '../../../lib/core/names';
import { Environment } from '../../fixtures/environment';
import { apiEvent, route, serveHttp, variant } from '../../fixtures/serving';

// The bundle that ships in front of Lambda's two APIs for functions, which freeze it as Lambda does, and of loopback services.

const MIRROR = { name: 'v3', version: 'v3', functionArn: 'arn:aws:lambda:us-east-1:1:function:mirror', sampleRate: 1, filters: [] };
const FEEDBACK = { table: 'inferences', sampleRate: 1, windowSeconds: 3_600, outcome: { kind: 'label' as const, prediction: '$.y' } };

interface World {
  readonly environment: Environment;
  /** What reached whom, in this order. */
  readonly order: string[];
  readonly ask: () => Promise<number>;
  readonly dropped: () => number;
}

const REFUSED = apiEvent({ headers: { 'x-amzn-sagemaker-target-variant': 'v9' } });

const statusOf = async (environment: Environment, event: unknown): Promise<number> =>
  (JSON.parse((await environment.invoke(event)).body) as APIGatewayProxyResult).statusCode;

let end: () => Promise<void>;
afterEach(() => end());

async function world(options: { extensions?: boolean; queueMs?: number | 'never'; mirrors?: boolean; feedback?: boolean } = {}): Promise<World> {
  const { extensions = true, queueMs = 0, mirrors = true, feedback = false } = options;
  const order: string[] = [];
  const { revision, ...declared } = route([variant('production')], {
    ...(mirrors && { mirrors: [MIRROR] }), ...(feedback && { feedback: FEEDBACK }),
  });
  const services = await serveHttp((request, body, response) => {
    if (request.headers['x-amz-invocation-type'] === 'Event') {
      if (queueMs !== 'never') {
        setTimeout(() => {
          order.push('handed over');
          response.writeHead(202).end();
        }, queueMs);
      }
    } else if (request.url!.includes('/invocations')) {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"y":1}');
    } else {
      if (body.includes('"inferences"')) {
        order.push('recorded');
      }
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(body.includes('"inferences"')
        ? '{}'
        : JSON.stringify({ Item: { alias: { S: 'fraud/live' }, revision: { N: String(revision) }, route: { S: JSON.stringify(declared) } } }));
    }
  });
  const environment = await Environment.start({
    folder: join(__dirname, '../../../assets/router'),
    extensions,
    env: {
      AWS_ENDPOINT_URL: services.url, MODEL_ROLLOUT_TABLE: 'routes', MODEL_ROLLOUT_ENDPOINT: 'fraud', MODEL_ROLLOUT_TIMEOUT_MS: '20000',
      MODEL_ROLLOUT_AFTERWARDS: 'true',
    },
  });
  end = async () => {
    await environment.stop();
    await services.close();
  };
  return {
    environment,
    order,
    ask: async () => {
      const status = await statusOf(environment, apiEvent());
      order.push('answered');
      return status;
    },
    dropped: () => environment.log.reduce((sum, line) => sum + Number(line[ShadowMetric.DROPPED] ?? 0), 0),
  };
}

test('the caller has the answer before mirrors get the request, and nobody waits', async () => {
  const { environment, order, ask } = await world({ queueMs: 100 });
  expect([await ask(), await ask()]).toEqual([200, 200]);
  await environment.idle();
  expect(order).toEqual(['answered', 'handed over', 'answered', 'handed over']);
  expect(environment.log.filter((line) => ShadowMetric.MIRRORED in line)).toMatchObject(
    [1, 2].map(() => ({ [ShadowMetric.MIRRORED]: 1, [ShadowMetric.HAND_OVER_LATENCY]: 0 })),
  );
});

test('no request is lost, however long the function is frozen between two', async () => {
  const { environment, order, ask, dropped } = await world({ queueMs: 20 });
  for (let asked = 0; asked < 10; asked++) {
    await ask();
    await environment.idle();
    await sleep(asked * 10);
  }
  expect(order.filter((what) => what === 'handed over')).toHaveLength(10);
  expect(dropped()).toBe(0);
});

test('a record for feedback is written after the answer too', async () => {
  const { environment, order, ask } = await world({ mirrors: false, feedback: true });
  await ask();
  await environment.idle();
  expect(order[0]).toBe('answered');
  expect(order).toContain('recorded');
});

test('a queue that hangs costs no caller anything, and the function little: for ten times as long it gets nothing', async () => {
  const { environment, ask, dropped } = await world({ queueMs: 'never' });
  const statuses: number[] = [];
  for (let asked = 0; asked < 5; asked++) {
    statuses.push(await ask());
  }
  await environment.idle();
  expect(statuses).toEqual([200, 200, 200, 200, 200]);
  expect(dropped()).toBe(5);
  expect(environment.log.filter(({ problem }) => problem !== undefined).map(({ problem }) => problem)).toEqual(
    ['AbortError', 'paused', 'paused', 'paused', 'paused'],
  );
});

test('requests that are refused, and the control plane\'s, keep no function', async () => {
  const { environment, ask } = await world();
  expect(await statusOf(environment, REFUSED)).toBe(403);
  expect(await environment.invoke({ modelRollout: 'probe', targets: [variant('production').target] })).toMatchObject({ body: '{"problems":[]}' });
  expect(await ask()).toBe(200);
});

test('where nobody takes registrations the hand-over comes before the answer, and is not lost', async () => {
  const { order, ask, dropped } = await world({ extensions: false });
  expect([await ask(), await ask()]).toEqual([200, 200]);
  expect(order).toEqual(['handed over', 'answered', 'handed over', 'answered']);
  expect(dropped()).toBe(0);
});

test('where nobody takes registrations a late queue makes one caller wait, and gets what comes after', async () => {
  const { environment, order, ask, dropped } = await world({ extensions: false, queueMs: 150 });
  for (let asked = 0; asked < 20; asked++) {
    await ask();
  }
  // It goes on while the function runs, which is with the next requests.
  while (order.filter((what) => what === 'handed over').length < 20) {
    await environment.invoke(REFUSED);
  }
  expect(dropped()).toBe(0);
});
