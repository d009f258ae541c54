import type { APIGatewayProxyResult } from 'aws-lambda';
import { Dimension, Metric, ShadowMetric } from '../../../lib/core/names';
import type { MirrorPlan } from '../../../lib/core/mirroring/mirror-plan';
import type { MirroredRequest } from '../../../lib/core/mirroring/mirrored-request';
import type { Route } from '../../../lib/core/routing/route';
import { apiEvent, route, variant } from '../../fixtures/serving';
import { Sandbox, Services } from '../../fixtures/sandbox';

/*
 * Between two invocations Lambda freezes a function with its connections, and services end those that idle. Here the bundles that ship are
 * frozen for real, and the services' ends of their connections are closed or reset meanwhile.
 */

const LAMBDA = /^\/2015-03-31\/functions\/([^/]+)\/invocations/;
const ROUTER = { MODEL_ROLLOUT_TABLE: 'routes', MODEL_ROLLOUT_ENDPOINT: 'fraud', MODEL_ROLLOUT_TIMEOUT_MS: '20000' };
const MIRROR = { name: 'v3', version: 'v3', functionArn: 'arn:aws:lambda:us-east-1:1:function:mirror', sampleRate: 1, filters: [] };
const production = variant('production');
const digits = variant('digits', { target: { kind: 'sagemaker', endpointName: 'digits', maxRequestBytes: 6_291_456 } });

/** What each function was asked, by name; of functions and endpoints alike. */
let asked: string[];
let services: Services;
let declared: Route;
let sandbox: Sandbox;

beforeEach(async () => {
  asked = [];
  services = await Services.start((request, body, response) => {
    const url = request.url ?? '';
    const name = LAMBDA.exec(url)?.[1] ?? /^\/endpoints\/([^/]+)\//.exec(url)?.[1];
    if (name !== undefined) {
      asked.push(decodeURIComponent(name).split(':').at(-1)!);
      response.writeHead(request.headers['x-amz-invocation-type'] === 'Event' ? 202 : 200, { 'content-type': 'application/json' }).end('{"y":1}');
      return;
    }
    const { revision, ...content } = declared;
    if (body.includes('"inferences"')) {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}');
      return;
    }
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' })
      .end(JSON.stringify({ Item: { alias: { S: 'fraud/live' }, revision: { N: String(revision) }, route: { S: JSON.stringify(content) } } }));
  });
});
afterEach(async () => {
  sandbox.stop();
  await services.close();
});

const summed = (metric: string): number => sandbox.log.reduce((sum, line) => sum + Number(line[metric] ?? 0), 0);
/** More idle connections than one, so that a second try could meet a dead one too. */
const openSeveral = (): Promise<unknown> => sandbox.invoke({ modelRollout: 'probe', targets: Array.from({ length: 5 }, () => production.target) });

type How = ['FIN' | 'RST', 'before' | 'after'];
const HOW: How[] = [['FIN', 'after'], ['FIN', 'before'], ['RST', 'after'], ['RST', 'before']];

describe.each(HOW)('a %s that comes %s the event to a frozen function', (how, when) => {
  const thawed = async (event: unknown): Promise<unknown> => {
    if (when === 'before') {
      return sandbox.thawedWith(event, () => services.end(how));
    }
    return sandbox.thawedWith(event, () => setTimeout(() => services.end(how), 10));
  };

  test.each<[string, number, Route, { [header: string]: string }]>([
    // As often as one likes: more than the second tries that a failing service is allowed.
    ['production', 13, route([production]), {}],
    ['production on SageMaker', 2, route([digits]), {}],
    ['a candidate', 2, route([{ ...production, weight: 0 }, variant('candidate', { role: 'candidate', timeBudgetMs: 10_000 })]), {}],
    ['a variant that the caller chose', 2, route([production, variant('candidate', { role: 'candidate', weight: 0 })], { targetVariantAccess: { kind: 'everyone' } }), { 'x-amzn-sagemaker-target-variant': 'candidate' }],
  ])('costs %s no answer and counts against nobody', async (_, rounds, given, headers) => {
    declared = given;
    sandbox = await Sandbox.start('router', services.url, ROUTER);
    for (let round = 0; round < rounds; round++) {
      await openSeveral();
      await sandbox.invoke(apiEvent({ headers }));
      const before = asked.length;
      expect(services.connections).toBeGreaterThan(3);
      const { statusCode } = (await thawed(apiEvent({ headers }))) as APIGatewayProxyResult;
      expect([statusCode, asked.length - before]).toEqual([200, 1]);
    }
    expect([summed(Metric.INVOCATIONS), summed(Metric.FAILURES), summed(Metric.FALLBACKS)]).toEqual([2 * rounds, 0, 0]);
    expect(summed(Metric.RETRIES)).toBeLessThanOrEqual(rounds);
  });

  test('loses no hand-over to a mirror', async () => {
    declared = route([production], { mirrors: [MIRROR] });
    sandbox = await Sandbox.start('router', services.url, ROUTER);
    await openSeveral();
    await sandbox.invoke(apiEvent());
    await thawed(apiEvent());
    await sandbox.invoke(apiEvent());
    // On a busy machine some come late, which is while the function runs on.
    while (summed(ShadowMetric.MIRRORED) + summed(ShadowMetric.DROPPED) < 3) {
      await openSeveral();
    }
    expect([asked.filter((name) => name === 'mirror').length, summed(ShadowMetric.DROPPED)]).toEqual([3, 0]);
  });

  test('is no problem that the deploy gate hears of', async () => {
    declared = route([production]);
    sandbox = await Sandbox.start('router', services.url, ROUTER);
    await openSeveral();
    expect(await thawed({ modelRollout: 'probe', targets: [production.target] })).toEqual({ problems: [] });
  });

  test('is no error of a shadow', async () => {
    const plan: MirrorPlan = {
      endpoint: 'fraud', alias: 'live', shadow: 'v3', version: 'v3', target: variant('v3').target, timeoutMs: 10_000, sampleRate: 1,
      comparison: { kind: 'number', path: '$.y', absolute: 0, relative: 0 },
    };
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const event: MirroredRequest = {
      inferenceId: 'id', at: Date.now(), headers: { 'content-type': 'application/json' }, query: '', body: base64('{"x":1}'),
      production: { version: 'v1', target: production.target, latencyMs: 7, body: base64('{"y":1}') },
    };
    sandbox = await Sandbox.start('mirror', services.url, { MODEL_ROLLOUT_MIRROR: JSON.stringify(plan) });
    for (let round = 0; round < 3; round++) {
      await sandbox.invoke(event);
      await thawed(event);
    }
    await sandbox.invoke(event);
    expect(asked).toHaveLength(7);
    // The last one of a version's dimensions is in the same record.
    expect([summed(ShadowMetric.AGREEMENTS), summed(ShadowMetric.SHADOW_ERRORS)]).toEqual([7, 0]);
  });

  test('is no error of the feedback function', async () => {
    declared = route([production], { feedback: { table: 'inferences', sampleRate: 1, windowSeconds: 3_600, outcome: { kind: 'label', prediction: '$.y' } } });
    sandbox = await Sandbox.start('feedback', services.url, { MODEL_ROLLOUT_TABLE: 'routes', MODEL_ROLLOUT_ENDPOINT: 'fraud' });
    const tell = apiEvent({ body: JSON.stringify({ outcomes: Array.from({ length: 6 }, (_, i) => ({ inferenceId: `i${i}`, label: 1 })) }) });
    await sandbox.invoke(tell);
    const { body } = (await thawed(tell)) as APIGatewayProxyResult;
    expect(body).not.toContain('UNAVAILABLE');
  });
});

test('a service that takes no connection is a failure, after a second try of each version that is asked', async () => {
  declared = route([{ ...production, weight: 0 }, variant('candidate', { role: 'candidate', timeBudgetMs: 10_000 })]);
  sandbox = await Sandbox.start('router', services.url, { ...ROUTER, AWS_ENDPOINT_URL_LAMBDA: 'http://127.0.0.1:1' });
  const { statusCode, body } = (await sandbox.invoke(apiEvent())) as APIGatewayProxyResult;
  expect([statusCode, body]).toEqual([503, expect.stringContaining('BACKEND_UNAVAILABLE')]);
  expect(
    sandbox.log
      .filter((line) => Metric.RETRIES in line)
      .map((line) => [line[Dimension.VARIANT], line[Metric.RETRIES], line[Metric.BACKEND_ERRORS], line[Metric.TIMEOUTS]]),
  ).toEqual([
    ['candidate', 1, 1, 0],
    ['production', 1, undefined, undefined],
  ]);
});
