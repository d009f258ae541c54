import { logNormalCdf } from '../../../lib/core/judge/special-functions';
import type { Slower } from './world';

/** 99 % quantile of the standard normal distribution. */
const Z99 = 2.3263478740408408;

export function logNormal(medianMs: number, p99Ms: number): Slower {
  const scale = Math.log(p99Ms / medianMs) / Z99;
  const location = Math.log(medianMs);
  return (ms) => (ms <= 0 ? 1 : Math.exp(logNormalCdf((location - Math.log(ms)) / scale)));
}

export function slowedBy(factor: number, slower: Slower): Slower {
  return (ms) => slower(ms / factor);
}

export function mixed(...parts: readonly (readonly [share: number, slower: Slower])[]): Slower {
  return (ms) => parts.reduce((sum, [share, slower]) => sum + share * slower(ms), 0);
}

export function pareto(leastMs: number, exponent: number): Slower {
  return (ms) => (ms <= leastMs ? 1 : (leastMs / ms) ** exponent);
}

/** A model that takes 80 ms, and one time in a hundred 250. */
export const USUAL = logNormal(80, 250);
