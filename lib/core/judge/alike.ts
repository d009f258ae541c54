/** Whether two values of plain data say the same, whatever the order of their keys; a member that is undefined is none, NaN is itself. */
export function isAlike(one: unknown, other: unknown): boolean {
  if (one === other || (Number.isNaN(one) && Number.isNaN(other))) {
    return true;
  }
  if (!isData(one) || !isData(other) || Array.isArray(one) !== Array.isArray(other)) {
    return false;
  }
  for (const key in one) {
    if (!isAlike(one[key], other[key])) {
      return false;
    }
  }
  for (const key in other) {
    if (one[key] === undefined && other[key] !== undefined) {
      return false;
    }
  }
  return true;
}

interface Data {
  readonly [key: string]: unknown;
}

function isData(value: unknown): value is Data {
  return value !== null && typeof value === 'object';
}
