import fc from 'fast-check';
import { assign, type Weighted } from '../../../lib/core/routing/assign';
import { uniform } from '../../../lib/core/sampling';

const version = fc.string({ minLength: 1, maxLength: 12 });
const weight = fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e6, noNaN: true }));
const variants = fc.uniqueArray(fc.record({ version, weight }), { minLength: 1, maxLength: 6, selector: (v) => v.version });
const key = fc.string({ maxLength: 40 });

/** Pearson's statistic of observed counts against expected shares. */
function chiSquare(counts: number[], shares: number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce((sum, count, i) => sum + (count - total * shares[i]) ** 2 / (total * shares[i]), 0);
}

describe('assign', () => {
  test('shares are proportional to any weights, within statistical error', () => {
    const share = fc.array(fc.double({ min: 0.02, max: 50, noNaN: true }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(share, fc.string({ minLength: 1, maxLength: 8 }), (weights, scope) => {
        const list = weights.map((w, i) => ({ version: `v${i}`, weight: w }));
        const total = weights.reduce((sum, w) => sum + w, 0);
        const counts = weights.map(() => 0);
        for (let i = 0; i < 4000; i++) {
          counts[list.indexOf(assign(scope, `caller-${i}`, list)!)]++;
        }
        // Five standard deviations a variant: about 1 false alarm in 10,000 of these runs.
        weights.forEach((w, i) => {
          const p = w / total;
          expect(Math.abs(counts[i] - 4000 * p)).toBeLessThan(5 * Math.sqrt(4000 * p * (1 - p)) + 1);
        });
      }),
      { numRuns: 30, seed: 7 },
    );
  });

  test('a tenth of a percent is a tenth of a percent', () => {
    const list = [{ version: 'old', weight: 99.9 }, { version: 'new', weight: 0.1 }];
    let hits = 0;
    for (let i = 0; i < 200_000; i++) {
      hits += assign('e/live', `k${i}`, list)!.version === 'new' ? 1 : 0;
    }
    expect(Math.abs(hits - 200)).toBeLessThan(5 * Math.sqrt(200));
  });

  test('the same key gets the same version, in whatever order the variants stand and whatever the scale of the weights', () => {
    fc.assert(
      fc.property(variants, key, fc.integer({ min: -20, max: 20 }), (list, k, exponent) => {
        const chosen = assign('e/live', k, list)?.version;
        expect(assign('e/live', k, [...list].reverse())?.version).toBe(chosen);
        // A power of two scales without rounding.
        expect(assign('e/live', k, list.map((v) => ({ ...v, weight: v.weight * 2 ** exponent })))?.version).toBe(chosen);
      }),
    );
  });

  test('over every sequence of weights a caller moves only from a variant that fell to one that rose', () => {
    const step = fc.record({ index: fc.nat(5), weight });
    fc.assert(
      fc.property(variants, fc.array(step, { minLength: 1, maxLength: 12 }), key, (start, steps, k) => {
        let list: Weighted[] = start;
        for (const { index, weight: next } of steps) {
          const at = index % list.length;
          const previous = list[at].weight;
          const before = assign('e/live', k, list)?.version;
          list = list.map((v, i) => (i === at ? { ...v, weight: next } : v));
          const after = assign('e/live', k, list)?.version;
          if (before !== after) {
            if (next > previous) {
              expect(after).toBe(list[at].version);
            } else {
              expect(before).toBe(list[at].version);
            }
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test('raising a candidate from 0 to 100 percent never moves a caller back', () => {
    for (let i = 0; i < 500; i++) {
      let moved = false;
      for (const percent of [0, 0.1, 1, 5, 25, 50, 95, 100]) {
        const chosen = assign('e/live', `caller-${i}`, [
          { version: 'old', weight: 100 - percent },
          { version: 'new', weight: percent },
        ])!.version;
        expect(moved && chosen === 'old').toBe(false);
        moved = chosen === 'new';
      }
      expect(moved).toBe(true);
    }
  });

  test('aliases, and successive candidates, are independent of each other', () => {
    const joint = [0, 0, 0, 0];
    const successive = [0, 0, 0, 0];
    for (let i = 0; i < 20_000; i++) {
      const on = (scope: string, candidate: string): number =>
        assign(scope, `k${i}`, [{ version: 'old', weight: 1 }, { version: candidate, weight: 1 }])!.version === 'old' ? 0 : 1;
      joint[2 * on('e/live', 'new') + on('e/beta', 'new')]++;
    }
    for (let i = 0; i < 20_000; i++) {
      const high = (salt: string): number => (uniform('e/live', `k${i}`, salt) > 0.5 ? 1 : 0);
      successive[2 * high('v2') + high('v3')]++;
    }
    // 16.27 is the 99.9th percentile with three degrees of freedom.
    expect(chiSquare(joint, [0.25, 0.25, 0.25, 0.25])).toBeLessThan(16.27);
    expect(chiSquare(successive, [0.25, 0.25, 0.25, 0.25])).toBeLessThan(16.27);
  });

  test('a variant without weight is never chosen, and without any weight nothing is', () => {
    fc.assert(
      fc.property(variants, key, (list, k) => {
        const chosen = assign('e/live', k, list);
        expect(chosen === undefined).toBe(list.every((v) => v.weight === 0));
        expect(chosen?.weight).not.toBe(0);
      }),
    );
  });

  test('the hashed number is always inside (0, 1) and keeps scope and key apart', () => {
    fc.assert(
      fc.property(key, key, version, (scope, k, salt) => {
        const u = uniform(scope, k, salt);
        expect(u).toBeGreaterThan(0);
        expect(u).toBeLessThan(1);
      }),
    );
    expect(uniform('a', 'bc', 'v')).not.toBe(uniform('ab', 'c', 'v'));
  });
});
