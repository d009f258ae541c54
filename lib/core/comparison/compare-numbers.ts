import { measured, schemaDifference, type ComparisonOutcome } from './outcome';

/** A number that arithmetic can be done with; of integers also those that only a bigint holds. */
export function isNumber(value: unknown): value is number | bigint {
  return (typeof value === 'number' || typeof value === 'bigint') && Number.isFinite(Number(value));
}

function isInteger(value: number | bigint): boolean {
  return typeof value === 'bigint' || Number.isInteger(value);
}

/** How far two numbers are apart, exact for integers. */
function distance(a: number | bigint, b: number | bigint): number {
  if (typeof a === typeof b || !isInteger(a) || !isInteger(b)) {
    return typeof a === 'bigint' && typeof b === 'bigint' ? Number(a > b ? a - b : b - a) : Math.abs(Number(a) - Number(b));
  }
  return distance(BigInt(a), BigInt(b));
}

/** Whether a difference of two numbers is allowed; symmetric, and equal numbers always agree. */
export function within(a: number | bigint, b: number | bigint, absolute: number, relative: number): boolean {
  return a === b || distance(a, b) <= Math.max(absolute, relative * Math.max(Math.abs(Number(a)), Math.abs(Number(b))));
}

export function compareNumbers(
  a: unknown,
  b: unknown,
  { absolute, relative }: { readonly absolute: number; readonly relative: number },
): ComparisonOutcome {
  return isNumber(a) && isNumber(b)
    ? // The difference of two finite numbers need not be finite.
      measured(Math.min(distance(a, b), Number.MAX_VALUE), within(a, b, absolute, relative))
    : schemaDifference('one of the values is not a finite number');
}
