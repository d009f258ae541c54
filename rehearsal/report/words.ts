import { duration } from '../../lib/core/text';
import type { Proportion } from '../statistics';
import type { Summary } from '../results/summary';

/** `34 %`, `0.5 %`, `99.5 %`. */
export function percent(part: number): string {
  return `${points(part)} %`;
}

/** `3.5 % (1.2-6.7)`: with its interval. */
export function interval({ estimate, low, high }: Proportion): string {
  return `${percent(estimate)} (${points(low)}-${points(high)})`;
}

function points(part: number): string {
  return String(Number((100 * part).toFixed(part < 0.1 || part > 0.9 ? 1 : 0)));
}

export function time(seconds: number): string {
  return duration(Math.round(seconds));
}

/** `$0.12`, with two digits that tell something. */
export function money(dollars: number): string {
  return `$${dollars === 0 || dollars >= 1 ? dollars.toFixed(2) : Number(dollars.toPrecision(2)).toString()}`;
}

/** What a rollout costs, and with what serves its candidate. */
export function costs({ cost }: Pick<Summary, 'cost'>): string {
  if (cost === undefined) {
    return '';
  }
  if (cost.candidate === undefined) {
    return money(cost.rollout);
  }
  return `${money(cost.rollout)} + ${money(cost.candidate)}`;
}

export function count(value: number): string {
  const digits = Math.abs(value) < 100 ? 1 : 0;
  // Adding zero makes of a rounded -0 a 0.
  return (Number(value.toFixed(digits)) + 0).toLocaleString('en-US');
}

export function verdicts({ verdicts: counts, runs }: Pick<Summary, 'verdicts' | 'runs'>): string {
  return Object.entries(counts).sort(([, a], [, b]) => b - a).map(([verdict, times]) => `${verdict} ${percent(times / runs)}`).join(', ');
}
