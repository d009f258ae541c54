import { measured, schemaDifference, type ComparisonOutcome } from './outcome';

/** JSON knows neither NaN nor infinity, but a literal such as 1e999 is read as infinity. */
export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** Whether a difference of two numbers is allowed; symmetric, and equal numbers always agree. */
export function within(a: number, b: number, absolute: number, relative: number): boolean {
  return a === b || Math.abs(a - b) <= Math.max(absolute, relative * Math.max(Math.abs(a), Math.abs(b)));
}

export function compareNumbers(a: unknown, b: unknown, { absolute, relative }: { readonly absolute: number; readonly relative: number }): ComparisonOutcome {
  return isNumber(a) && isNumber(b)
    // The difference of two finite numbers need not be finite.
    ? measured(Math.min(Math.abs(a - b), Number.MAX_VALUE), within(a, b, absolute, relative))
    : schemaDifference('one of the values is no finite number');
}
