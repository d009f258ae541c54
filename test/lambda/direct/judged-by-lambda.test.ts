import { GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { readBaseline } from '../../../lambda/controller/baseline';
import { observe } from '../../../lambda/controller/observe';
import { DirectWorld } from '../../fixtures/direct-world';
import { plan } from '../../fixtures/plan';

/** Whole rollouts of an alias in virtual time, judged by what Lambda itself would say of both versions. */

const MINUTE = 60_000;
const PER_MINUTE = 6_000;

/** How a version behaves: the part of its invocations that fails, and its mean duration, milliseconds. */
interface Behaviour {
  readonly fails: number;
  readonly meanMs: number;
}

const PRODUCTION: Behaviour = { fails: 0.01, meanMs: 100 };

/** CloudWatch with Lambda's metrics by `ExecutedVersion`, as the alias's weights were in each minute. */
class LambdaMetrics {
  readonly asked = new Set<string>();
  private readonly shares = new Map<number, { readonly [version: string]: number }>();

  constructor(private readonly world: DirectWorld, private readonly candidate: Behaviour) {}

  /** What the alias says now holds from this minute on. */
  note(): void {
    this.shares.set(Math.ceil(this.world.now / MINUTE), this.world.callers);
  }

  readonly client = { send: async (command: object): Promise<object> => {
    if (!(command instanceof GetMetricDataCommand)) {
      return { MetricAlarms: [], CompositeAlarms: [] };
    }
    const { MetricDataQueries: queries = [], StartTime: start, EndTime: end } = command.input;
    return { MetricDataResults: queries.map(({ Id: id, MetricStat: stat }) => {
      const { Namespace: namespace, MetricName: name, Dimensions: dimensions = [] } = stat!.Metric!;
      const { Resource: resource, ExecutedVersion: version } = Object.fromEntries(dimensions.map((each) => [each.Name, each.Value]));
      this.asked.add(`${namespace} ${name} ${stat!.Stat!.replace(/[\d.]+/, 'x')}`);
      const times: Date[] = [];
      const values: number[] = [];
      for (let at = start!.getTime(); namespace === 'AWS/Lambda' && resource === 'fraud:live' && at < Math.min(end!.getTime(), this.world.now); at += 1_000 * stat!.Period!) {
        const value = this.value(`${name} ${stat!.Stat}`, version!, this.shareAt(at, version!) * PER_MINUTE * (stat!.Period! / 60));
        if (value !== undefined) {
          times.unshift(new Date(at));
          values.unshift(value);
        }
      }
      return { Id: id, Timestamps: times, Values: values, StatusCode: 'Complete' };
    }) };
  } };

  private shareAt(at: number, version: string): number {
    const minute = Math.floor(at / MINUTE);
    const [, shares] = [...this.shares].filter(([from]) => from <= minute).at(-1) ?? [0, { 7: 100 }];
    return (shares[version as '7'] ?? 0) / 100;
  }

  private value(what: string, version: string, invocations: number): number | undefined {
    const { fails, meanMs } = version === '8' ? this.candidate : PRODUCTION;
    const [, metric, statistic, bound] = /^(\w+) (Sum|SampleCount|Average|TC|p)\(?([\d.]*)/.exec(what)!;
    if (invocations === 0) {
      return undefined;
    }
    switch (`${metric} ${statistic}`) {
      case 'Invocations Sum':
      case 'Duration SampleCount':
        return Math.round(invocations);
      case 'Errors Sum':
        return Math.round(invocations * fails);
      case 'Duration TC':
        return Math.round(invocations * Math.exp(-Number(bound) / meanMs));
      case 'Duration p':
        return -meanMs * Math.log(1 - Number(bound) / 100);
      default:
        return meanMs;
    }
  }
}

const PLAN = plan({
  stages: [5, 50, 80].map((percent) => ({ percent, bakeSeconds: 300, approval: false })),
  metrics: { periodSeconds: 60, delaySeconds: 120 }, settlingSeconds: 60, ignoresCapacity: true, deadlineSeconds: 3_300, leaseSeconds: 180,
  guardrails: [{ kind: 'errors', name: 'errors', action: 'rollback' }, { kind: 'latency', name: 'latency', action: 'rollback', quantiles: [0.5, 0.9] }],
  judgement: { alpha: 0.01, uncertified: { afterSeconds: 600, policy: 'advance' } },
});

async function rolledOut(candidate: Behaviour): Promise<{ world: DirectWorld; metrics: LambdaMetrics; most: number }> {
  const world = new DirectWorld();
  const metrics = new LambdaMetrics(world, candidate);
  const cells = { read: async () => [] };
  world.baseline = (state) => readBaseline({ cloudWatch: metrics.client as never, cells }, state, world.now);
  world.evidence = (state) => observe(state, {
    cloudWatch: metrics.client as never, lambda: { send: async () => ({}) } as never, ssm: { send: async () => ({}) } as never,
    cells, now: () => world.now, warn: () => undefined,
  });
  await world.deploy('7', { type: 'Create', plan: PLAN });
  await world.deploy('8', { plan: PLAN });
  const seen = await world.walk(() => metrics.note());
  return { world, metrics, most: Math.max(...seen.map((shares) => shares[8] ?? 0)) };
}

test('a version as good as production is promoted, by Lambda\'s counts of errors and by trimmed counts of durations', async () => {
  const { world, metrics } = await rolledOut(PRODUCTION);
  expect(world.answers).toMatchObject([{ outcome: { result: 'promoted' } }]);
  expect(world.callers).toEqual({ 8: 100 });
  expect([...metrics.asked].filter((each) => each.startsWith('AWS/Lambda'))).toEqual(expect.arrayContaining([
    'AWS/Lambda Invocations Sum', 'AWS/Lambda Errors Sum', 'AWS/Lambda Duration SampleCount', 'AWS/Lambda Duration TC(x:)', 'AWS/Lambda Duration px',
  ]));
});

test.each<[string, Behaviour, RegExp]>([
  ['fails five times as often', { fails: 0.05, meanMs: 100 }, /errors/],
  ['is half as fast again', { fails: 0.01, meanMs: 150 }, /slower than/],
])('a version that %s is rolled back while it has 5 %', async (_, candidate, reason) => {
  const { world, most } = await rolledOut(candidate);
  expect(world.answers).toMatchObject([{ outcome: { result: 'rolled back', sentence: expect.stringMatching(reason) } }]);
  expect([most, world.callers, world.aws.schedules.size]).toEqual([5, { 7: 100 }, 0]);
});
