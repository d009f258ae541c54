import { DynamoDbCellCounts } from '../../../lambda/controller/cell-counts';
import { type CellCounts, COUNTED_MS, type CounterReading, versionTag } from '../../../lib/core/counters/cells';
import type { CounterPlan } from '../../../lib/core/counters/plan';
import type { SegmentsMeasurement } from '../../../lib/core/judge/period';
import { counterItem } from '../../../lib/core/names';
import { judgeRollout } from '../../../lib/core/rollout/judge-rollout';
import { periodsOf } from '../../../lib/core/rollout/periods';
import type { Series, SeriesByKey } from '../../../lib/core/rollout/series';
import type { RolloutPlan } from '../../../lib/core/rollout/plan';
import type { EvidenceGuardrailPlan } from '../../../lib/core/guardrails/kinds';
import { sourceKey } from '../../../lib/core/guardrails/sources';
import { countersOf } from '../../../lib/core/rollout/segments';
import { guardrailSources, requestSources } from '../../../lib/core/rollout/sources';
import { variant } from '../../fixtures/serving';
import { plan } from '../../fixtures/plan';

const MINUTE = 60_000;
const START = 1_700_000_040_000;
const counter: CounterPlan = { name: 'segments-1', table: 'Counters', by: { source: 'header', name: 'x-tenant' }, cells: 3, values: ['a', 'b'], during: 'rollout', keepSeconds: 3_600 };
const by = { label: 'x-tenant', counter };
const errors: EvidenceGuardrailPlan = { kind: 'errors', name: 'errors', action: 'rollback', by };

type State = Parameters<typeof periodsOf>[0];
const state = (guardrails: RolloutPlan['guardrails'] = [errors], overrides: Partial<RolloutPlan> = {}): State => ({
  alias: 'fraud/live', plan: plan({ guardrails, ...overrides }), production: variant('production', { version: 'v1' }), candidate: variant('candidate', { version: 'v2' }),
  stage: 0, shares: [{ stage: 0, from: START - MINUTE, until: START + 60 * MINUTE }],
  baseline: { thresholds: { slow: [10, 100], slower: [300] }, overdispersion: { errors: 2 }, frequent: [], notes: [] },
});

/** Metrics of both versions, so many requests of which none fails in every period. */
function metrics(
  of: State,
  time: { readonly start: number; readonly until: number; readonly periodSeconds: number },
  requests: { readonly candidate: number; readonly production: number },
): SeriesByKey {
  const { candidate, production } = requestSources(of);
  const values = (value: number): Series => {
    const series = new Map<number, number>();
    for (let at = time.start; at < time.until; at += time.periodSeconds * 1_000) {
      series.set(at, value);
    }
    return series;
  };
  return new Map([
    ...guardrailSources(of)
      .flatMap((sources) => [...sources.candidate.parts, ...sources.production.parts])
      .map((source): [string, Series] => [sourceKey(source), values(0)]),
    ...guardrailSources(of).flatMap(({ candidate: mine, production: others }): [string, Series][] => [
      [sourceKey(mine.total), values(requests.candidate)],
      [sourceKey(others.total), values(requests.production)],
    ]),
    [sourceKey(candidate), values(requests.candidate)],
    [sourceKey(production), values(requests.production)],
  ]);
}

const counted = (at: number, candidate: CellCounts, production: CellCounts, names: [number, string][] = []): CounterReading =>
  ({ at, versions: new Map([[versionTag('v2'), candidate], [versionTag('v1'), production]]), names: new Map(names) });
const cells = (requests: number[], ...bad: number[][]): CellCounts => ({ requests, bad: bad.length === 0 ? [[0, 0, 0]] : bad });
const time = { start: START, until: START + 4 * MINUTE, periodSeconds: 60 };
const measured = (
  of: State,
  readings: readonly CounterReading[],
  when = time,
  requests = { candidate: 50, production: 950 },
): (SegmentsMeasurement | undefined)[] =>
  periodsOf(of, metrics(of, when, requests), when, new Map([['segments-1', readings]]))
    .sort((a, b) => a.start - b.start)
    .map(
      ({ measurements }) =>
        Object.entries(measurements).find(([name]) => name.endsWith(' by x-tenant'))?.[1] as SegmentsMeasurement | undefined,
    );

test('segments are counts of both versions in each minute', () => {
  const [first, second] = measured(state(), [counted(START, cells([10, 20, 20], [0, 3, 0]), cells([300, 300, 350], [1, 0, 2]), [[1, 'b']])]);
  expect(first).toEqual({ kind: 'segments', periods: 1, candidate: { totals: [10, 20, 20], bad: [[0, 3, 0]] }, production: { totals: [300, 300, 350], bad: [[1, 0, 2]] }, names: new Map([[1, 'b']]) });
  expect(second).toBeUndefined();
});

test('a minute of which more than a tenth of the requests is not in the segments is not measured: routers are late, or lost what they counted', () => {
  const of = (candidate: number, production: number): boolean =>
    measured(state(), [counted(START, cells([candidate, 0, 0]), cells([0, production, 0]))])[0] !== undefined;
  expect([of(50, 950), of(45, 860), of(43, 853)]).toEqual([true, true, true]);
  expect([of(42, 950), of(50, 852), of(0, 950), of(50, 0)]).toEqual([false, false, false, false]);
});

test('a few requests may be missing where there are only few, but not all of them', () => {
  const of = (candidate: number): boolean =>
    measured(state(), [counted(START, cells([candidate, 0, 0]), cells([0, 950, 0]))], time, { candidate: 3, production: 950 })[0] !==
    undefined;
  expect([of(3), of(2), of(1), of(0)]).toEqual([true, true, false, false]);
});

test('in periods of ten seconds a minute belongs to the one that ends it, and is six of them', () => {
  const tens = { start: START, until: START + 2 * MINUTE, periodSeconds: 10 };
  const of = state([errors], { metrics: { periodSeconds: 10, delaySeconds: 20 }, deadlineSeconds: 3_600 });
  const all = measured(of, [counted(START, cells([300, 0, 0]), cells([0, 5_700, 0]))], tens);
  expect(all.map((each) => each?.periods)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    6,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('in periods of several minutes these are added up', () => {
  const fives = { start: START - START % (5 * MINUTE), until: START - START % (5 * MINUTE) + 5 * MINUTE, periodSeconds: 300 };
  const of = {
    ...state([errors], { deadlineSeconds: 3 * 86_400 }),
    shares: [{ stage: 0, from: fives.start - MINUTE, until: fives.until }],
  };
  const readings = [0, 1, 2, 3, 4].map((minute) =>
    counted(fives.start + minute * MINUTE, cells([10, 0, 0], [1, 0, 0]), cells([100, 90, 0])),
  );
  const [measurement] = measured(of, readings, fives);
  expect(measurement).toMatchObject({ candidate: { totals: [50, 0, 0], bad: [[5, 0, 0]] }, production: { totals: [500, 450, 0] } });
});

test('slow requests are those of the guardrail\'s own thresholds', () => {
  const latency = (name: string, segmented: boolean): EvidenceGuardrailPlan => ({ kind: 'latency', name, action: 'rollback', quantiles: name === 'slow' ? [0.5, 0.99] : [0.9], ...(segmented ? { by } : {}) });
  const of = state([latency('slow', false), latency('slower', true)]);
  const [first] = measured(of, [counted(START, cells([50, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0], [4, 0, 0]), cells([950, 0, 0]))]);
  expect(first?.candidate.bad).toEqual([[4, 0, 0]]);
  expect(first?.production.bad).toEqual([[0, 0, 0]]);
});

test('without any counts the rollout holds, and says why', () => {
  const of = state();
  const { verdict, reasons } = judgeRollout(of, metrics(of, time, { candidate: 50, production: 950 }), time);
  expect(verdict).toBe('hold');
  expect(reasons).toContainEqual({ kind: 'silent', guardrail: 'errors by x-tenant', text: 'errors by x-tenant: no data yet' });
});

test('a counter of several guardrails is read once', () => {
  expect(countersOf({ guardrails: [errors, { ...errors, name: 'other' }, { kind: 'drift', name: 'd', action: 'hold', path: '$.a', edges: [1] }] })).toEqual([counter]);
});

describe('reading', () => {
  const table = (asked: [number, number][]): { send: never; put: (minute: number, requests: number) => void } => {
    const items = new Map<string, number>();
    return {
      put: (minute, requests) => items.set(counterItem('segments-1', START + minute * COUNTED_MS), requests),
      send: (async ({
        input: { ExpressionAttributeValues: values },
      }: {
        input: { ExpressionAttributeValues: { [name: string]: { S: string } } };
      }) => {
        const [from, to] = [values[':from'].S, values[':to'].S];
        asked.push(
          [from, to].map((item) => Math.round((Number(item.split('#')[1]) * COUNTED_MS - START) / COUNTED_MS)) as [number, number],
        );
        return {
          Items: [...items]
            .filter(([item]) => item >= from && item <= to)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([item, requests]) => ({
              alias: { S: 'fraud/live' },
              item: { S: item },
              [`${versionTag('v1')}n0`]: { N: String(requests) },
            })),
        };
      }) as never,
    };
  };

  test('asks for whole minutes of the time, and for old ones once', async () => {
    const asked: [number, number][] = [];
    const dynamoDb = table(asked);
    let now = START + 30 * MINUTE;
    const reader = new DynamoDbCellCounts(dynamoDb, () => now);
    const read = async (until: number): Promise<number[]> =>
      (await reader.read(counter, 'fraud/live', { start: START - 1, until: START + until * MINUTE })).map(({ versions }) => versions.get(versionTag('v1'))!.requests[0]);
    [0, 5, 9, 15].forEach((minute) => dynamoDb.put(minute, minute + 1));
    expect(await read(20)).toEqual([1, 6, 10, 16]);
    // A late count: minutes that a router may still write are read again.
    dynamoDb.put(15, 17);
    dynamoDb.put(16, 1);
    now += MINUTE;
    expect(await read(21)).toEqual([1, 6, 10, 17, 1]);
    expect(asked).toEqual([[0, 19], [10, 20]]);
    expect(await reader.read(counter, 'fraud/live', { start: START, until: START })).toEqual([]);
  });

  test('fails when the table cannot be read', async () => {
    const fails = { send: (async () => { throw new Error('no'); }) as never };
    await expect(new DynamoDbCellCounts(fails).read(counter, 'fraud/live', { start: START, until: START + MINUTE })).rejects.toThrow('no');
  });
});
