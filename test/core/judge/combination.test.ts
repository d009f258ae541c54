import fc from 'fast-check';
import { combinedLogEvidence, strongest } from '../../../lib/core/judge/combination';

const part = fc.record({
  logEvidence: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  share: fc.double({ min: 0.01, max: 100, noNaN: true }),
});

describe('combination', () => {
  test('is the weighted mean of the e-values, whatever the scale of the shares', () => {
    const parts = [{ logEvidence: Math.log(300), share: 3 }, { logEvidence: Math.log(4), share: 1 }];
    expect(Math.exp(combinedLogEvidence(parts))).toBeCloseTo(226, 9);
    expect(combinedLogEvidence(parts.map(({ logEvidence, share }) => ({ logEvidence, share: 100 * share })))).toBeCloseTo(
      combinedLogEvidence(parts),
      12,
    );
    expect(combinedLogEvidence([])).toBe(0);
    expect(strongest([])).toBe(-1);
  });

  test('is never later than Bonferroni, never more than the largest, grows with each and ignores their order', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), fc.double({ min: 0.01, max: 100, noNaN: true }), (parts, more) => {
        const combined = combinedLogEvidence(parts);
        const total = parts.reduce((sum, { share }) => sum + share, 0);
        parts.forEach(({ logEvidence, share }, i) => {
          expect(combined).toBeGreaterThanOrEqual(Math.log(share / total) + logEvidence - 1e-6);
          const grown = parts.map((other, j) => (i === j ? { ...other, logEvidence: logEvidence + more } : other));
          expect(combinedLogEvidence(grown)).toBeGreaterThanOrEqual(combined - 1e-9);
        });
        expect(combined).toBeLessThanOrEqual(Math.max(...parts.map(({ logEvidence }) => logEvidence)) + 1e-6);
        expect(combinedLogEvidence([...parts].reverse())).toBeCloseTo(combined, 6);
        const { share, logEvidence } = parts[strongest(parts)];
        parts.forEach((other) => expect(Math.log(share) + logEvidence).toBeGreaterThanOrEqual(Math.log(other.share) + other.logEvidence));
      }),
      { seed: 9 },
    );
  });
});
