import { InvalidArgumentError } from 'commander';

/** What a number of an option may be. */
export interface NumberRange {
  readonly whole?: boolean;
  readonly min?: number;
  /** Excluded, in the place of `min`. */
  readonly above?: number;
  readonly max?: number;
}

/** A parser of options that are numbers: says what they may be where they are not. */
export function numberIn(range: NumberRange = {}): (text: string) => number {
  const { whole = false, min = -Number.MAX_VALUE, above = -Infinity, max = whole ? Number.MAX_SAFE_INTEGER : Number.MAX_VALUE } = range;
  return (text) => {
    const value = Number(text);
    const isNumber = whole ? /^-?\d+$/.test(text) : text.trim() !== '' && Number.isFinite(value);
    if (!isNumber || value < min || value <= above || value > max) {
      throw new InvalidArgumentError(`it must be ${describe(range)}.`);
    }
    return value;
  };
}

/** Counts, and whatever else is counted from one. */
export const wholeNumber = numberIn({ whole: true, min: 1 });

function describe({ whole, min, above, max }: NumberRange): string {
  return [
    whole === true ? 'a whole number' : 'a number',
    ...(min === undefined ? [] : [`from ${min}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(max === undefined ? [] : [`to ${max}`]),
  ].join(' ');
}
