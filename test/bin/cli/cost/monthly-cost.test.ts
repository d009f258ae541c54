import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib/core';
import { monthlyCost } from '../../../../bin/cli/cost/monthly-cost';
import { type Priced, pricedOf } from '../../../../bin/cli/cost/priced';
import { PRICES } from '../../../../lib/core/prices';
import { CanaryRollout, FeedbackOutcome, InferenceFeedback, InferenceLog, ModelEndpoint, ShadowMirror } from '../../../../lib';
import { type PayloadPlan, PLAIN_RECORD_BYTES } from '../../../../lib/core/inference-log/record';
import { mirrorCost } from '../../../../lib/core/mirroring/mirror-cost';
import type { MirrorPlan } from '../../../../lib/core/mirroring/mirror-plan';
import { stacksWithEndpoints } from '../../../../bin/cli/assembly';
import type { CostDocument } from '../../../../bin/cli/documents/cost-document';
import { rolloutsOf } from '../../../../rehearsal/assembly/find-rollouts';
import { rehearse } from '../../../../rehearsal/engine/rehearse';
import { machineryCost } from '../../../../rehearsal/results/cost';
import { USUAL } from '../../../../lib/core/rehearsal/built-in';
import { runCli } from '../../../fixtures/fake-aws';
import { inline, newStack } from '../../../fixtures/stacks';

const ROUTER: Priced = {
  routers: [1_024], mirrors: [], feedback: [], logs: [], parquet: true,
  alarmMetrics: 0, highResolutionAlarmMetrics: 0, dashboards: 0, rollouts: [],
};
const TRAFFIC = { requestsPerSecond: 10, modelMs: 98, requestKb: 2, responseKb: 4, rolloutsPerMonth: 4 };
const MIRROR: MirrorPlan = {
  endpoint: 'fraud', alias: 'live', shadow: 'shadow', version: '0'.repeat(64), timeoutMs: 1_000, sampleRate: 0.1,
  target: { kind: 'lambda', functionArn: 'arn', contract: 'json', maxRequestBytes: 1 }, comparison: { kind: 'bytes' } as never,
};

function dollars(stack: Priced, what: string, prices = PRICES as never): number {
  return monthlyCost(stack, TRAFFIC, prices).lines.find((line) => line.what.startsWith(what))!.dollars;
}

// Ten requests a second are 26,280,000 in a month of 730 hours.
test.each([
  ['API Gateway', 26.28 * 3.5],
  ['router, requests', 26.28 * 0.2],
  // 98 ms of the model and 2 of the router, of a gigabyte.
  ['router, time', 2_628_000 * 0.0000133334],
  ['logs', 26.28 * 1.435 * 0.5],
  ['metrics of production', 22 * 0.3],
  ['data transfer', 26.28 * 0.004 * 1_000 * 0.09],
  // One router is in use, and reads every two seconds.
  ['routes', 1.314 * 0.125],
])('of ten requests a second, %s cost %d USD', (what, expected) => {
  expect(dollars(ROUTER, what)).toBeCloseTo(expected, 4);
});

test('alarms are billed by the metric and by their period, dashboards by the piece, rollouts by what each of an alias costs', () => {
  const stack = { ...ROUTER, alarmMetrics: 3, highResolutionAlarmMetrics: 2, dashboards: 2, rollouts: [0.05, 0.07] };
  expect(dollars(stack, 'alarms')).toBeCloseTo(0.9);
  expect(dollars(stack, 'dashboards')).toBe(6);
  expect(dollars(stack, 'rollouts')).toBeCloseTo(4 * 0.12);
});

describe('a judge', () => {
  const judged = (by: object, more: object = {}): Priced =>
    ({ ...ROUTER, mirrors: [{ ...MIRROR, comparison: { kind: 'judge', timeoutMs: 1, maximumPerDay: 1_000, withRequest: true, by, ...more } as never }] });
  const model = (more: object = {}): object => ({ kind: 'bedrock', target: {}, maximumAnswerTokens: 512, maximumTokensPerDay: 1e12, ...more });

  test('costs its tokens, of so many pairs as it may be asked about in a month', () => {
    // 200 tokens that tell it what to do, and two answers of 4 kB and a request of 2 kB, twice; 100 that it says, twice.
    const [pairs, tokensIn, tokensOut] = [1_000 * 365 / 12, 2 * (200 + 2_500), 200];
    expect(dollars(judged(model({ prices: { input: 3, output: 15 } })), 'judges of mirrors'))
      .toBeCloseTo(pairs * ((3 * tokensIn + 15 * tokensOut) / 1e6 + 1.25e-6), 4);
  });

  test('costs no more than its tokens of a day', () => {
    const month = dollars(judged(model({ maximumTokensPerDay: 56_000, prices: { input: 3, output: 15 } })), 'judges of mirrors');
    // 5,600 tokens a pair: ten a day.
    expect(month).toBeCloseTo((10 * 365 / 12) * ((3 * 5_400 + 15 * 200) / 1e6 + 1.25e-6), 6);
  });

  test('of which nobody has told the price is said to take tokens, and is in no sum', () => {
    const { unpriced, total } = monthlyCost(judged(model()), TRAFFIC, PRICES);
    expect(unpriced).toEqual([expect.stringMatching(/^the judge of shadow shadow takes about 164\.3 million tokens in and 6\.1 million out a month, at a price that nobody has told/)]);
    expect(Number.isFinite(total)).toBe(true);
    expect(monthlyCost(ROUTER, TRAFFIC, PRICES).unpriced).toEqual([]);
  });

  test('that is a function costs two requests of it a pair', () => {
    expect(dollars(judged({ kind: 'function', functionArn: 'judge' }), 'judges of mirrors')).toBeCloseTo((365_000 / 12) * (0.4e-6 + 0.625e-6), 6);
  });
});

test('half the memory saves half of the time that the router waits', () => {
  const { savings } = monthlyCost(ROUTER, TRAFFIC, PRICES);
  expect(savings.map(({ what }) => what)).toEqual(['routerMemorySize: 512']);
  // Less CPU takes 2 ms more.
  expect(savings[0].dollars).toBeCloseTo((2_628_000 - (26_280_000 * 0.102) / 2) * 0.0000133334);
});

test('a mirror costs its copies, and half of them where it samples half', () => {
  const stack = { ...ROUTER, mirrors: [MIRROR] };
  const load = { requestsPerSecond: 10, sampleRate: 0.1, maximumPerMinute: undefined, latencySeconds: 0.098, noiseShare: 0, bins: 0 };
  const each = mirrorCost({ ...load, function: true });
  expect(dollars(stack, 'mirrors')).toBeCloseTo(each.mirror);
  expect(dollars(stack, 'shadows')).toBeCloseTo(each.shadow);
  const { total, savings } = monthlyCost(stack, TRAFFIC, PRICES);
  expect(total - monthlyCost(ROUTER, TRAFFIC, PRICES).total).toBeCloseTo(each.total);
  expect(savings.find(({ what }) => what === 'half the sampleRate of ShadowMirror')!.dollars).toBeCloseTo((each.total - each.metrics) / 2);
});

test('labels cost a record for each inference that is kept, and their metrics', () => {
  const stack = { ...ROUTER, feedback: [0.5] };
  expect(dollars(stack, 'labels')).toBeCloseTo(13.14 * 0.625);
  expect(dollars(stack, 'metrics of labels')).toBeCloseTo(1.2);
});

test('the inference log costs its lines and Firehose, with the bodies that have room', () => {
  const log = (payload?: PayloadPlan): number => dollars({ ...ROUTER, logs: [{ sampleRate: 0.1, redact: [], payload }] }, 'inference log');
  const ofBytes = (bytes: number): number => 2.628e6 * bytes * 1e-9 * (0.5 + 0.029 + 0.018);
  expect(log()).toBeCloseTo(ofBytes(PLAIN_RECORD_BYTES));
  expect(log({ request: true, answer: true, maximumBytes: 3_000 })).toBeCloseTo(ofBytes(PLAIN_RECORD_BYTES + 2_000));
  expect(log({ request: true, answer: true, maximumBytes: 16_000 })).toBeCloseTo(ofBytes(PLAIN_RECORD_BYTES + 6_000));
});

test('without requests only what rests is billed', () => {
  const idle = monthlyCost({ ...ROUTER, alarmMetrics: 3, dashboards: 1 }, { ...TRAFFIC, requestsPerSecond: 0 }, PRICES);
  expect(idle.total).toBeCloseTo(3.3);
});

describe('model-rollout cost', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cost-'));
  beforeAll(() => {
    const app = new App({ outdir: folder });
    const stack = newStack('Shop', app);
    const endpoint = new ModelEndpoint(stack, 'Fraud', { model: inline('v1') });
    new CanaryRollout(stack, 'Rollout', { endpoint });
    new ShadowMirror(stack, 'Mirror', { endpoint, model: inline('v2'), sampleRate: 0.2, maxRequestsPerMinute: 60 });
    new InferenceFeedback(stack, 'Labels', { endpoint, outcome: FeedbackOutcome.label('$.label'), sampleRate: 0.5 });
    new InferenceLog(stack, 'Log', { endpoint, logResponses: true });
    app.synth();
  });
  const cost = (...more: string[]): ReturnType<typeof runCli> =>
    runCli(['cost', '--assembly', folder, '--requests-per-second', '10', '--model-ms', '98', ...more]);

  test('reads routers, mirrors, feedback, logs, alarms and dashboards in the templates', () => {
    const priced = pricedOf(stacksWithEndpoints(folder)[0].templates);
    expect(priced).toMatchObject({
      routers: [1_024], mirrors: [{ sampleRate: 0.2, maximumPerMinute: 60, target: { kind: 'lambda' } }], feedback: [0.5],
      logs: [{ sampleRate: 0.1, payload: { request: false, answer: true } }], parquet: true,
    });
    expect(priced.alarmMetrics + priced.highResolutionAlarmMetrics).toBeGreaterThan(0);
  });

  test('prints what a month costs with the library and without', async () => {
    const { code, stdout } = await cost();
    expect(code).toBe(0);
    expect(stdout).toMatch(/API Gateway, requests +91\.98/);
    expect(stdout).toMatch(/router, time: it waits while the model works +35\.04/);
    expect(stdout).toMatch(/an API before the model alone +94\.35/);
    expect(stdout).toContain('routerMemorySize: 512 saves 17.17');
  });

  test('a rollout costs what a rehearsal of it says: metrics of its candidate, and the controller by its plan', async () => {
    const lineOf = async (...more: string[]): Promise<number> => {
      const { stacks: [{ lines }] } = (await cost(...more, '--json')).json() as unknown as CostDocument;
      return lines.find(({ what }) => what === 'rollouts')!.dollars;
    };
    const { templates } = stacksWithEndpoints(folder)[0];
    const [rollout] = templates.flatMap((template) => rolloutsOf('Shop', template));
    const run = await rehearse(rollout, USUAL, { seed: 1 });
    expect(run.verdict).toBe('promoted');
    expect(await lineOf('--model-ms', '80')).toBeCloseTo(4 * machineryCost(run, PRICES), 9);
    expect(await lineOf('--rollouts-per-month', '0')).toBe(0);
  });

  test('takes prices of a file, and refuses what is no price', async () => {
    const file = join(folder, 'prices.json');
    writeFileSync(file, '{"apiRequest": 0, "transferOutGb": 0}');
    expect((await cost('--prices', file, '--json')).json()).toMatchObject({ ok: true, ownPrices: true, stacks: [{ without: 0 }] });
    writeFileSync(file, '{"apiRequests": 1}');
    expect((await cost('--prices', file)).stderr).toContain('has apiRequests: 1; names are apiRequest, ');
  });

  test('says what is missing where nothing was synthesized', async () => {
    const { code, stderr } = await runCli(['cost', '--assembly', join(folder, 'none'), '--requests-per-second', '1', '--model-ms', '1']);
    expect(code).not.toBe(0);
    expect(stderr).toContain('has no stack with a model endpoint; run `cdk synth`');
  });
});
