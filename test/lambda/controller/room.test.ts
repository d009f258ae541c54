import { GetAccountSettingsCommand, GetFunctionConcurrencyCommand, GetProvisionedConcurrencyConfigCommand } from '@aws-sdk/client-lambda';
import { DescribeEndpointCommand } from '@aws-sdk/client-sagemaker';
import { foresee } from '../../../lambda/controller/foresee';
import { usualLoad } from '../../../lambda/controller/load';
import { mostLately, roomFor, roomForAll, type RoomClients } from '../../../lambda/controller/room';
import { Metric } from '../../../lib/core/names';
import type { RolloutPlan } from '../../../lib/core/rollout/plan';
import { routerMetric } from '../../../lib/core/guardrails/sources';
import type { RolloutState } from '../../../lib/core/rollout/state';
import type { Target } from '../../../lib/core/backends/backends';
import { variant } from '../../fixtures/serving';
import { PublishedMetrics } from '../../fixtures/published-metrics';
import { plan } from '../../fixtures/plan';
import { ALIAS, World } from '../../fixtures/world';
import { run } from '../../fixtures/run';

const NOW = Date.UTC(2026, 0, 13, 9, 30);

interface Fleet {
  readonly type?: string;
  readonly present?: number;
  readonly scales?: boolean;
  readonly serverless?: number;
}

/** Lambda, SageMaker and autoscaling with these limits, by name of a function or an endpoint. */
function clients(given: {
  reserved?: { [name: string]: number };
  provisioned?: { [name: string]: number };
  account?: number;
  used?: number;
  fleets?: { [name: string]: Fleet };
  requestsPerSecond?: number;
  milliseconds?: number;
  fault?: Error;
}): RoomClients & { readonly cloudWatch: PublishedMetrics } {
  const {
    reserved = {},
    provisioned = {},
    account = 1_000,
    used = 0,
    fleets = {},
    requestsPerSecond = 100,
    milliseconds = 200,
    fault,
  } = given;
  const cloudWatch = new PublishedMetrics(() => NOW);
  for (let at = NOW - 3_600_000 * 3; at < NOW; at += 60_000) {
    cloudWatch.put(routerMetric(ALIAS, 'v1', Metric.INVOCATIONS), at, 60 * requestsPerSecond, at);
    cloudWatch.put(routerMetric(ALIAS, 'v1', Metric.MODEL_LATENCY), at, milliseconds, at);
    cloudWatch.put({ namespace: 'AWS/Lambda', metricName: 'UnreservedConcurrentExecutions', dimensions: {} }, at, used, at);
  }
  const nameOf = (arn: string): string => arn.split(':')[6];
  const lambda = async (command: { input: { FunctionName?: string } }): Promise<object> => {
    if (fault !== undefined) {
      throw fault;
    }
    const name = nameOf(command.input.FunctionName ?? '::::::');
    switch (command.constructor) {
      case GetFunctionConcurrencyCommand:
        return name in reserved ? { ReservedConcurrentExecutions: reserved[name] } : {};
      case GetProvisionedConcurrencyConfigCommand:
        if (!(name in provisioned)) {
          throw Object.assign(new Error('none'), { name: 'ProvisionedConcurrencyConfigNotFoundException' });
        }
        return { RequestedProvisionedConcurrentExecutions: provisioned[name] };
      case GetAccountSettingsCommand:
        return { AccountLimit: { UnreservedConcurrentExecutions: account } };
      default:
        throw new Error(command.constructor.name);
    }
  };
  const sageMaker = async (command: { input: { EndpointName?: string; EndpointConfigName?: string } }): Promise<object> => {
    const { type, present, serverless } = fleets[command.input.EndpointName ?? command.input.EndpointConfigName!];
    return command instanceof DescribeEndpointCommand
      ? {
          EndpointConfigName: command.input.EndpointName,
          ProductionVariants: [
            {
              VariantName: 'AllTraffic',
              ...(serverless === undefined
                ? { CurrentInstanceCount: present }
                : { CurrentServerlessConfig: { MaxConcurrency: serverless } }),
            },
          ],
        }
      : { ProductionVariants: [{ VariantName: 'AllTraffic', InstanceType: type }] };
  };
  const scaling = async ({ input }: { input: { ResourceIds: string[] } }): Promise<object> => ({
    ScalableTargets: fleets[input.ResourceIds[0].split('/')[1]].scales === true ? [{ MinCapacity: 1 }] : [],
  });
  return {
    cloudWatch,
    now: () => NOW,
    lambda: { send: lambda as never },
    sageMaker: { send: sageMaker as never },
    scaling: { send: scaling as never },
    lately: (namespace, metricName) => mostLately(cloudWatch, { namespace, metricName }, NOW),
  };
}

const fn = (name: string): Target => ({ kind: 'lambda', functionArn: `arn:aws:lambda:eu-west-1:1:function:${name}`, contract: 'json', maxRequestBytes: 1 });
const endpoint = (endpointName: string): Target => ({ kind: 'sagemaker', endpointName, maxRequestBytes: 1 });

const state = (production: Target, candidate: Target, overrides: Partial<RolloutPlan> = {}): RolloutState => ({
  schema: 1, id: 'r', alias: ALIAS, plan: plan(overrides), production: variant('production', { version: 'v1', target: production }),
  candidate: variant('candidate', { version: 'v2', target: candidate }), promoted: { schema: 1, assignment: { source: 'inference-id' } } as never, routerFunction: 'router', startedAt: NOW, stage: 0, stageStartedAt: NOW, prepared: true, decisions: 0,
});

const reasons = async (given: RolloutState, percent: number, from: RoomClients): Promise<string[]> => (await roomFor(given, percent, from)).map(({ verdict, reason }) => `${verdict}: ${reason}`);

describe('a candidate on Lambda', () => {
  const both = state(fn('v1'), fn('v2'));

  test('holds before a share that its reserved concurrency would refuse, and says what is needed', async () => {
    const from = clients({ reserved: { v2: 15 } });
    expect(await reasons(both, 25, from)).toEqual([]);
    expect(await reasons(both, 50, from)).toEqual([
      'wait: reservedConcurrency of the candidate is 15, but 50 % of 100 requests a second that take 200 ms are up to 20 at a time, and what is beyond is refused; raise it to 34, which all of them need',
    ]);
  });

  test('with production\'s own limit it is no worse off, however close that is', async () => {
    expect(await reasons(both, 100, clients({ reserved: { v1: 21, v2: 21 } }))).toEqual([]);
    expect(await reasons(both, 100, clients({ reserved: { v1: 21, v2: 20 } }))).toHaveLength(1);
  });

  test('without concurrency of its own it shares the account\'s: a shift from one function to another takes no more of it, one from elsewhere does', async () => {
    const full = { account: 1_000, used: 995 };
    expect(await reasons(both, 5, clients(full))).toEqual([]);
    expect(await reasons(state(endpoint('e'), fn('v2')), 50, clients({ ...full, fleets: { e: { type: 'ml.m5.large', present: 2 } } }))).toEqual([
      'wait: the functions of the account may run 1000 requests at a time and were at 995 within the last quarter of an hour, but 50 % need up to 19 more; '
        + 'wait for a quieter hour, or have the quota "Concurrent executions" raised',
    ]);
  });

  test('what is provisioned is no limit, but is said before traffic', async () => {
    const published: Target = { ...fn('v2'), functionArn: 'arn:aws:lambda:eu-west-1:1:function:v2:3' } as Target;
    const from = clients({ provisioned: { v2: 10 } });
    expect(await reasons(state(fn('v1'), published), 100, from)).toEqual([]);
    expect(await roomForAll(state(fn('v1'), published), { requestsPerSecond: 100, seconds: 0.2 }, from)).toEqual([{
      certain: false, sentence: 'in production\'s busiest hour of the last day provisionedConcurrency of the candidate is 10, but all of 100 requests a second that take 200 ms are up to 34 at a time: the others meet environments that start cold',
    }]);
  });
});

describe('a candidate on instances', () => {
  const all = { requestsPerSecond: 100, seconds: 0.2 };
  const both = (overrides: Partial<RolloutPlan> = {}): RolloutState => state(endpoint('v1'), endpoint('v2'), overrides);
  const fleets = (v1: Fleet, v2: Fleet): RoomClients => clients({ fleets: { v1: { type: 'ml.g5.xlarge', ...v1 }, v2: { type: 'ml.g5.xlarge', ...v2 } } });

  test('a fixed number that is smaller than what autoscaling has given production is too small', async () => {
    expect(await reasons(both(), 50, fleets({ present: 7, scales: true }, { present: 2 }))).toEqual([
      'wait: the candidate has 2 instances, but production has 7 of the same type for all requests, so that 50 % need 4; raise instances.min',
    ]);
    expect(await reasons(both(), 25, fleets({ present: 7, scales: true }, { present: 2 }))).toEqual([]);
  });

  test('autoscaling that may not go as far as production\'s is too small, too', async () => {
    const capacity = { endpointName: 'v2', variantName: 'AllTraffic', min: 1, max: 3 };
    expect(await roomForAll(both({ capacity }), all, fleets({ present: 7, scales: true }, { present: 1 }))).toEqual([{
      certain: true, sentence: 'in production\'s busiest hour of the last day the candidate has at most 3 instances, but production has 7 of the same type for all requests, so that 100 % need 7; raise instances.max',
    }]);
  });

  test('fewer than production\'s fixed number may be enough, which nobody knows: it is said, and holds nothing', async () => {
    const from = fleets({ present: 4 }, { present: 2 });
    expect(await reasons(both(), 100, from)).toEqual([]);
    expect(await roomForAll(both(), all, from)).toMatchObject([{ certain: false, sentence: expect.stringContaining('or say with invocationsPerInstance what an instance takes') }]);
  });

  test('what an instance is said to take decides, whatever production has', async () => {
    expect(await reasons(both({ instanceRequestsPerMinute: 2_000 }), 100, fleets({ present: 4 }, { present: 2 }))).toEqual([]);
    expect(await reasons(both({ instanceRequestsPerMinute: 1_000 }), 100, fleets({ present: 4 }, { present: 2 }))).toHaveLength(1);
  });

  test('another type, and as many as production has, say nothing', async () => {
    expect(await roomForAll(both(), all, fleets({ present: 7, scales: true }, { type: 'ml.g5.12xlarge', present: 1 }))).toEqual([]);
    expect(await roomForAll(both(), all, fleets({ present: 2 }, { present: 2 }))).toEqual([]);
  });

  test('a serverless endpoint refuses what is beyond its concurrency', async () => {
    expect(await reasons(state(fn('v1'), endpoint('v2')), 80, clients({ fleets: { v2: { serverless: 20 } } }))).toMatchObject([expect.stringContaining('maxConcurrency of the candidate is 20')]);
  });
});

test('what may not be seen is somebody else\'s; what cannot be read waits; who was told to leave it looks at nothing', async () => {
  const both = state(fn('v1'), fn('v2'));
  expect(await reasons(both, 50, clients({ fault: Object.assign(new Error('no'), { name: 'AccessDeniedException' }) }))).toEqual([]);
  expect(await reasons(both, 50, clients({ fault: new Error('503') }))).toEqual(['wait: the candidate\'s limits are not known: Error: 503']);
  expect(await reasons(state(fn('v1'), fn('v2'), { ignoresCapacity: true }), 50, clients({ fault: new Error('503') }))).toEqual([]);
});

test('production\'s busiest hour is what counts before traffic', async () => {
  const { cloudWatch } = clients({ requestsPerSecond: 30, milliseconds: 500 });
  expect(await usualLoad(cloudWatch, state(fn('v1'), fn('v2')), NOW)).toEqual({ requestsPerSecond: 30, seconds: 0.5 });
});

test('an answer that is streamed occupies its model until it ends', async () => {
  const { cloudWatch } = clients({ requestsPerSecond: 30, milliseconds: 500 });
  for (let at = NOW - 3_600_000 * 3; at < NOW; at += 60_000) {
    cloudWatch.put(routerMetric(ALIAS, 'v1', Metric.STREAM_DURATION), at, 12_000, at);
  }
  expect(await usualLoad(cloudWatch, state(fn('v1'), fn('v2')), NOW)).toEqual({ requestsPerSecond: 30, seconds: 12.5 });
});

test('a candidate that could never be in production\'s place ends before it has begun, and is not rejected; a doubt is said and holds nothing', async () => {
  const lacking = new World();
  lacking.usual = 100;
  lacking.lacking = [{ certain: true, sentence: 'reservedConcurrency of the candidate is 15, but …' }];
  await run(lacking, plan());
  expect(lacking.answers).toMatchObject([{ outcome: {
    result: 'rolled back', sentence: 'rolled back: reservedConcurrency of the candidate is 15, but …',
  } }]);
  expect(await lacking.rollouts.rejection(ALIAS, 'v2')).toBeUndefined();

  const doubted = new World();
  doubted.usual = 100;
  doubted.lacking = [{ certain: false, sentence: 'provisionedConcurrency of the candidate is 10' }];
  await run(doubted, plan());
  expect(await doubted.shares()).toEqual({ v2: 100 });
  expect(doubted.decisions()[0].decision.sentence).toBe('advancing from 0 % to 5 %: the candidate is ready; provisionedConcurrency of the candidate is 10');
});

describe('the time that the candidate has', () => {
  const both = (overrides: Partial<RolloutPlan> = {}): RolloutState => ({
    ...state(fn('v1'), fn('v2'), { guardrails: [{ kind: 'errors', name: 'errors', action: 'rollback', allowed: { ratio: 1.1, tolerance: 0.0005 } }], ...overrides }),
    candidate: variant('candidate', { version: 'v2', target: fn('v2'), timeBudgetMs: 14_500 }),
  });
  const usual = { requestsPerSecond: 1, seconds: 2 };
  /** Of 1,000 answers of production's so many took 20 s, and so many were not there within its 29 s. */
  const history = (slow: number, timeouts = 0): RoomClients => {
    const from = clients({ requestsPerSecond: 0, milliseconds: 2_000 });
    const at = NOW - 2 * 3_600_000;
    const latency = routerMetric(ALIAS, 'v1', Metric.MODEL_LATENCY);
    for (let request = 0; request < 820; request++) {
      const usual = request < slow + timeouts ? 29_000 : 2_000;
      from.cloudWatch.put(latency, at, request < slow ? 20_000 : usual);
    }
    from.cloudWatch.put(routerMetric(ALIAS, 'v1', Metric.TIMEOUTS), at, timeouts);
    from.cloudWatch.put(routerMetric(ALIAS, 'v1', Metric.FAILURES), at, timeouts);
    return from;
  };

  test('must fit production\'s own answers, or an equal candidate would be rolled back for them: it ends before traffic', async () => {
    expect(await foresee(both(), usual, history(14))).toEqual([{
      certain: true,
      sentence: '1.4 % of production\'s answers of the last day took longer than the 14500 ms that the candidate has (candidateTimeBudget), and would be failures of it; raise that, leave it out, or raise the endpoint\'s timeout',
    }]);
  });

  test('is long enough where production fails as well what takes longer', async () => {
    expect(await foresee(both(), usual, history(0))).toEqual([]);
    expect(await foresee(both(), usual, history(0, 20))).toEqual([]);
  });

  test('is only said where nothing compares failures', async () => {
    expect(await foresee(both({ guardrails: [] }), usual, history(14))).toMatchObject([{ certain: false }]);
  });
});

test('what a version may have of its own is asked once for a step, and both its own limit and the account\'s are judged by it', async () => {
  const asked: string[] = [];
  const from = clients({ reserved: { v1: 100 } });
  const send = from.lambda.send as unknown as (command: object) => Promise<object>;
  const counted = { ...from, lambda: { send: (async (command: object) => {
    asked.push(command.constructor.name);
    return send(command);
  }) as never } };
  await roomFor(state(fn('v1'), fn('v2')), 50, counted);
  expect(asked.filter((name) => name === GetFunctionConcurrencyCommand.name)).toHaveLength(2);
});
