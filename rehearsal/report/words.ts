import { duration } from '../../lib/core/rollout/decide';
import type { Proportion } from '../statistics';
import type { Summary } from '../summary';

/** `3 %`, and with its interval `3 % (1-6)`. */
export function percent(part: number): string {
  return `${Number((100 * part).toFixed(part < 0.1 ? 1 : 0))} %`;
}

export function interval({ estimate, low, high }: Proportion): string {
  const number = (part: number): string => String(Number((100 * part).toFixed(part < 0.1 ? 1 : 0)));
  return `${percent(estimate)} (${number(low)}-${number(high)})`;
}

export function time(seconds: number): string {
  return duration(Math.round(seconds));
}

export function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) < 100 ? 1 : 0 });
}

export function verdicts({ verdicts: counts, runs }: Summary): string {
  return Object.entries(counts).sort(([, a], [, b]) => b - a).map(([verdict, times]) => `${verdict} ${percent(times / runs)}`).join(', ');
}
