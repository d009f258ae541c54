import fc from 'fast-check';
import type { Weighted } from '../../../lib/core/routing/assign';
import { cellOf } from '../../../lib/core/counters/cells';
import { assignByCell, CALLER_CELLS, type Contest, partsOfCell } from '../../../lib/core/routing/assign-by-cell';

const pair = (percent: number, candidate = 'v2'): Contest<Weighted> => ({ production: { version: 'v1', weight: 100 - percent }, candidate: { version: candidate, weight: percent } });
const chosen = (key: string, percent: number, candidate?: string): string => assignByCell('e/live', key, pair(percent, candidate)).version;
const callers = Array.from({ length: 20_000 }, (_, index) => `caller-${index}`);

test('a caller who has the candidate keeps it at every larger share, and all have it in the end', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 40 }),
      fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { maxLength: 12 }),
      (key, percents) => {
        const versions = [...percents].sort((a, b) => a - b).map((percent) => chosen(key, percent));
        expect(versions).toEqual([...versions].sort());
        expect([chosen(key, 0), chosen(key, 100)]).toEqual(['v1', 'v2']);
      },
    ),
    { numRuns: 500 },
  );
});

test.each([0.1, 1, 5, 12.5, 50, 95])('%s %% of the callers is what a share of as much gives', (percent) => {
  const hits = callers.filter((key) => chosen(key, percent) === 'v2').length;
  const p = percent / 100;
  expect(Math.abs(hits - 20_000 * p)).toBeLessThan(5 * Math.sqrt(20_000 * p * (1 - p)));
});

test('whole cells of callers go to the candidate, and a part of at most one', () => {
  const share = 0.055;
  const parts = Array.from({ length: CALLER_CELLS }, (_, cell) => partsOfCell('e/live', 'v2', share, cell).candidate);
  expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(100 * share, 9);
  expect(parts.filter((part) => part > 0 && part < 1)).toHaveLength(1);
  for (const key of callers) {
    const part = parts[cellOf('e/live', key, CALLER_CELLS)];
    expect(part > 0 && part < 1 ? ['v1', 'v2'] : [part === 1 ? 'v2' : 'v1']).toContain(chosen(key, 100 * share));
  }
});

test('successive candidates begin with other callers, and other routers decide alike', () => {
  const both = callers.filter((key) => chosen(key, 10, 'v2') === 'v2' && chosen(key, 10, 'v3') === 'v3').length;
  expect(both / callers.length).toBeLessThan(0.05);
  jest.isolateModules(() => {
    const other = (jest.requireActual('../../../lib/core/routing/assign-by-cell') as { assignByCell: typeof assignByCell }).assignByCell;
    expect(callers.slice(0, 500).map((key) => other('e/live', key, pair(37)).version)).toEqual(callers.slice(0, 500).map((key) => chosen(key, 37)));
  });
});

test('a control of production has other callers than the candidate, whole cells too, and keeps them as the share grows', () => {
  const served = (key: string, percent: number): string =>
    assignByCell('e/live', key, { production: { version: 'v1', weight: 100 - 2 * percent }, candidate: { version: 'v2', weight: percent }, control: { version: 'v1control', weight: percent } }).version;
  for (const key of callers.slice(0, 2_000)) {
    const [five, twenty] = [served(key, 5), served(key, 20)];
    expect(five === 'v1' ? ['v1', 'v2', 'v1control'] : [five]).toContain(twenty);
    const { candidate, control } = partsOfCell('e/live', 'v2', 0.2, cellOf('e/live', key, CALLER_CELLS));
    const expected = [...(candidate === 1 ? ['v2'] : []), ...(control === 1 ? ['v1control'] : []), 'v1'];
    expect(twenty).toBe(expected[0]);
  }
});
