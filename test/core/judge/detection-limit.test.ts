import fc from 'fast-check';
import { detectionLimit } from '../../../lib/core/judge/detection-limit';
import { logGamma } from '../../../lib/core/judge/special-functions';

test.each([[0.6, 5], [0.6, 12], [0.7, 3], [0.9, 1]])('is reached exactly by the sequential probability ratio test that does not overshoot: %d against its opposite, %d steps either way', (p, steps) => {
  // A walk that ends `steps` up or down: ruin probabilities and mean duration are exact.
  const detected = 1 / (1 + ((1 - p) / p) ** steps);
  const requests = (steps * (2 * detected - 1)) / (2 * p - 1);
  expect(detectionLimit({ candidateRate: p, productionRate: 1 - p, alpha: 1 - detected, requests })).toBeCloseTo(detected, 9);
});

test('is above the most powerful test of a fixed number of requests, computed exactly', () => {
  const binomial = (n: number, k: number, p: number): number =>
    Math.exp(logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1) + k * Math.log(p) + (n - k) * Math.log1p(-p));
  for (const [candidateRate, productionRate, requests] of [[0.03, 0.01, 300], [0.015, 0.01, 2_000], [0.5, 0.3, 25], [0.02, 0.01, 50]]) {
    for (let least = 1; least < 12; least++) {
      const atLeast = (p: number): number =>
        1 - Array.from({ length: least }, (_, k) => binomial(requests, k, p)).reduce((sum, mass) => sum + mass, 0);
      const limit = detectionLimit({ candidateRate, productionRate, alpha: atLeast(productionRate), requests });
      expect(limit).toBeGreaterThanOrEqual(atLeast(candidateRate) - 1e-9);
    }
  }
});

test('needs the requests of the reference for a power of one: ln(1/alpha) / KL', () => {
  const task = { candidateRate: 0.03, productionRate: 0.01, alpha: 0.01 };
  const divergence = 0.03 * Math.log(3) + 0.97 * Math.log(0.97 / 0.99);
  expect(detectionLimit({ ...task, requests: (Math.log(100) / divergence) * 0.999 })).toBeLessThan(1);
  expect(detectionLimit({ ...task, requests: (Math.log(100) / divergence) * 1.001 })).toBe(1);
});

test('lies between alpha and 1, grows with requests and with the regression, and is alpha where there is nothing to find', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-4, max: 0.5, noNaN: true }),
      fc.double({ min: 1, max: 2, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 0, max: 100_000 }),
      (productionRate, ratio, alpha, requests) => {
        const task = { candidateRate: ratio * productionRate, productionRate, alpha, requests };
        const limit = detectionLimit(task);
        expect(limit).toBeGreaterThanOrEqual(alpha);
        expect(limit).toBeLessThanOrEqual(1);
        expect(detectionLimit({ ...task, requests: 2 * requests })).toBeGreaterThanOrEqual(limit - 1e-12);
        expect(detectionLimit({ ...task, candidateRate: productionRate })).toBe(alpha);
      },
    ),
  );
  expect(detectionLimit({ candidateRate: 0.1, productionRate: 0, alpha: 0.01, requests: 1 })).toBe(1);
});
