import fc from 'fast-check';
import type { CounterReading } from '../../../lib/core/counters/cells';
import { kept, type KeptReadings, type Reading, unkept } from '../../../lib/core/audit/readings';

const MINUTE = 60_000;
const reading = (series: { [source: string]: [number, number][] }, cells: CounterReading[] = []): Reading => ({
  time: { start: 0, until: 10 * MINUTE, periodSeconds: 60 },
  series: new Map(Object.entries(series).map(([source, values]) => [source, new Map(values)])),
  cells: new Map([['tenants', cells]]),
});
const minute = (at: number, requests: number): CounterReading => ({
  at, versions: new Map([['v2', { requests: [requests, 0], bad: [[0, 1]] }]]), names: new Map([[1, 'acme']]),
});
/** As it is written and read again. */
const written = (readings: KeptReadings): KeptReadings => JSON.parse(JSON.stringify(readings)) as KeptReadings;

test('what is written and read again is what was read, whatever was read before', () => {
  const value = fc.oneof(fc.nat(), fc.constant(NaN), fc.double({ noNaN: true, noDefaultInfinity: true }).map((each) => each + 0));
  const values = fc.array(fc.tuple(fc.nat(9).map((at) => at * MINUTE), value), { maxLength: 12 });
  const readings = fc.tuple(values, values, fc.uniqueArray(fc.nat(9), { maxLength: 5 }), fc.nat()).map(([one, other, minutes, requests]) =>
    reading({ one, other }, minutes.sort((a, b) => a - b).map((at) => minute(at * MINUTE, requests))));
  fc.assert(fc.property(readings, readings, (before, now) => {
    const known = { sha256: 'a', readings: { comparison: before } };
    const again = unkept(written(kept({ comparison: now }, known)), known).comparison!;
    expect(new Map([...again.series].map(([source, of]) => [source, [...of].sort(([a], [b]) => a - b)])))
      .toEqual(new Map([...now.series].map(([source, of]) => [source, [...of].sort(([a], [b]) => a - b)])));
    expect([again.time, again.cells]).toEqual([now.time, now.cells]);
  }));
});

test('only what is new or has changed is written', () => {
  const known = { sha256: 'a', readings: { comparison: reading({ requests: [[0, 10], [MINUTE, 20]] }, [minute(0, 5), minute(MINUTE, 6)]) } };
  const now = reading({ requests: [[0, 10], [MINUTE, 21], [2 * MINUTE, NaN]] }, [minute(0, 5), minute(MINUTE, 7)]);
  expect(kept({ comparison: now }, known)).toMatchObject({
    since: 'a', of: { comparison: { series: { requests: [[MINUTE, 21], [2 * MINUTE, null]] }, cells: { tenants: [{ at: MINUTE }] } } },
  });
});

test('where something is gone, all is written', () => {
  const known = { sha256: 'a', readings: { comparison: reading({ requests: [[0, 10], [MINUTE, 20]] }) } };
  expect(kept({ comparison: reading({ requests: [[MINUTE, 20]] }) }, known)).toMatchObject({
    of: { comparison: { series: { requests: [[MINUTE, 20]] } } },
  });
  expect(kept({ comparison: reading({ requests: [[MINUTE, 20]] }) }, known).since).toBeUndefined();
});

test('what was added to other readings than those that are known is not made up', () => {
  const added = kept({ comparison: reading({ requests: [] }) }, { sha256: 'a', readings: {} });
  expect(() => unkept(added, { sha256: 'b', readings: {} })).toThrow('its readings are added to those of record a');
});
