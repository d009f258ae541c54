/** A seeded source of random numbers, so that every run of a simulation is the same run. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  normal(): number;
  poisson(mean: number): number;
  binomial(n: number, p: number): number;
  /** Gamma with unit scale. */
  gamma(shape: number): number;
  beta(a: number, b: number): number;
}

/** sfc32 (Doty-Humphrey) seeded through splitmix32. */
export function randomOf(seed: number): Random {
  let state = seed | 0;
  const splitmix = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let z = state ^ (state >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return z ^ (z >>> 15);
  };
  let [a, b, c, d] = [splitmix(), splitmix(), splitmix(), 1];
  const uniform = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  for (let i = 0; i < 12; i++) {
    uniform();
  }
  let spare: number | undefined;
  const normal = (): number => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    for (;;) {
      const u = 2 * uniform() - 1;
      const v = 2 * uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) {
        const factor = Math.sqrt(-2 * Math.log(s) / s);
        spare = v * factor;
        return u * factor;
      }
    }
  };
  const gamma = (shape: number): number => {
    if (shape < 1) {
      return gamma(shape + 1) * (1 - uniform()) ** (1 / shape);
    }
    // Marsaglia and Tsang.
    const dd = shape - 1 / 3;
    const cc = 1 / Math.sqrt(9 * dd);
    for (;;) {
      const x = normal();
      const v = (1 + cc * x) ** 3;
      if (v > 0 && Math.log(1 - uniform()) < 0.5 * x * x + dd - dd * v + dd * Math.log(v)) {
        return dd * v;
      }
    }
  };
  const beta = (p: number, q: number): number => {
    const x = gamma(p);
    return x / (x + gamma(q));
  };
  // Both recurse on an order statistic until little is left (Ahrens and Dieter): exact at any size.
  const poisson = (mean: number): number => {
    let left = mean;
    let count = 0;
    while (left > 16) {
      const m = Math.floor(left * 7 / 8);
      const x = gamma(m);
      if (x >= left) {
        return count + binomial(m - 1, left / x);
      }
      count += m;
      left -= x;
    }
    const limit = Math.exp(-left);
    for (let product = uniform(); product > limit; product *= uniform()) {
      count++;
    }
    return count;
  };
  const binomial = (n: number, p: number): number => {
    let [trials, chance, successes] = [n, p, 0];
    if (chance <= 0 || trials <= 0) {
      return 0;
    }
    if (chance >= 1) {
      return trials;
    }
    while (trials > 24 && trials * Math.min(chance, 1 - chance) > 8) {
      const i = 1 + Math.floor(trials * chance);
      const x = beta(i, trials + 1 - i);
      if (x <= chance) {
        successes += i;
        trials -= i;
        chance = (chance - x) / (1 - x);
      } else {
        trials = i - 1;
        chance /= x;
      }
    }
    return successes + smallBinomial(trials, chance, uniform);
  };
  return { uniform, normal, poisson, binomial, gamma, beta };
}

/** By waiting times between successes: cheap where few are expected. */
function smallBinomial(n: number, p: number, uniform: () => number): number {
  if (p > 0.5) {
    return n - smallBinomial(n, 1 - p, uniform);
  }
  if (p <= 0) {
    return 0;
  }
  const log = Math.log1p(-p);
  let successes = 0;
  for (let trial = 1 + Math.floor(Math.log(1 - uniform()) / log); trial <= n; trial += 1 + Math.floor(Math.log(1 - uniform()) / log)) {
    successes++;
  }
  return successes;
}
