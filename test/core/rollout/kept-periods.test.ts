import fc from 'fast-check';
import type { EvidenceGuardrailPlan } from '../../../lib/core/guardrails/kinds';
import { sourceKey } from '../../../lib/core/guardrails/sources';
import { type ComparedRollout, KeptPeriods, periodsOf, PeriodsReading } from '../../../lib/core/rollout/periods';
import type { Series, SeriesByKey } from '../../../lib/core/rollout/series';
import { metricsOf } from '../../../lib/core/rollout/sources';
import { plan } from '../../fixtures/plan';
import { variant } from '../../fixtures/serving';

const MINUTE = 60_000;
const START = 1_700_000_040_000;
const LONGEST = 8;
const source = (metricName: string, version: string): NonNullable<Orders['candidate']>['total'] =>
  ({ namespace: 'Shop', metricName, dimensions: { Version: version }, statistic: 'Sum' });
type Orders = Extract<EvidenceGuardrailPlan, { kind: 'metric' }>;
const orders: Orders = {
  kind: 'metric', name: 'orders', action: 'hold', label: 'lost orders',
  candidate: { total: source('Orders', 'v2'), bad: source('Lost', 'v2') },
  production: { total: source('Orders', 'v1'), bad: source('Lost', 'v1') },
};
const rollout: ComparedRollout = {
  alias: 'fraud/live', plan: plan({ guardrails: [{ kind: 'errors', name: 'errors', action: 'rollback' }, orders], settlingSeconds: 60 }),
  production: variant('production', { version: 'v1' }), candidate: variant('candidate', { version: 'v2' }),
  stage: 0, shares: [{ stage: 0, from: START, until: START + 60 * MINUTE }],
  baseline: { thresholds: {}, overdispersion: {}, frequent: [], notes: [] },
};
const sources = [...new Set(metricsOf(rollout).map(sourceKey))];

/** What a reading at some minute finds: values of each metric, some of them revised, late or zero, and shares that have changed. */
const reading = fc.record({
  minute: fc.integer({ min: 1, max: LONGEST }),
  values: fc.array(fc.array(fc.option(fc.constantFrom(0, 1, 50, NaN), { nil: undefined }), { minLength: LONGEST, maxLength: LONGEST }), {
    minLength: sources.length, maxLength: sources.length,
  }),
  /** Of which metrics these values are told; the others tell what they usually do. */
  told: fc.nat(sources.length),
  moved: fc.option(fc.integer({ min: 1, max: LONGEST }), { nil: undefined }),
});
type Read = typeof reading extends fc.Arbitrary<infer Value> ? Value : never;

const timeOf = ({ minute }: Read): PeriodsReading['time'] => ({ start: START, until: START + minute * MINUTE, periodSeconds: 60 });

function seriesOf({ minute, values, told }: Read): SeriesByKey {
  return new Map(sources.map((key, index): [string, Series] => [key, new Map(Array.from({ length: minute }, (_, at) => at)
    .map((at): [number, number | undefined] => [START + at * MINUTE, index === told ? values[index][at] : 100 + at])
    .filter((entry): entry is [number, number] => entry[1] !== undefined))]));
}

const stateOf = ({ moved }: Pick<Read, 'moved'>): ComparedRollout => (moved === undefined ? rollout : {
  ...rollout,
  shares: [
    { stage: 0, from: START, until: START + moved * MINUTE },
    { stage: 1, from: START + moved * MINUTE, until: START + 60 * MINUTE },
  ],
});

test('periods that are kept are those that are made anew, whatever comes late, is revised or is gone', () => {
  fc.assert(
    fc.property(fc.array(reading, { minLength: 1, maxLength: 8 }), (readings) => {
      const kept = new KeptPeriods();
      for (const each of readings) {
        const [state, series, time] = [stateOf(each), seriesOf(each), timeOf(each)];
        expect(kept.of(new PeriodsReading(state, series, time, new Map()))).toEqual(periodsOf(state, series, time));
      }
    }),
    { numRuns: 300, seed: 11 },
  );
});

test('a period of which everything is as it was is the same, and one that was revised is not', () => {
  const kept = new KeptPeriods();
  const usual: Read = { minute: 3, values: [], told: sources.length, moved: undefined };
  const read = (each: Read): ReturnType<typeof periodsOf> => kept.of(new PeriodsReading(rollout, seriesOf(each), timeOf(each), new Map()));
  const before = read(usual);
  const after = read({ ...usual, minute: 4 });
  expect(after.slice(0, 3).map((period, index) => period === before[index])).toEqual([true, true, true]);
  const revised = read({ ...usual, minute: 4, told: 0, values: [[100, 7, 102, 103]] });
  expect(revised.map((period, index) => period === after[index])).toEqual([true, false, true, true]);
});
