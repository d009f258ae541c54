import { randomOf } from '../../../rehearsal/engine/random';
import { DriftEvidence, driftSize } from '../../../lib/core/judge/drift';

const spread = (total: number, shares: readonly number[]): number[] => shares.map((share) => Math.round(total * share));
const even = [0.25, 0.25, 0.25, 0.25];

describe('drift', () => {
  test('is found in either direction and not where there is none', () => {
    for (const [shares, found] of [[even, false], [[0.4, 0.25, 0.25, 0.1], true], [[0.25, 0.25, 0.25, 0.25], false]] as const) {
      const evidence = new DriftEvidence(4, 1.1, 1);
      for (let t = 0; t < 20; t++) {
        evidence.add(spread(100, shares), spread(1900, even));
      }
      expect(evidence.logEvidence() > Math.log(100)).toBe(found);
    }
  });

  test('of a minute without predictions on one side is nothing', () => {
    const evidence = new DriftEvidence(4, 1.1, 1);
    evidence.add([0, 0, 0, 0], spread(1000, even));
    evidence.add(spread(1000, even), [0, 0, 0, 0]);
    expect(evidence.logEvidence()).toBeCloseTo(0, 12);
  });

  test('has the size that noise alone is expected to show, where there is none', () => {
    const random = randomOf(8);
    let total = 0;
    const runs = 400;
    const draw = (n: number): number[] => {
      const counts = new Array<number>(10).fill(0);
      for (let i = 0; i < n; i++) {
        counts[Math.floor(10 * random.uniform())]++;
      }
      return counts;
    };
    for (let run = 0; run < runs; run++) {
      const size = driftSize(draw(500), draw(5000))!;
      total += size.stabilityIndex / size.noiseFloor / runs;
    }
    expect(total).toBeGreaterThan(0.93);
    expect(total).toBeLessThan(1.07);
  });

  test('size is finite with empty bins, zero for equal shares, undefined without predictions', () => {
    const { stabilityIndex, jensenShannon } = driftSize([1000, 0], [0, 1000])!;
    expect(Number.isFinite(stabilityIndex)).toBe(true);
    expect(jensenShannon).toBeCloseTo(Math.LN2, 2);
    expect(driftSize([50, 50], [50, 50])).toMatchObject({ stabilityIndex: 0, jensenShannon: 0 });
    expect(driftSize([0, 0], [5, 5])).toBeUndefined();
  });
});
